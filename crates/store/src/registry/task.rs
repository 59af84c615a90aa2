//! The task that writes.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use weft_function_engine::port::{Added, NewVersion, RegistryError};
use weft_types::moves::Moves;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, ProjectName, VersionNumber};

use super::write;
use crate::sqlite::Writer;

type Answer<T> = oneshot::Sender<Result<T, RegistryError>>;

/// One write, and where its outcome goes.
#[derive(Debug)]
pub(super) enum Request {
    CreateProject {
        project: ProjectName,
        answer: Answer<()>,
    },
    DeleteProject {
        project: ProjectName,
        answer: Answer<()>,
    },
    AddVersion {
        new: Box<NewVersion>,
        answer: Answer<Added>,
    },
    Activate {
        project: ProjectName,
        function: FunctionName,
        version: VersionNumber,
        moves: Arc<Moves>,
        at: Timestamp,
        answer: Answer<FunctionRecord>,
    },
    NoteMoves {
        project: ProjectName,
        function: FunctionName,
        moves: Arc<Moves>,
        answer: Answer<FunctionRecord>,
    },
    DeleteVersions {
        project: ProjectName,
        function: FunctionName,
        versions: Vec<VersionNumber>,
        answer: Answer<()>,
    },
    Delete {
        project: ProjectName,
        function: FunctionName,
        answer: Answer<()>,
    },
    Close {
        answer: Answer<()>,
    },
}

/// Serves requests one by one until closed or left alone.
pub(super) async fn run(mut writer: Writer, mut queue: mpsc::Receiver<Request>) {
    while let Some(request) = queue.recv().await {
        if let Request::Close { answer } = request {
            writer.close().await;
            let _ = answer.send(Ok(()));
            return;
        }
        serve(&mut writer, request).await;
        writer.checkpoint().await;
    }
    writer.close().await;
}

/// An asker that went away does not undo what it asked for.
async fn serve(writer: &mut Writer, request: Request) {
    match request {
        Request::CreateProject { project, answer } => {
            let _ = answer.send(create_project(writer, &project).await);
        }
        Request::DeleteProject { project, answer } => {
            let _ = answer.send(delete_project(writer, &project).await);
        }
        Request::AddVersion { new, answer } => {
            let _ = answer.send(add_version(writer, *new).await);
        }
        Request::Activate {
            project,
            function,
            version,
            moves,
            at,
            answer,
        } => {
            let change = write::Change {
                version,
                moves: &moves,
                at,
            };
            let _ = answer.send(activate(writer, &project, &function, change).await);
        }
        Request::NoteMoves {
            project,
            function,
            moves,
            answer,
        } => {
            let _ = answer.send(note_moves(writer, &project, &function, &moves).await);
        }
        Request::DeleteVersions {
            project,
            function,
            versions,
            answer,
        } => {
            let _ = answer.send(delete_versions(writer, &project, &function, &versions).await);
        }
        Request::Delete {
            project,
            function,
            answer,
        } => {
            let _ = answer.send(delete(writer, &project, &function).await);
        }
        Request::Close { answer } => {
            let _ = answer.send(Ok(()));
        }
    }
}

async fn create_project(writer: &mut Writer, project: &ProjectName) -> Result<(), RegistryError> {
    let done = write::create_project(writer.begin().await?, project).await;
    end(writer, done).await
}

async fn delete_project(writer: &mut Writer, project: &ProjectName) -> Result<(), RegistryError> {
    let done = write::delete_project(writer.begin().await?, project).await;
    end(writer, done).await
}

async fn add_version(writer: &mut Writer, new: NewVersion) -> Result<Added, RegistryError> {
    let done = write::add_version(writer.begin().await?, new).await;
    end(writer, done).await
}

async fn activate(
    writer: &mut Writer,
    project: &ProjectName,
    function: &FunctionName,
    change: write::Change<'_>,
) -> Result<FunctionRecord, RegistryError> {
    let done = write::activate(writer.begin().await?, project, function, change).await;
    end(writer, done).await
}

async fn note_moves(
    writer: &mut Writer,
    project: &ProjectName,
    function: &FunctionName,
    moves: &Moves,
) -> Result<FunctionRecord, RegistryError> {
    let done = write::note_moves(writer.begin().await?, project, function, moves).await;
    end(writer, done).await
}

async fn delete_versions(
    writer: &mut Writer,
    project: &ProjectName,
    function: &FunctionName,
    versions: &[VersionNumber],
) -> Result<(), RegistryError> {
    let done = write::delete_versions(writer.begin().await?, project, function, versions).await;
    end(writer, done).await
}

async fn delete(
    writer: &mut Writer,
    project: &ProjectName,
    function: &FunctionName,
) -> Result<(), RegistryError> {
    let done = write::delete(writer.begin().await?, project, function).await;
    end(writer, done).await
}

/// Commits what was done, rolls back what was refused, gives up what failed.
async fn end<T>(writer: &mut Writer, done: write::Done<T>) -> Result<T, RegistryError> {
    match done {
        Ok(Ok(outcome)) => {
            writer.commit(0).await?;
            Ok(outcome)
        }
        Ok(Err(refusal)) => {
            writer.roll_back().await;
            Err(refusal)
        }
        Err(error) => Err(writer.abandon(error).await.into()),
    }
}
