//! What is written, each within a transaction of its own.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use weft_function_engine::port::{Added, NewVersion, RegistryError};
use weft_types::moves::Moves;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, ProjectName, VersionNumber, VersionRecord};

use super::numbers;
use super::row::{FunctionRow, VersionRow, kind_text};
use crate::error::Error;

/// Outside, whether the database did as told; inside, whether the request could be granted.
pub(super) type Done<T> = Result<Result<T, RegistryError>, Error>;

/// Which version answers calls, and how it came to that.
pub(super) struct Change<'a> {
    pub(super) version: VersionNumber,
    pub(super) moves: &'a Moves,
    pub(super) at: Timestamp,
}

pub(super) async fn create_project(connection: &mut SqliteConnection, project: &ProjectName) -> Done<()> {
    sqlx::query("INSERT INTO project (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(project.as_str())
        .bind(Timestamp::now().to_string())
        .execute(&mut *connection)
        .await?;
    match project_exists(connection, project).await? {
        true => Ok(Ok(())),
        false => Ok(Err(RegistryError::ProjectGone(project.clone()))),
    }
}

pub(super) async fn delete_project(connection: &mut SqliteConnection, project: &ProjectName) -> Done<()> {
    if !project_exists(connection, project).await? {
        return Ok(Err(RegistryError::NoProject(project.clone())));
    }
    let used: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM function WHERE project = $1)")
        .bind(project.as_str())
        .fetch_one(&mut *connection)
        .await?;
    if used {
        return Ok(Err(RegistryError::ProjectInUse(project.clone())));
    }
    sqlx::query("UPDATE project SET deleted_at = $2 WHERE name = $1")
        .bind(project.as_str())
        .bind(Timestamp::now().to_string())
        .execute(&mut *connection)
        .await?;
    // The name of the project is not given again: nothing counts on in it.
    sqlx::query("DELETE FROM deleted_function WHERE project = $1")
        .bind(project.as_str())
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

pub(super) async fn add_version(connection: &mut SqliteConnection, new: NewVersion) -> Done<Added> {
    if !project_exists(connection, &new.project).await? {
        return Ok(Err(RegistryError::NoProject(new.project)));
    }
    let (version, existed) = match same_version(connection, &new).await? {
        Some(version) => (version, true),
        None => (insert_version(connection, &new).await?, false),
    };
    match &new.activate {
        Some(moves) => {
            let change = Change {
                version: version.version,
                moves,
                at: new.created_at,
            };
            set_active(connection, &new.project, &new.function, change).await?;
        }
        None if !existed => touch(connection, &new).await?,
        None => {}
    }
    match function(connection, &new.project, &new.function).await? {
        Some(function) => Ok(Ok(Added {
            function,
            version,
            existed,
        })),
        None => Ok(Err(RegistryError::NoFunction(new.project, new.function))),
    }
}

pub(super) async fn activate(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    change: Change<'_>,
) -> Done<FunctionRecord> {
    let version = change.version;
    let refused = RegistryError::NoVersion(project.clone(), name.clone(), version);
    if function(connection, project, name).await?.is_none() {
        return Ok(Err(RegistryError::NoFunction(project.clone(), name.clone())));
    }
    if !version_exists(connection, project, name, version).await? {
        return Ok(Err(refused));
    }
    set_active(connection, project, name, change).await?;
    Ok(function(connection, project, name).await?.ok_or(refused))
}

pub(super) async fn note_moves(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    moves: &Moves,
) -> Done<FunctionRecord> {
    sqlx::query("UPDATE function SET moves = $3 WHERE project = $1 AND name = $2")
        .bind(project.as_str())
        .bind(name.as_str())
        .bind(moves_text(moves)?)
        .execute(&mut *connection)
        .await?;
    let refused = RegistryError::NoFunction(project.clone(), name.clone());
    Ok(function(connection, project, name).await?.ok_or(refused))
}

fn moves_text(moves: &Moves) -> Result<String, Error> {
    serde_json::to_string(moves)
        .map_err(|error| Error::Corrupt(format!("moves cannot be written as JSON: {error}")))
}

/// One that is active is refused by the database when the transaction ends.
pub(super) async fn delete_versions(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    versions: &[VersionNumber],
) -> Done<()> {
    if function(connection, project, name).await?.is_none() {
        return Ok(Err(RegistryError::NoFunction(project.clone(), name.clone())));
    }
    let last = numbers::last(&mut *connection, project, name).await?;
    numbers::note(connection, project, name, last).await?;
    for version in versions {
        sqlx::query("DELETE FROM version WHERE project = $1 AND function = $2 AND number = $3")
            .bind(project.as_str())
            .bind(name.as_str())
            .bind(version.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Ok(()))
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
) -> Done<()> {
    let last = numbers::last(&mut *connection, project, name).await?;
    let gone = sqlx::query("DELETE FROM function WHERE project = $1 AND name = $2")
        .bind(project.as_str())
        .bind(name.as_str())
        .execute(&mut *connection)
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(Err(RegistryError::NoFunction(project.clone(), name.clone())));
    }
    numbers::keep(connection, project, name, last).await?;
    Ok(Ok(()))
}

async fn project_exists(connection: &mut SqliteConnection, project: &ProjectName) -> Result<bool, Error> {
    let found =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM project WHERE name = $1 AND deleted_at IS NULL)")
            .bind(project.as_str())
            .fetch_one(connection)
            .await?;
    Ok(found)
}

