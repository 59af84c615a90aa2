//! Rows as they were committed.

use bytes::Bytes;
use weft_workflow_engine::port::journal::Entry;

use super::row;
use crate::error::Error;

/// A row as it was committed.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) lsn: u64,
    pub(crate) entries: Vec<Entry>,
    /// The bytes it takes.
    pub(crate) bytes: usize,
}

/// A row as it lies in a table: its number, how many entries it has, and those.
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
