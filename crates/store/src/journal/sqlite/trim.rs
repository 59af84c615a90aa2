//! Trimming, as a sequence of statements that goes to SQLite's thread in one piece.

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite};
use weft_types::RunId;
use weft_workflow_engine::port::journal::Key;

use super::super::backend::number;
use super::super::trim::{EXPIRED, Piece, Plan, nanoseconds};
use crate::error::Error;
use crate::sqlite::Writer;

/// Carries out a plan, in one transaction that is not synced.
pub(super) async fn apply(writer: &mut Writer, plan: &Plan) -> Result<(), Error> {
    let bytes = plan.bytes as u64 + plan.kept.iter().map(|piece| piece.data.len() as u64).sum::<u64>();
    let mut steps = statements(plan)?;
    // Some of it takes effect when it is prepared, so it must be each time.
    writer
        .execute_whole(steps.build().persistent(false), bytes)
        .await?;
    Ok(())
}

fn statements(plan: &Plan) -> Result<QueryBuilder<Sqlite>, Error> {
    let up_to = number(plan.up_to)?;
    let mut steps = QueryBuilder::new("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ");
    keep(&mut steps, &plan.kept)?;
    forget(&mut steps, &plan.closed);
    keep_keys(&mut steps, &plan.keys);
    steps
        .push("DELETE FROM key WHERE rowid IN (SELECT rowid FROM key WHERE expires_at < ")
        .push_bind(nanoseconds(Timestamp::now()))
        .push(" ORDER BY expires_at LIMIT ")
        .push_bind(EXPIRED)
        .push("); DELETE FROM journal WHERE lsn <= ")
        .push_bind(up_to)
        .push("; UPDATE progress SET trimmed = ")
        .push_bind(up_to)
        .push("; COMMIT; PRAGMA synchronous = FULL");
    Ok(steps)
}

fn keep(steps: &mut QueryBuilder<Sqlite>, pieces: &[Piece]) -> Result<(), Error> {
    for piece in pieces {
        steps
            .push("INSERT INTO open_run (run, lsn, n, data) VALUES (")
            .push_bind(piece.run.0.as_bytes().to_vec())
            .push(", ")
            .push_bind(number(piece.lsn)?)
            .push(", ")
            .push_bind(i64::try_from(piece.count).unwrap_or(i64::MAX))
            .push(", ")
            .push_bind(piece.data.clone())
            .push("); ");
    }
    Ok(())
}

fn forget(steps: &mut QueryBuilder<Sqlite>, closed: &[RunId]) {
    for run in closed {
        steps
            .push("DELETE FROM open_run WHERE run = ")
            .push_bind(run.0.as_bytes().to_vec())
            .push("; ");
    }
}

fn keep_keys(steps: &mut QueryBuilder<Sqlite>, keys: &[Key]) {
    if keys.is_empty() {
        return;
    }
    steps.push("INSERT OR REPLACE INTO key (project, workflow, key, request, run, expires_at) ");
    steps.push_values(keys, |mut row, key| {
        row.push_bind(key.project.as_str().to_owned())
            .push_bind(key.workflow.as_str().to_owned())
            .push_bind(key.key.clone())
            .push_bind(key.request.as_bytes().to_vec())
            .push_bind(key.run.0.as_bytes().to_vec())
            .push_bind(nanoseconds(key.expires_at));
    });
    steps.push("; ");
}
