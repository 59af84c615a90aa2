//! What is found at start.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use uuid::Uuid;
use weft_types::{Digest, RunId};
use weft_workflow::frame::Reader;
use weft_workflow_engine::port::journal::{Entry, Key, Recovered};

use super::read::{self, Raw};
use super::trim::nanoseconds;
use crate::sqlite::Error;

/// Every open run and every key that has not expired at `now`.
pub(super) async fn recover(readers: &SqlitePool, now: Timestamp) -> Result<Recovered, Error> {
    // What was copied forward is older than what is still in the journal.
    const KEPT: &str = "SELECT lsn, n, data FROM open_run ORDER BY lsn";
    const ROWS: &str = "SELECT lsn, n, data FROM journal ORDER BY lsn";
    let mut moment = readers.begin().await?;
    let mut found = Found::default();
    for key in keys(&mut moment, now).await? {
        found.key(key);
    }
    for (table, query) in [("open_run", KEPT), ("journal", ROWS)] {
        let mut rows = sqlx::query_as::<_, Raw>(query).fetch(&mut *moment);
        while let Some(raw) = rows.try_next().await? {
            let row = read::decode(table, raw)?;
            row.entries.into_iter().for_each(|entry| found.entry(entry, now));
        }
    }
    moment.rollback().await?;
    let recovered = found.into_recovered();
    for (run, frames) in &recovered.runs {
        verify(*run, frames)?;
    }
    Ok(recovered)
}

/// The runs of which pieces were copied forward.
pub(super) async fn kept(readers: &SqlitePool) -> Result<Vec<RunId>, Error> {
    let runs: Vec<Vec<u8>> = sqlx::query_scalar("SELECT DISTINCT run FROM open_run")
        .fetch_all(readers)
        .await?;
    runs.iter().map(|bytes| run(bytes)).collect()
}

#[derive(Default)]
struct Found {
    /// Each open run's frames, and when it was first met.
    runs: HashMap<RunId, (usize, BytesMut)>,
    met: usize,
    keys: HashMap<(String, String, String), Key>,
}

impl Found {
    fn entry(&mut self, entry: Entry, now: Timestamp) {
        if let Some(key) = entry.key.filter(|key| key.expires_at > now) {
            self.key(key);
        }
        if entry.closes {
            self.runs.remove(&entry.run);
            return;
        }
        self.met += 1;
        let (_, frames) = self.runs.entry(entry.run).or_insert((self.met, BytesMut::new()));
        frames.extend_from_slice(&entry.frames);
    }

    /// A later key takes the place of an earlier one.
    fn key(&mut self, key: Key) {
        let name = (
            key.project.as_str().to_owned(),
            key.workflow.as_str().to_owned(),
            key.key.clone(),
        );
        self.keys.insert(name, key);
    }

    fn into_recovered(self) -> Recovered {
        let mut runs: Vec<_> = self.runs.into_iter().collect();
        runs.sort_unstable_by_key(|(_, (met, _))| *met);
        Recovered {
            runs: runs
                .into_iter()
                .map(|(run, (_, frames))| (run, Bytes::from(frames)))
                .collect(),
            keys: self.keys.into_values().collect(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    project: String,
    workflow: String,
    key: String,
    request: Vec<u8>,
    run: Vec<u8>,
    expires_at: i64,
}

async fn keys(connection: &mut sqlx::SqliteConnection, now: Timestamp) -> Result<Vec<Key>, Error> {
    let rows: Vec<KeyRow> = sqlx::query_as("SELECT * FROM key WHERE expires_at > $1")
        .bind(nanoseconds(now))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(KeyRow::into_key).collect()
}

impl KeyRow {
    fn into_key(self) -> Result<Key, Error> {
        let damaged = |what: &dyn std::fmt::Display| {
            Error::Corrupt(format!(
                "the idempotency key `{}` cannot be read: {what}",
                self.key
            ))
        };
        Ok(Key {
            project: self.project.parse().map_err(|error| damaged(&error))?,
            workflow: self.workflow.parse().map_err(|error| damaged(&error))?,
            request: self
                .request
                .as_slice()
                .try_into()
                .map(Digest::from_bytes)
                .map_err(|_| damaged(&"its request is not 32 bytes long"))?,
            run: run(&self.run)?,
            expires_at: Timestamp::from_nanosecond(self.expires_at.into())
                .map_err(|error| damaged(&error))?,
            key: self.key,
        })
    }
}

/// Looks whether a run's frames are there from the first on, each as it was written.
fn verify(run: RunId, frames: &Bytes) -> Result<(), Error> {
    let mut reader = Reader::of(run, 0, frames.clone());
    while let Some(frame) = reader.next_raw() {
        frame.map_err(|error| Error::Corrupt(format!("run {run} cannot be recovered: {error}")))?;
    }
    Ok(())
}

fn run(bytes: &[u8]) -> Result<RunId, Error> {
    Uuid::from_slice(bytes)
        .map(RunId)
        .map_err(|error| Error::Corrupt(format!("a run cannot be read: {error}")))
}
