//! One write within the transaction of its batch.

use bytes::Bytes;
use sqlx::sqlite::SqliteConnection;

use super::task::{Change, Entry, Outcome};
use crate::error::Error;

pub(super) async fn apply(
    connection: &mut SqliteConnection,
    entry: &Entry,
    change: &Change,
) -> Result<Outcome, Error> {
    match change {
        Change::Set(value) => set(connection, entry, value).await.map(|()| None),
        Change::Delete => delete(connection, entry).await.map(|()| None),
        Change::Increment(delta) => increment(connection, entry, *delta).await,
    }
}

async fn set(connection: &mut SqliteConnection, entry: &Entry, value: &[u8]) -> Result<(), Error> {
    const SET: &str = "INSERT INTO entry (project, store, key, value) VALUES ($1, $2, $3, $4)
        ON CONFLICT (project, store, key) DO UPDATE SET value = excluded.value";
    sqlx::query(SET)
        .bind(entry.project.as_str())
        .bind(entry.store.as_str())
        .bind(entry.key.as_str())
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

async fn delete(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), Error> {
    sqlx::query("DELETE FROM entry WHERE project = $1 AND store = $2 AND key = $3")
        .bind(entry.project.as_str())
        .bind(entry.store.as_str())
        .bind(entry.key.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds to the number; leaves it alone where there is none to add to or the sum does not fit 64 bits.
async fn increment(connection: &mut SqliteConnection, entry: &Entry, delta: i64) -> Result<Outcome, Error> {
    let value: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM entry WHERE project = $1 AND store = $2 AND key = $3")
            .bind(entry.project.as_str())
            .bind(entry.store.as_str())
            .bind(entry.key.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    let number = match &value {
        None => Some(0),
        Some(bytes) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.parse::<i64>().ok()),
    };
    let Some(sum) = number.and_then(|number| number.checked_add(delta)) else {
        return Ok(None);
    };
    set(connection, entry, &Bytes::from(sum.to_string())).await?;
    Ok(Some(sum))
}
