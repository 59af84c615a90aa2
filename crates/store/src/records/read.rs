//! Reading the records.

use bytes::Bytes;
use futures_util::TryStreamExt;
use sqlx::sqlite::SqlitePool;
use weft_types::{Digest, ProjectName, RunId};
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::records::RunFilter;

use super::held::Held;
use super::{batch, blob, columns, fold, list};
use crate::sqlite::Error;

/// One run of a project.
pub(super) async fn run(
    readers: &SqlitePool,
    project: &ProjectName,
    run: RunId,
) -> Result<Option<RunRecord>, Error> {
    let record: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT record FROM run WHERE run = $1 AND project = $2")
            .bind(columns::run(run))
            .bind(project.as_str())
            .fetch_optional(readers)
            .await?;
    record.map(|record| blob::decode(&record)).transpose()
}

/// A page of a project's runs.
pub(super) async fn list(
    readers: &SqlitePool,
    project: &ProjectName,
    filter: &RunFilter,
    before: Option<RunId>,
    limit: usize,
) -> Result<Vec<RunRecord>, Error> {
    let mut page = list::page(project, filter, before, limit);
    let records: Vec<Vec<u8>> = page.build_query_scalar().fetch_all(readers).await?;
    records.iter().map(|record| blob::decode(record)).collect()
}

/// Pieces of a run's history behind piece `after`, up to about `bytes` bytes, but at least one where there is one.
pub(super) async fn history(
    readers: &SqlitePool,
    run: RunId,
    after: Option<u64>,
    bytes: usize,
) -> Result<Vec<(u64, Bytes)>, Error> {
    const PIECES: &str = "SELECT piece, frames FROM history WHERE piece BETWEEN $1 AND $2 ORDER BY piece";
    let Some(id) = id(readers, run).await? else {
        return Ok(Vec::new());
    };
    let next = after.map_or(Some(0), |after| i64::try_from(after).ok()?.checked_add(1));
    let Some(first) = next.and_then(|next| batch::piece(id, next)) else {
        return Ok(Vec::new());
    };
    let (_, last) = batch::pieces(id, id);
    let mut found = sqlx::query_as::<_, (i64, Vec<u8>)>(PIECES)
        .bind(first)
        .bind(last)
        .fetch(readers);
    let (mut pieces, mut sum) = (Vec::new(), 0);
    while sum < bytes
        && let Some((piece, frames)) = found.try_next().await?
    {
        let frames = Bytes::from(frames);
        fold::verify(&frames)?;
        sum += frames.len();
        pieces.push((batch::index(piece).unsigned_abs(), frames));
    }
    Ok(pieces)
}

/// What the projector must know of a run.
pub(super) async fn held(readers: &SqlitePool, run: RunId) -> Result<Option<Held>, Error> {
    const FIND: &str = "SELECT id, record FROM run WHERE run = $1";
    const LAST: &str = "SELECT max(piece) FROM history WHERE piece BETWEEN $1 AND $2";
    let found: Option<(i64, Vec<u8>)> = sqlx::query_as(FIND)
        .bind(columns::run(run))
        .fetch_optional(readers)
        .await?;
    let Some((id, record)) = found else {
        return Ok(None);
    };
    let (first, last) = batch::pieces(id, id);
    let last: Option<i64> = sqlx::query_scalar(LAST)
        .bind(first)
        .bind(last)
        .fetch_one(readers)
        .await?;
    Ok(Some(Held {
        id,
        pieces: last.map_or(0, |last| batch::index(last) + 1),
        record: blob::decode(&record)?,
    }))
}

/// What is shown of a plan.
pub(super) async fn outline(readers: &SqlitePool, digest: Digest) -> Result<Option<String>, Error> {
    let json = sqlx::query_scalar("SELECT json FROM outline WHERE digest = $1")
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(readers)
        .await?;
    Ok(json)
}

/// The last row of the journal that is in the records, and the row of the next run.
pub(super) async fn start(readers: &SqlitePool) -> Result<(u64, i64), Error> {
    const START: &str = "SELECT lsn, (SELECT coalesce(max(id), 0) + 1 FROM run) FROM applied";
    let (applied, next): (i64, i64) = sqlx::query_as(START).fetch_one(readers).await?;
    let applied = u64::try_from(applied)
        .map_err(|_| Error::Corrupt(format!("the records go up to row {applied} of the journal")))?;
    Ok((applied, next))
}

async fn id(readers: &SqlitePool, run: RunId) -> Result<Option<i64>, Error> {
    let id = sqlx::query_scalar("SELECT id FROM run WHERE run = $1")
        .bind(columns::run(run))
        .fetch_optional(readers)
        .await?;
    Ok(id)
}
