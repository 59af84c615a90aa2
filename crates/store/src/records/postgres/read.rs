//! Reading the tables.

use sqlx::postgres::PgPool;
use weft_types::{ProjectName, RunId};

use super::super::backend::BlobRow;
use super::super::batch;
use super::super::columns::{self, FIRST_CLOSED};
use super::super::list::Page;
use super::super::retention::{Candidate, open_bytes};
use crate::error::Error;

/// Runs behind a row. Open ones of the time in a run's id are looked for in each state by itself, and by rows: so only the index that begins with
/// the state will do, whatever PostgreSQL expects, and closed ones of that time are not looked at.
pub(super) const CANDIDATES: &str =
    "SELECT id, status::bigint AS status, created_at, finished_at, status > 2 AND EXISTS (
        SELECT 1
        FROM (SELECT n::smallint AS nested, s::smallint AS status
              FROM generate_series(0, 1) AS n, generate_series(0, 2) AS s) AS open
        JOIN run AS kin
            ON (kin.project, kin.nested, kin.status, kin.run)
                > (run.project, open.nested, open.status, substr(run.run, 1, 6))
            AND (kin.project, kin.nested, kin.status, kin.run)
                < (run.project, open.nested, open.status, substr(run.run, 1, 6) || '\\xffffffffffffffffffff'::bytea)
        ) AS needed
    FROM run WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const OPEN_BYTES: &str = open_bytes!("kin.first || '\\xffffffffffffffffffff'::bytea");

/// Pieces that are looked at for one answer.
const LOOKED_AT: i64 = 1024;

pub(super) async fn record(
    readers: &PgPool,
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

pub(super) async fn page(readers: &PgPool, page: &Page<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let mut query = page.query::<sqlx::Postgres>();
    Ok(query.build_query_scalar().fetch_all(readers).await?)
}

pub(super) async fn row(readers: &PgPool, run: RunId) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let row = sqlx::query_as("SELECT id, record FROM run WHERE run = $1")
        .bind(columns::run(run))
        .fetch_optional(readers)
        .await?;
    Ok(row)
}

pub(super) async fn closed_row(
    readers: &PgPool,
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

/// The server counts the bytes: it would send all that was asked for, even where nobody reads on.
pub(super) async fn pieces(
    readers: &PgPool,
    first: i64,
    last: i64,
    bytes: usize,
) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    const PIECES: &str = "SELECT piece, frames
        FROM (SELECT *, sum(octet_length(frames)) OVER (ORDER BY piece) - octet_length(frames) AS before
              FROM (SELECT piece, frames FROM history WHERE piece BETWEEN $1 AND $2 ORDER BY piece LIMIT $3) AS next)
             AS sized
        WHERE before < $4
        ORDER BY piece";
    let pieces = sqlx::query_as(PIECES)
        .bind(first)
        .bind(last)
        .bind(LOOKED_AT)
        .bind(i64::try_from(bytes.max(1)).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await?;
    Ok(pieces)
}

pub(super) async fn last_piece(readers: &PgPool, first: i64, last: i64) -> Result<Option<i64>, Error> {
    let piece = sqlx::query_scalar("SELECT max(piece) FROM history WHERE piece BETWEEN $1 AND $2")
        .bind(first)
        .bind(last)
        .fetch_one(readers)
        .await?;
    Ok(piece)
}

pub(super) async fn blobs(
    readers: &PgPool,
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

pub(super) async fn candidates(readers: &PgPool, after: i64, count: usize) -> Result<Vec<Candidate>, Error> {
    let found = sqlx::query_as(CANDIDATES)
        .bind(after)
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await?;
    Ok(found)
}

pub(super) async fn closed(readers: &PgPool) -> Result<i64, Error> {
    let count = sqlx::query_scalar("SELECT count(*) FROM run WHERE status >= $1")
        .bind(FIRST_CLOSED)
        .fetch_one(readers)
        .await?;
    Ok(count)
}

/// As it was counted by those who wrote and removed: tables do not shrink by what was removed, they are filled again.
pub(super) async fn bytes(readers: &PgPool) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT bytes FROM applied")
        .fetch_one(readers)
        .await?)
}

pub(super) async fn open_bytes(readers: &PgPool) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(OPEN_BYTES)
        .bind(batch::PIECE_BITS)
        .fetch_one(readers)
        .await?)
}
