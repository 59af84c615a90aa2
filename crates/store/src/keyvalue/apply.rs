//! One write within the transaction of its batch.

use sqlx::sqlite::SqliteConnection;
use weft_quotas::Exceeded;

use super::counting::Tally;
use super::task::{Change, Entry, Outcome};
use crate::error::Error;

/// Outside, whether the database did as told; inside, whether the project had room for it. What is refused changes nothing.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    entry: &Entry,
    change: &Change,
    tally: &mut Tally<'_>,
) -> Result<Result<Outcome, Exceeded>, Error> {
    let before = length(connection, entry).await?;
    match change {
        Change::Set(value) => {
            if let Err(exceeded) = count(tally, entry, before, Some(value.len())) {
                return Ok(Err(exceeded));
            }
            set(connection, entry, value).await?;
            Ok(Ok(None))
        }
        Change::Delete => {
            if let Err(exceeded) = count(tally, entry, before, None) {
                return Ok(Err(exceeded));
            }
            delete(connection, entry).await?;
            Ok(Ok(None))
        }
        Change::Increment(delta) => {
            let Some(sum) = incremented(connection, entry, *delta).await? else {
                return Ok(Ok(None));
            };
            let text = sum.to_string();
            if let Err(exceeded) = count(tally, entry, before, Some(text.len())) {
                return Ok(Err(exceeded));
            }
            set(connection, entry, text.as_bytes()).await?;
            Ok(Ok(Some(sum)))
        }
    }
}

/// Counts an entry whose value had, and is to have, so many bytes; none where there is no entry.
fn count(
    tally: &mut Tally<'_>,
    entry: &Entry,
    before: Option<usize>,
    after: Option<usize>,
) -> Result<(), Exceeded> {
    let key = entry.key.len();
    let bytes = |value: Option<usize>| value.map_or(0, |value| key.saturating_add(value) as u64);
    tally.change(&entry.project, bytes(before), bytes(after))
}

/// How many bytes the value has, where there is one.
async fn length(connection: &mut SqliteConnection, entry: &Entry) -> Result<Option<usize>, Error> {
    const LENGTH: &str = "SELECT length(value) FROM entry WHERE project = $1 AND store = $2 AND key = $3";
    let length: Option<i64> = sqlx::query_scalar(LENGTH)
        .bind(entry.project.as_str())
        .bind(entry.store.as_str())
        .bind(entry.key.as_str())
        .fetch_optional(connection)
        .await?;
    // A length is never negative, and that of a value that fits memory fits.
    Ok(length.map(|length| usize::try_from(length).unwrap_or(usize::MAX)))
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

/// The number with this added; none where there is none to add to or the sum does not fit 64 bits.
async fn incremented(
    connection: &mut SqliteConnection,
    entry: &Entry,
    delta: i64,
) -> Result<Option<i64>, Error> {
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
    Ok(number.and_then(|number| number.checked_add(delta)))
}
