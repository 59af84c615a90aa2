//! Reading the tables.

use futures_util::TryStreamExt;
use sqlx::sqlite::SqlitePool;
use weft_types::{ProjectName, RunId};

use super::super::backend::BlobRow;
use super::super::batch;
use super::super::columns::{self, FIRST_CLOSED};
use super::super::list::Page;
use super::super::retention::{Candidate, open_bytes};
use crate::error::Error;

/// Runs behind a row. Open ones of the time in a run's id are looked for by the index, in each state by itself. Bytes that are joined are a text
/// to SQLite.
pub(super) const CANDIDATES: &str = "SELECT id, status, created_at, finished_at, status > 2 AND EXISTS (
        SELECT 1 FROM run AS kin
        WHERE kin.project = run.project AND kin.nested IN (0, 1) AND kin.status IN (0, 1, 2)
            AND kin.run > substr(run.run, 1, 6)
            AND kin.run < CAST(substr(run.run, 1, 6) || x'ffffffffffffffffffff' AS BLOB)) AS needed
    FROM run WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const OPEN_BYTES: &str = open_bytes!("CAST(kin.first || x'ffffffffffffffffffff' AS BLOB)");

pub(super) async fn record(
    readers: &SqlitePool,
    project: &ProjectName,
    run: RunId,
) -> Result<Option<Vec<u8>>, Error> {
    let record = sqlx::query_scalar("SELECT record FROM run WHERE run = $1 AND project = $2")
        .bind(columns::run(run))
        .bind(project.as_str())
        .fetch_optional(readers)
        .await?;
    Ok(record)
}

pub(super) async fn page(readers: &SqlitePool, page: &Page<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let mut query = page.query::<sqlx::Sqlite>();
    Ok(query.build_query_scalar().fetch_all(readers).await?)
}

pub(super) async fn row(readers: &SqlitePool, run: RunId) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let row = sqlx::query_as("SELECT id, record FROM run WHERE run = $1")
        .bind(columns::run(run))
        .fetch_optional(readers)
        .await?;
    Ok(row)
}

pub(super) async fn closed_row(
    readers: &SqlitePool,
    project: &ProjectName,
    run: RunId,
) -> Result<Option<i64>, Error> {
    const FIND: &str = "SELECT id FROM run WHERE run = $1 AND project = $2 AND status >= $3";
    let id = sqlx::query_scalar(FIND)
        .bind(columns::run(run))
        .bind(project.as_str())
        .bind(FIRST_CLOSED)
        .fetch_optional(readers)
        .await?;
    Ok(id)
}

pub(super) async fn pieces(
    readers: &SqlitePool,
    first: i64,
    last: i64,
    bytes: usize,
) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    const PIECES: &str = "SELECT piece, frames FROM history WHERE piece BETWEEN $1 AND $2 ORDER BY piece";
    let mut found = sqlx::query_as::<_, (i64, Vec<u8>)>(PIECES)
        .bind(first)
        .bind(last)
        .fetch(readers);
    let (mut pieces, mut sum) = (Vec::new(), 0);
    while sum < bytes
        && let Some((piece, frames)) = found.try_next().await?
    {
        sum += frames.len();
        pieces.push((piece, frames));
    }
    Ok(pieces)
}

pub(super) async fn last_piece(readers: &SqlitePool, first: i64, last: i64) -> Result<Option<i64>, Error> {
    let piece = sqlx::query_scalar("SELECT max(piece) FROM history WHERE piece BETWEEN $1 AND $2")
        .bind(first)
        .bind(last)
        .fetch_one(readers)
        .await?;
    Ok(piece)
}

pub(super) async fn blobs(
    readers: &SqlitePool,
    row: i64,
    digest: Vec<u8>,
    limit: i64,
) -> Result<Vec<BlobRow>, Error> {
    const NEXT: &str = "SELECT run_blob.id, run.project, run_blob.digest
        FROM run_blob JOIN run ON run.id = run_blob.id
        WHERE (run_blob.id, run_blob.digest) > ($1, $2) ORDER BY run_blob.id, run_blob.digest LIMIT $3";
    let found = sqlx::query_as(NEXT)
        .bind(row)
        .bind(digest)
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(found)
}

pub(super) async fn candidates(
    readers: &SqlitePool,
    after: i64,
    count: usize,
) -> Result<Vec<Candidate>, Error> {
    let found = sqlx::query_as(CANDIDATES)
        .bind(after)
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await?;
    Ok(found)
}

pub(super) async fn closed(readers: &SqlitePool) -> Result<i64, Error> {
    let count = sqlx::query_scalar("SELECT count(*) FROM run WHERE status >= $1")
        .bind(FIRST_CLOSED)
        .fetch_one(readers)
        .await?;
    Ok(count)
}

/// Bytes of the file that hold something.
pub(super) async fn bytes(readers: &SqlitePool) -> Result<i64, Error> {
    const USED: &str = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    Ok(sqlx::query_scalar(USED).fetch_one(readers).await?)
}

pub(super) async fn open_bytes(readers: &SqlitePool) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(OPEN_BYTES)
        .bind(batch::PIECE_BITS)
        .fetch_one(readers)
        .await?)
}
