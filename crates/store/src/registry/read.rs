//! What is read at start.

use std::collections::HashMap;

use sqlx::sqlite::SqlitePool;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, ProjectName, VersionRecord};

use super::row::{FunctionRow, VersionRow};
use crate::error::Error;

/// A function with its versions in ascending order.
type Function = (FunctionRecord, Vec<VersionRecord>);

/// Every project, in the order of their names.
pub(super) async fn projects(readers: &SqlitePool) -> Result<Vec<ProjectName>, Error> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM project WHERE deleted_at IS NULL ORDER BY name")
            .fetch_all(readers)
            .await?;
    names
        .iter()
        .map(|name| {
            name.parse()
                .map_err(|error| Error::Corrupt(format!("a project cannot be read: {error}")))
        })
        .collect()
}

/// Every function with its versions, as of one moment.
pub(super) async fn functions(readers: &SqlitePool) -> Result<Vec<Function>, Error> {
    let mut moment = readers.begin().await?;
    let functions: Vec<FunctionRow> = sqlx::query_as("SELECT * FROM function ORDER BY project, name")
        .fetch_all(&mut *moment)
        .await?;
    let versions: Vec<VersionRow> =
        sqlx::query_as("SELECT * FROM version ORDER BY project, function, number")
            .fetch_all(&mut *moment)
            .await?;
    moment.rollback().await?;

    let mut by_function: HashMap<(ProjectName, FunctionName), Vec<VersionRecord>> = HashMap::new();
    for row in versions {
        let version = row.into_record()?;
        by_function
            .entry((version.project.clone(), version.function.clone()))
            .or_default()
            .push(version);
    }
    functions
        .into_iter()
        .map(|row| {
            let function = row.into_record()?;
            let key = (function.project.clone(), function.function.clone());
            let versions = by_function.remove(&key).unwrap_or_default();
            Ok((function, versions))
        })
        .collect()
}
