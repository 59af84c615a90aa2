//! The key-value stores in `kv.db`: a file of their own, so that what guests write never holds up the registry.
//!
//! One task writes. It takes whatever has queued while it was busy into one transaction, so that one sync serves many
//! writers; nothing waits for more to come.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{Semaphore, mpsc, oneshot};
use weft_function_engine::port::{Boxed, KeyValue, StorageError};
use weft_quotas::{Accounts, Part};
use weft_types::ProjectName;

use crate::error::Error;
use crate::sqlite::Writer;

mod apply;
mod counting;
mod task;

pub(crate) use task::Bounds;
use task::{Change, Entry, Outcome, Request, Write};

/// The key-value stores of one open store.
#[derive(Debug)]
pub struct SqliteKeyValue {
    requests: mpsc::Sender<Request>,
    /// Room for queued bytes, a permit per [`UNIT`].
    room: Arc<Semaphore>,
    units: u32,
    readers: SqlitePool,
    /// Where what projects have is counted; set once.
    accounts: Arc<OnceLock<Accounts>>,
}

/// The unit in which queued bytes are counted.
const UNIT: usize = 1024;

impl SqliteKeyValue {
    /// Starts the writer's task on the current tokio runtime.
    pub(crate) fn start(writer: Writer, readers: SqlitePool, bounds: Bounds) -> Self {
        let (requests, queue) = mpsc::channel(bounds.queue.max(1));
        let units = u32::try_from(bounds.queue_bytes / UNIT)
            .unwrap_or(u32::MAX >> 4)
            .clamp(1, u32::MAX >> 4);
        let accounts = Arc::default();
        tokio::spawn(task::run(writer, queue, bounds, Arc::clone(&accounts)));
        Self {
            requests,
            room: Arc::new(Semaphore::new(units as usize)),
            units,
            readers,
            accounts,
        }
    }

    /// Counts in these accounts what projects have and will have, and has them refuse what is too much. To be called before anything
    /// is written; only the first time counts.
    ///
    /// # Errors
    /// Where it cannot be read how much there is.
    pub async fn count_in(&self, accounts: &Accounts) -> Result<(), StorageError> {
        let usage: Vec<(String, i64)> = sqlx::query_as("SELECT project, bytes FROM usage")
            .fetch_all(&self.readers)
            .await
            .map_err(Error::from)?;
        for (project, bytes) in usage {
            let corrupt =
                || Error::Corrupt("what projects have stored cannot be read: table `usage`".to_owned());
            let project: ProjectName = project.parse().map_err(|_| corrupt())?;
            let bytes = u64::try_from(bytes).map_err(|_| corrupt())?;
            accounts.of(&project).note_stored(Part::KeyValues, bytes);
        }
        let _ = self.accounts.set(accounts.clone());
        Ok(())
    }

    /// Ends the task and closes every connection; what was asked before is done first.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.requests.send(Request::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        self.readers.close().await;
    }

    async fn write(&self, entry: Entry, change: Change) -> Result<Outcome, StorageError> {
        let closed = || StorageError::from(Error::Closed);
        let units = u32::try_from(change.bytes() / UNIT + 1)
            .unwrap_or(u32::MAX)
            .min(self.units);
        let room = self
            .room
            .clone()
            .acquire_many_owned(units)
            .await
            .map_err(|_| closed())?;
        let (answer, outcome) = oneshot::channel();
        let write = Write {
            entry,
            change,
            answer,
            _room: room,
        };
        self.requests
            .send(Request::Write(write))
            .await
            .map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }

    async fn read(&self, project: &ProjectName, store: &str, key: &str) -> Result<Option<Bytes>, Error> {
        const READ: &str = "SELECT value FROM entry WHERE project = $1 AND store = $2 AND key = $3";
        let value: Option<Vec<u8>> = sqlx::query_scalar(READ)
            .bind(project.as_str())
            .bind(store)
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        Ok(value.map(Bytes::from))
    }

    async fn list(
        &self,
        project: &ProjectName,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        // No key is less than the empty one, which the absence of `after` must include.
        const LIST: &str = "SELECT key FROM entry
            WHERE project = $1 AND store = $2 AND key >= $3 AND ($4 OR key > $3) ORDER BY key LIMIT $5";
        let keys = sqlx::query_scalar(LIST)
            .bind(project.as_str())
            .bind(store)
            .bind(after.unwrap_or_default())
            .bind(after.is_none())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await?;
        Ok(keys)
    }
}

impl KeyValue for SqliteKeyValue {
    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move { Ok(self.read(project, store, key).await?) })
    }

    fn set<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        value: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.write(Entry::new(project, store, key), Change::Set(value))
                .await?;
            Ok(())
        })
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.write(Entry::new(project, store, key), Change::Delete)
                .await?;
            Ok(())
        })
    }

    fn keys<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>> {
        Box::pin(async move { Ok(self.list(project, store, after, limit).await?) })
    }

    fn increment<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        delta: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>> {
        Box::pin(async move {
            self.write(Entry::new(project, store, key), Change::Increment(delta))
                .await
        })
    }
}
