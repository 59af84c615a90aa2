//! Reading the journal back.

use jiff::Timestamp;
use sqlx::postgres::PgPool;
use weft_types::RunId;
use weft_workflow_engine::port::journal::Recovered;

use super::super::backend::number;
use super::super::read::{Raw, Row, decode};
use super::super::recover::{Found, run};
use super::super::trim::nanoseconds;
use crate::error::Error;

/// Rows that are looked at for one answer.
const LOOKED_AT: i64 = 1024;

/// The rows behind `after`, up to `up_to` and about `bytes` bytes.
///
/// The server counts the bytes: it would send all that was asked for, even where nobody reads on.
pub(super) async fn rows(readers: &PgPool, after: u64, up_to: u64, bytes: usize) -> Result<Vec<Row>, Error> {
    const ROWS: &str = "SELECT lsn, n, data
        FROM (SELECT *, sum(octet_length(data)) OVER (ORDER BY lsn) - octet_length(data) AS before
              FROM (SELECT lsn, n, data FROM journal WHERE lsn > $1 AND lsn <= $2 ORDER BY lsn LIMIT $3) AS next) AS sized
        WHERE before < $4
        ORDER BY lsn";
    let found: Vec<Raw> = sqlx::query_as(ROWS)
        .bind(number(after)?)
        .bind(number(up_to)?)
        .bind(LOOKED_AT)
        .bind(i64::try_from(bytes.max(1)).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await?;
    found.into_iter().map(|raw| decode("journal", raw)).collect()
}

/// Every open run and every key that has not expired at `now`.
pub(super) async fn recover(readers: &PgPool, now: Timestamp) -> Result<Recovered, Error> {
    const MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    const KEYS: &str = "SELECT * FROM key WHERE expires_at > $1";
    const KEPT: &str = "SELECT lsn, n, data FROM open_run ORDER BY lsn";
    const ROWS: &str = "SELECT lsn, n, data FROM journal ORDER BY lsn";
    let mut moment = readers.begin_with(MOMENT).await?;
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
pub(super) async fn kept(readers: &PgPool) -> Result<Vec<RunId>, Error> {
    let runs: Vec<Vec<u8>> = sqlx::query_scalar("SELECT DISTINCT run FROM open_run")
        .fetch_all(readers)
        .await?;
    runs.iter().map(|bytes| run(bytes)).collect()
}
