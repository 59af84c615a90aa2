//! Trimming, as one statement.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use weft_workflow_engine::port::journal::Key;

use super::super::backend::number;
use super::super::trim::{EXPIRED, Piece, Plan, nanoseconds};
use crate::error::Error;

/// All of it happens at once, or, where the journal was opened anew, nothing. So it is where the records do not have the rows: a database
/// that crashed may have lost what it had told of them. No part sees what another does, nor need it: runs
/// of which pieces are kept are open, those that are forgotten are not.
const TRIM: &str = "
    WITH ours AS (
        UPDATE progress SET trimmed = $1
        WHERE epoch = $2 AND EXISTS (SELECT FROM applied WHERE applied.lsn >= $1)
        RETURNING epoch
    ), kept AS (
        INSERT INTO open_run (run, lsn, n, data)
        SELECT piece.* FROM ours, unnest($3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[]) AS piece
    ), forgotten AS (
        DELETE FROM open_run USING ours WHERE run = ANY ($7::bytea[])
    ), keys AS (
        INSERT INTO key (project, workflow, key, request, run, expires_at)
        SELECT one.* FROM ours,
            unnest($8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bigint[]) AS one
        ON CONFLICT (project, workflow, key)
            DO UPDATE SET request = excluded.request, run = excluded.run, expires_at = excluded.expires_at
    ), trimmed AS (
        DELETE FROM journal USING ours WHERE lsn <= $1
    )
    SELECT count(*) FROM ours";

/// Expired keys go apart: one may be on its way to be replaced.
const EXPIRE: &str = "
    DELETE FROM key
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM key WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))
        AND EXISTS (SELECT FROM progress WHERE epoch = $3 FOR SHARE)";

/// Carries out a plan.
pub(super) async fn apply(connection: &mut PgConnection, plan: &Plan, epoch: i64) -> Result<(), Error> {
    sqlx::query(EXPIRE)
        .bind(nanoseconds(Timestamp::now()))
        .bind(EXPIRED)
        .bind(epoch)
        .execute(&mut *connection)
        .await?;
    let lsns = plan.kept.iter().map(|piece| number(piece.lsn));
    let ours: i64 = sqlx::query_scalar(TRIM)
        .bind(number(plan.up_to)?)
        .bind(epoch)
        .bind(pieces(plan, |piece| piece.run.0.as_bytes().as_slice()))
        .bind(lsns.collect::<Result<Vec<i64>, _>>()?)
        .bind(pieces(plan, |piece| {
            i64::try_from(piece.count).unwrap_or(i64::MAX)
        }))
        .bind(pieces(plan, |piece| piece.data.as_slice()))
        .bind(
            plan.closed
                .iter()
                .map(|run| run.0.as_bytes().as_slice())
                .collect::<Vec<_>>(),
        )
        .bind(keys(plan, |key| key.project.as_str()))
        .bind(keys(plan, |key| key.workflow.as_str()))
        .bind(keys(plan, |key| key.key.as_bytes()))
        .bind(keys(plan, |key| key.request.as_bytes().as_slice()))
        .bind(keys(plan, |key| key.run.0.as_bytes().as_slice()))
        .bind(keys(plan, |key| nanoseconds(key.expires_at)))
        .fetch_one(&mut *connection)
        .await?;
    match ours {
        1 => Ok(()),
        _ => Err(why_not(connection, epoch).await?),
    }
}

/// Why nothing was trimmed.
async fn why_not(connection: &mut PgConnection, epoch: i64) -> Result<Error, Error> {
    const OURS: &str = "SELECT EXISTS (SELECT FROM progress WHERE epoch = $1)";
    let ours: bool = sqlx::query_scalar(OURS).bind(epoch).fetch_one(connection).await?;
    Ok(match ours {
        true => Error::Busy("the records do not have what is to be trimmed".to_owned()),
        false => Error::Superseded,
    })
}

/// One column of the pieces.
fn pieces<'a, T>(plan: &'a Plan, column: impl Fn(&'a Piece) -> T) -> Vec<T> {
    plan.kept.iter().map(column).collect()
}

/// One column of the keys.
fn keys<'a, T>(plan: &'a Plan, column: impl Fn(&'a Key) -> T) -> Vec<T> {
    plan.keys.iter().map(column).collect()
}
