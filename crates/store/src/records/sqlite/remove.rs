//! Removing runs, as a sequence of statements that goes to SQLite's thread in one piece.

use sqlx::{QueryBuilder, Sqlite};

use super::super::batch;
use crate::error::Error;
use crate::sqlite::Writer;

/// For one transaction, and taking effect when it is prepared.
const SYNCED: &str = "PRAGMA synchronous = FULL; ";
const UNSYNCED: &str = "PRAGMA synchronous = NORMAL";

/// What a removed run puts into the log, about: its places in the indexes.
const RUN_BYTES: u64 = 1024;

/// Removes the runs in some rows; a checkpoint will sync that.
pub(super) async fn remove(writer: &mut Writer, ranges: &[(i64, i64)]) -> Result<(), Error> {
    if ranges.is_empty() {
        return Ok(());
    }
    let mut steps = QueryBuilder::new("BEGIN IMMEDIATE; ");
    for &range in ranges {
        push_removal(&mut steps, range);
    }
    steps.push("COMMIT");
    let runs: u64 = ranges.iter().map(|(first, last)| last.abs_diff(*first) + 1).sum();
    writer
        .execute_whole(steps.build().persistent(false), runs * RUN_BYTES)
        .await?;
    Ok(())
}

/// Removes the run in a row, synced.
pub(super) async fn delete(writer: &mut Writer, id: i64) -> Result<(), Error> {
    let mut steps = QueryBuilder::new(SYNCED);
    steps.push("BEGIN IMMEDIATE; ");
    push_removal(&mut steps, (id, id));
    steps.push("COMMIT; ").push(UNSYNCED);
    writer.execute_whole(steps.build().persistent(false), 0).await?;
    Ok(())
}

/// Adds the removal of the runs in some rows.
fn push_removal(steps: &mut QueryBuilder<Sqlite>, (first, last): (i64, i64)) {
    let (first_piece, last_piece) = batch::pieces(first, last);
    for (delete, first, last) in [
        (
            "DELETE FROM history WHERE piece BETWEEN ",
            first_piece,
            last_piece,
        ),
        ("DELETE FROM run_label WHERE id BETWEEN ", first, last),
        ("DELETE FROM run_blob WHERE id BETWEEN ", first, last),
        ("DELETE FROM run WHERE id BETWEEN ", first, last),
    ] {
        steps
            .push(delete)
            .push_bind(first)
            .push(" AND ")
            .push_bind(last)
            .push("; ");
    }
}
