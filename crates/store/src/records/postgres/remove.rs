//! Removing runs.

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::super::batch;
use super::write::RUN_BYTES;
use crate::error::Error;

/// One range of rows, and what it took. Where the records were opened anew, no row of `applied` is changed, and the transaction is to be
/// rolled back.
const REMOVE: &str = "
    WITH pieces AS (
        DELETE FROM history WHERE piece BETWEEN $3 AND $4 RETURNING octet_length(frames)::bigint AS bytes
    ), labels AS (
        DELETE FROM run_label WHERE id BETWEEN $1 AND $2
    ), blobs AS (
        DELETE FROM run_blob WHERE id BETWEEN $1 AND $2
    ), runs AS (
        DELETE FROM run WHERE id BETWEEN $1 AND $2 RETURNING $5 AS bytes
    )
    UPDATE applied SET bytes = bytes
        - (SELECT coalesce(sum(gone.bytes), 0) FROM (SELECT * FROM pieces UNION ALL SELECT * FROM runs) AS gone)
    WHERE epoch = $6";

/// Removes the runs in some rows, all or none.
pub(super) async fn remove(
    connection: &mut PgConnection,
    ranges: &[(i64, i64)],
    epoch: i64,
) -> Result<(), Error> {
    let mut removing = connection.begin().await?;
    for &range in ranges {
        remove_range(&mut removing, range, epoch).await?;
    }
    Ok(removing.commit().await?)
}

/// Removes the run in a row, synced.
pub(super) async fn delete(connection: &mut PgConnection, id: i64, epoch: i64) -> Result<(), Error> {
    let mut removing = connection.begin().await?;
    synced(&mut removing).await?;
    remove_range(&mut removing, (id, id), epoch).await?;
    Ok(removing.commit().await?)
}

/// Makes the transaction under way wait for its sync.
async fn synced(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("SET LOCAL synchronous_commit = on")
        .execute(connection)
        .await?;
    Ok(())
}

async fn remove_range(
    connection: &mut PgConnection,
    (first, last): (i64, i64),
    epoch: i64,
) -> Result<(), Error> {
    let (first_piece, last_piece) = batch::pieces(first, last);
    let removed = sqlx::query(REMOVE)
        .bind(first)
        .bind(last)
        .bind(first_piece)
        .bind(last_piece)
        .bind(RUN_BYTES)
        .bind(epoch)
        .execute(connection)
        .await?;
    match removed.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::Superseded),
    }
}