async fn version_exists(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    version: VersionNumber,
) -> Result<bool, Error> {
    const FIND: &str =
        "SELECT EXISTS (SELECT 1 FROM version WHERE project = $1 AND function = $2 AND number = $3)";
    let found = sqlx::query_scalar(FIND)
        .bind(project.as_str())
        .bind(name.as_str())
        .bind(version.0)
        .fetch_one(connection)
        .await?;
    Ok(found)
}

async fn function(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
) -> Result<Option<FunctionRecord>, Error> {
    let row: Option<FunctionRow> = sqlx::query_as("SELECT * FROM function WHERE project = $1 AND name = $2")
        .bind(project.as_str())
        .bind(name.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(FunctionRow::into_record).transpose()
}

/// The newest version with this code and these settings. Settings are compared as values: their text may come from
/// a version of this program that knew fewer of them.
async fn same_version(
    connection: &mut SqliteConnection,
    new: &NewVersion,
) -> Result<Option<VersionRecord>, Error> {
    const FIND: &str =
        "SELECT * FROM version WHERE project = $1 AND function = $2 AND digest = $3 ORDER BY number DESC";
    let rows: Vec<VersionRow> = sqlx::query_as(FIND)
        .bind(new.project.as_str())
        .bind(new.function.as_str())
        .bind(new.digest.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    for row in rows {
        let version = row.into_record()?;
        if version.settings == new.settings && version.workflow == new.workflow {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// Stores the version under the next number, with its function where that is new.
async fn insert_version(connection: &mut SqliteConnection, new: &NewVersion) -> Result<VersionRecord, Error> {
    let last = numbers::last(&mut *connection, &new.project, &new.function).await?;
    insert_function(connection, new, last).await?;
    let version = record(new, VersionNumber(last + 1));
    insert_row(connection, &version).await?;
    Ok(version)
}

/// Unless it is there. `last` is the largest number of those that had its name before.
async fn insert_function(
    connection: &mut SqliteConnection,
    new: &NewVersion,
    last: u32,
) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO function (project, name, creator, created_at, updated_at, numbered)
        VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT DO NOTHING";
    sqlx::query(INSERT)
        .bind(new.project.as_str())
        .bind(new.function.as_str())
        .bind(&new.creator)
        .bind(new.created_at.to_string())
        .bind(last)
        .execute(&mut *connection)
        .await?;
    numbers::forget(connection, &new.project, &new.function).await
}

async fn insert_row(connection: &mut SqliteConnection, version: &VersionRecord) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO version
        (project, function, number, kind, digest, size, inspection, workflow, settings, effect_free, creator, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let json =
        |error: serde_json::Error| Error::Corrupt(format!("a version cannot be written as JSON: {error}"));
    let size =
        i64::try_from(version.size).map_err(|_| Error::Corrupt(format!("{} bytes of code", version.size)))?;
    let workflow = version.workflow.as_ref().map(serde_json::to_string).transpose();
    sqlx::query(INSERT)
        .bind(version.project.as_str())
        .bind(version.function.as_str())
        .bind(version.version.0)
        .bind(kind_text(version.kind))
        .bind(version.digest.as_bytes().as_slice())
        .bind(size)
        .bind(serde_json::to_string(&version.inspection).map_err(json)?)
        .bind(workflow.map_err(json)?)
        .bind(serde_json::to_string(&version.settings).map_err(json)?)
        .bind(version.effect_free)
        .bind(&version.creator)
        .bind(version.created_at.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

fn record(new: &NewVersion, version: VersionNumber) -> VersionRecord {
    VersionRecord {
        project: new.project.clone(),
        function: new.function.clone(),
        version,
        kind: new.kind,
        digest: new.digest,
        size: new.size,
        inspection: new.inspection.clone(),
        workflow: new.workflow.clone(),
        settings: new.settings.clone(),
        effect_free: new.effect_free,
        creator: new.creator.clone(),
        created_at: new.created_at,
    }
}

async fn set_active(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    change: Change<'_>,
) -> Result<(), Error> {
    const SET: &str =
        "UPDATE function SET active = $3, updated_at = $4, moves = $5 WHERE project = $1 AND name = $2";
    sqlx::query(SET)
        .bind(project.as_str())
        .bind(name.as_str())
        .bind(change.version.0)
        .bind(change.at.to_string())
        .bind(moves_text(change.moves)?)
        .execute(connection)
        .await?;
    Ok(())
}

async fn touch(connection: &mut SqliteConnection, new: &NewVersion) -> Result<(), Error> {
    sqlx::query("UPDATE function SET updated_at = $3 WHERE project = $1 AND name = $2")
        .bind(new.project.as_str())
        .bind(new.function.as_str())
        .bind(new.created_at.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
