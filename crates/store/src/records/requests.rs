//! What is done to the records on request. Each is answered when it is on the disk.

use sqlx::QueryBuilder;
use sqlx::sqlite::SqlitePool;
use weft_types::{Digest, ProjectName, RunId};

use super::columns::{self, FIRST_CLOSED};
use super::retention;
use crate::sqlite::{Error, Writer};

/// For one transaction, and taking effect when it is prepared.
const SYNCED: &str = "PRAGMA synchronous = FULL; ";
const UNSYNCED: &str = "PRAGMA synchronous = NORMAL";

/// Removes a closed run. Answers whether it was there.
pub(super) async fn delete(
    writer: &mut Writer,
    readers: &SqlitePool,
    project: &ProjectName,
    run: RunId,
) -> Result<bool, Error> {
    const FIND: &str = "SELECT id FROM run WHERE run = $1 AND project = $2 AND status >= $3";
    let found: Option<i64> = sqlx::query_scalar(FIND)
        .bind(columns::run(run))
        .bind(project.as_str())
        .bind(FIRST_CLOSED)
        .fetch_optional(readers)
        .await?;
    let Some(id) = found else {
        return Ok(false);
    };
    let mut steps = QueryBuilder::new(SYNCED);
    steps.push("BEGIN IMMEDIATE; ");
    retention::push_removal(&mut steps, (id, id));
    steps.push("COMMIT; ").push(UNSYNCED);
    writer.execute_whole(steps.build().persistent(false), 0).await?;
    Ok(true)
}

/// Keeps the outline of a plan, unless it is kept already.
pub(super) async fn put_outline(writer: &mut Writer, digest: Digest, json: String) -> Result<(), Error> {
    let bytes = json.len() as u64;
    let mut steps = QueryBuilder::new(SYNCED);
    steps
        .push("INSERT OR IGNORE INTO outline (digest, json) VALUES (")
        .push_bind(digest.as_bytes().to_vec())
        .push(", ")
        .push_bind(json)
        .push("); ")
        .push(UNSYNCED);
    writer
        .execute_whole(steps.build().persistent(false), bytes)
        .await?;
    Ok(())
}
