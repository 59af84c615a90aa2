//! Reading rows back.

use bytes::Bytes;
use futures_util::TryStreamExt;
use sqlx::sqlite::SqlitePool;
use weft_workflow_engine::port::journal::Entry;

use super::row;
use super::thread::number;
use crate::sqlite::Error;

/// A row as it was committed.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) lsn: u64,
    pub(crate) entries: Vec<Entry>,
    /// The bytes it takes.
    pub(crate) bytes: usize,
}

/// The rows behind `after`, up to `up_to`, and up to about `bytes` bytes of them, but at least one where there is one.
pub(crate) async fn rows(
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

/// A row as it lies in a table.
pub(super) type Raw = (i64, i64, Vec<u8>);

/// Checks a row of `table`.
pub(super) fn decode(table: &str, (lsn, n, data): Raw) -> Result<Row, Error> {
    let damaged = |what: &dyn std::fmt::Display| {
        Error::Corrupt(format!("row {lsn} of table `{table}` cannot be read: {what}"))
    };
    let number = u64::try_from(lsn).map_err(|_| damaged(&"its number is negative"))?;
    let count = usize::try_from(n).map_err(|_| damaged(&"its count is negative"))?;
    let bytes = data.len();
    let entries = row::decode(number, count, Bytes::from(data)).map_err(|wrong| damaged(&wrong))?;
    Ok(Row {
        lsn: number,
        entries,
        bytes,
    })
}
