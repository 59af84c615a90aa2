//! Reading the journal back.

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use weft_types::RunId;
use weft_workflow_engine::port::journal::Recovered;

use super::super::backend::number;
use super::super::read::{Row, decode};
use super::super::recover::{Found, run};
use super::super::trim::nanoseconds;
use crate::error::Error;

/// The rows behind `after`, up to `up_to` and about `bytes` bytes.
pub(super) async fn rows(
    readers: &SqlitePool,
    after: u64,
    up_to: u64,
    bytes: usize,
) -> Result<Vec<Row>, Error> {
    const ROWS: &str = "SELECT lsn, n, data FROM journal WHERE lsn > $1 AND lsn <= $2 ORDER BY lsn";
    let mut found = sqlx::query_as(ROWS)
        .bind(number(after)?)
        .bind(number(up_to)?)
        .fetch(readers);
    let (mut rows, mut sum) = (Vec::new(), 0);
    while sum < bytes
        && let Some(raw) = found.try_next().await?
    {
        let row = decode("journal", raw)?;
        sum += row.bytes;
        rows.push(row);
    }
    Ok(rows)
}

/// Every open run and every key that has not expired at `now`.
pub(super) async fn recover(readers: &SqlitePool, now: Timestamp) -> Result<Recovered, Error> {
    const KEYS: &str = "SELECT * FROM key WHERE expires_at > $1";
    const KEPT: &str = "SELECT lsn, n, data FROM open_run ORDER BY lsn";
    const ROWS: &str = "SELECT lsn, n, data FROM journal ORDER BY lsn";
    let mut moment = readers.begin().await?;
    let mut found = Found::new(now);
    let keys = sqlx::query_as(KEYS).bind(nanoseconds(now));
    found.keys(keys.fetch_all(&mut *moment).await?)?;
    for (table, query) in [("open_run", KEPT), ("journal", ROWS)] {
        found
            .rows(table, sqlx::query_as(query).fetch(&mut *moment))
            .await?;
    }
    moment.rollback().await?;
    Ok(found.into_recovered())
}

/// The runs of which pieces were copied forward.
pub(super) async fn kept(readers: &SqlitePool) -> Result<Vec<RunId>, Error> {
    let runs: Vec<Vec<u8>> = sqlx::query_scalar("SELECT DISTINCT run FROM open_run")
        .fetch_all(readers)
        .await?;
    runs.iter().map(|bytes| run(bytes)).collect()
}
