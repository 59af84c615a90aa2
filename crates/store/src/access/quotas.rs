//! Limits of projects, in `weft.db`.

use sqlx::sqlite::SqliteConnection;
use weft_quotas::{Boxed, Limits, QuotaStore, StoreError};
use weft_types::ProjectName;

use super::{Edit, SqliteAccess};
use crate::error::Error;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    project: String,
    functions: Option<i64>,
    versions: Option<i64>,
    storage_bytes: Option<i64>,
    open_runs: Option<i64>,
    concurrent_calls: Option<i64>,
}

/// These limits for a project, in place of those before.
struct Change(ProjectName, Limits);

impl QuotaStore for SqliteAccess {
    fn load(&self) -> Boxed<'_, Result<Vec<(ProjectName, Limits)>, StoreError>> {
        Box::pin(async {
            let rows = sqlx::query_as("SELECT * FROM quota ORDER BY project");
            let rows: Vec<Row> = rows.fetch_all(&self.readers).await.map_err(Error::from)?;
            let limits = rows.into_iter().map(Row::into_limits);
            Ok(limits.collect::<Result<_, Error>>()?)
        })
    }

    fn set<'a>(&'a self, project: &'a ProjectName, limits: Limits) -> Boxed<'a, Result<(), StoreError>> {
        let changed = self.write(Change(project.clone(), limits));
        Box::pin(async { Ok(changed.await?) })
    }
}

impl Edit for Change {
    async fn make(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        set(connection, &self.0, &self.1).await
    }
}

async fn set(connection: &mut SqliteConnection, project: &ProjectName, limits: &Limits) -> Result<(), Error> {
    const UPSERT: &str = "INSERT OR REPLACE INTO quota
        (project, functions, versions, storage_bytes, open_runs, concurrent_calls) VALUES ($1, $2, $3, $4, $5, $6)";
    if *limits == Limits::default() {
        sqlx::query("DELETE FROM quota WHERE project = $1")
            .bind(project.as_str())
            .execute(connection)
            .await?;
        return Ok(());
    }
    // Larger ones are refused before; the column could not hold them.
    let column = |limit: Option<u64>| limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    sqlx::query(UPSERT)
        .bind(project.as_str())
        .bind(column(limits.functions))
        .bind(column(limits.versions))
        .bind(column(limits.storage_bytes))
        .bind(column(limits.open_runs))
        .bind(column(limits.concurrent_calls))
        .execute(connection)
        .await?;
    Ok(())
}

impl Row {
    fn into_limits(self) -> Result<(ProjectName, Limits), Error> {
        let corrupt = |column| Error::Corrupt(format!("a quota cannot be read: column `{column}`"));
        let limit = |column, value: Option<i64>| {
            let value = value.map(u64::try_from).transpose();
            value.map_err(|_| corrupt(column))
        };
        let limits = Limits {
            functions: limit("functions", self.functions)?,
            versions: limit("versions", self.versions)?,
            storage_bytes: limit("storage_bytes", self.storage_bytes)?,
            open_runs: limit("open_runs", self.open_runs)?,
            concurrent_calls: limit("concurrent_calls", self.concurrent_calls)?,
        };
        Ok((self.project.parse().map_err(|_| corrupt("project"))?, limits))
    }
}
