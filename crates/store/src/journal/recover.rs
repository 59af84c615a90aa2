//! What is found at start.

use std::collections::HashMap;

use bytes::BytesMut;
use futures_util::{Stream, TryStreamExt};
use jiff::Timestamp;
use uuid::Uuid;
use weft_types::{Digest, RunId};
use weft_workflow_engine::port::journal::{Entry, Key, Recovered};

use super::read::{self, Raw};
use crate::error::Error;

/// What is found, row by row, the oldest first: keys, then what was copied forward, then the journal.
#[derive(Debug)]
pub(super) struct Found {
    now: Timestamp,
    /// Each open run's frames, and when it was first met.
    runs: HashMap<RunId, (usize, BytesMut)>,
    met: usize,
    keys: HashMap<(String, String, String), Key>,
}

impl Found {
    /// Nothing yet; keys that have expired at `now` are left out.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            runs: HashMap::new(),
            met: 0,
            keys: HashMap::new(),
        }
    }

    /// Takes the rows of a table.
    pub(super) async fn rows(
        &mut self,
        table: &str,
        mut rows: impl Stream<Item = Result<Raw, sqlx::Error>> + Unpin,
    ) -> Result<(), Error> {
        while let Some(raw) = rows.try_next().await? {
            let row = read::decode(table, raw)?;
            row.entries.into_iter().for_each(|entry| self.entry(entry));
        }
        Ok(())
    }

    /// Takes the keys that outlived the rows they came with.
    pub(super) fn keys(&mut self, rows: Vec<KeyRow>) -> Result<(), Error> {
        for row in rows {
            self.key(row.into_key()?);
        }
        Ok(())
    }

    fn entry(&mut self, entry: Entry) {
        let now = self.now;
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

    /// All of it. The frames of a run are not looked at: whoever reads them judges each run for itself, so that one whose events are
    /// not all there keeps no other from being taken up.
    pub(super) fn into_recovered(self) -> Recovered {
        let mut runs: Vec<_> = self.runs.into_iter().collect();
        runs.sort_unstable_by_key(|(_, (met, _))| *met);
        let runs = runs.into_iter().map(|(run, (_, frames))| (run, frames.freeze()));
        Recovered {
            runs: runs.collect(),
            keys: self.keys.into_values().collect(),
        }
    }
}

/// A key as it lies in a table.
#[derive(sqlx::FromRow)]
pub(super) struct KeyRow {
    project: String,
    workflow: String,
    key: Vec<u8>,
    request: Vec<u8>,
    run: Vec<u8>,
    expires_at: i64,
}

impl KeyRow {
    fn into_key(self) -> Result<Key, Error> {
        let damaged = |what: &dyn std::fmt::Display| {
            Error::Corrupt(format!(
                "the idempotency key `{}` cannot be read: {what}",
                self.key.escape_ascii()
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
            key: String::from_utf8(self.key.clone()).map_err(|error| damaged(&error))?,
        })
    }
}

/// A run's number as it lies in a table.
pub(super) fn run(bytes: &[u8]) -> Result<RunId, Error> {
    Uuid::from_slice(bytes)
        .map(RunId)
        .map_err(|error| Error::Corrupt(format!("a run cannot be read: {error}")))
}
