//! The registry in `weft.db`.
//!
//! One task writes, a transaction per request: a request is never left half done because its caller went away. Version
//! numbers count from 1 within a function and are never given twice; a function that is created again after it was
//! deleted is another function, and counts on.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use weft_function_engine::port::{Added, Boxed, NewVersion, Registry, RegistryError};
use weft_types::moves::Moves;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, ProjectName, VersionNumber, VersionRecord};

use crate::error::Error;
use crate::sqlite::Writer;

mod numbers;
mod read;
mod row;
mod task;
mod write;

use task::Request;

/// Requests that wait for the writer at most; more wait outside.
const QUEUE: usize = 256;

/// The registry of one open store.
#[derive(Debug)]
pub struct SqliteRegistry {
    requests: mpsc::Sender<Request>,
    readers: SqlitePool,
}

impl SqliteRegistry {
    /// Starts the writer's task on the current tokio runtime.
    pub(crate) fn start(writer: Writer, readers: SqlitePool) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        tokio::spawn(task::run(writer, queue));
        Self { requests, readers }
    }

    /// Ends the task and closes every connection; what was asked before is done first.
    pub(crate) async fn close(&self) {
        let _ = self.ask(|answer| Request::Close { answer }).await;
        self.readers.close().await;
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, RegistryError>>) -> Request,
    ) -> Result<T, RegistryError> {
        let (sender, answer) = oneshot::channel();
        let closed = || RegistryError::from(Error::Closed);
        self.requests.send(request(sender)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

impl Registry for SqliteRegistry {
    fn projects(&self) -> Boxed<'_, Result<Vec<ProjectName>, RegistryError>> {
        Box::pin(async { Ok(read::projects(&self.readers).await?) })
    }

    fn create_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>> {
        let project = project.clone();
        Box::pin(self.ask(|answer| Request::CreateProject { project, answer }))
    }

    fn delete_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>> {
        let project = project.clone();
        Box::pin(self.ask(|answer| Request::DeleteProject { project, answer }))
    }

    fn load(&self) -> Boxed<'_, Result<Vec<(FunctionRecord, Vec<VersionRecord>)>, RegistryError>> {
        Box::pin(async { Ok(read::functions(&self.readers).await?) })
    }

    fn last_number<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<u32, RegistryError>> {
        Box::pin(async { Ok(numbers::last(&self.readers, project, function).await?) })
    }

    fn add_version(&self, new: NewVersion) -> Boxed<'_, Result<Added, RegistryError>> {
        Box::pin(self.ask(|answer| Request::AddVersion {
            new: Box::new(new),
            answer,
        }))
    }

    fn activate<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        version: VersionNumber,
        moves: Arc<Moves>,
        at: Timestamp,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>> {
        let (project, function) = (project.clone(), function.clone());
        Box::pin(self.ask(move |answer| Request::Activate {
            project,
            function,
            version,
            moves,
            at,
            answer,
        }))
    }

    fn note_moves<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        moves: Arc<Moves>,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>> {
        let (project, function) = (project.clone(), function.clone());
        Box::pin(self.ask(move |answer| Request::NoteMoves {
            project,
            function,
            moves,
            answer,
        }))
    }

    fn delete_versions<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        versions: &'a [VersionNumber],
    ) -> Boxed<'a, Result<(), RegistryError>> {
        let (project, function, versions) = (project.clone(), function.clone(), versions.to_vec());
        Box::pin(self.ask(move |answer| Request::DeleteVersions {
            project,
            function,
            versions,
            answer,
        }))
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<(), RegistryError>> {
        let (project, function) = (project.clone(), function.clone());
        Box::pin(self.ask(move |answer| Request::Delete {
            project,
            function,
            answer,
        }))
    }
}
