//! The one connection that writes a database.

use std::sync::Arc;

use sqlx::Connection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};

use super::Database;
use crate::database::DatabaseError;
use crate::error::Error;
use crate::health::Health;

/// Writes one database, one transaction at a time.
///
/// A connection that failed in any way is closed and replaced: SQLite may or may not have rolled back by itself, and a
/// new connection knows nothing of it.
#[derive(Debug)]
pub(crate) struct Writer {
    database: Database,
    health: Arc<Health>,
    connection: Option<SqliteConnection>,
    /// How much log may gather before it is copied into the database, in bytes.
    checkpoint_bytes: u64,
    /// About how much has gathered.
    gathered: u64,
}

/// What a small transaction puts in the log: a handful of pages.
const TRANSACTION_BYTES: u64 = 8 * 4096;

impl Writer {
    /// Opens the connection.
    pub(crate) async fn open(
        database: Database,
        health: Arc<Health>,
        checkpoint_bytes: u64,
    ) -> Result<Self, DatabaseError> {
        let connection = database
            .connect()
            .await
            .map_err(|source| database.failed(source))?;
        Ok(Self {
            database,
            health,
            connection: Some(connection),
            checkpoint_bytes,
            gathered: 0,
        })
    }

    /// Executes what is a transaction of its own, in one go from this thread to the connection's and back. Answers how many
    /// rows it changed. `bytes` is about how much it writes.
    pub(crate) async fn execute_whole(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
        bytes: u64,
    ) -> Result<u64, Error> {
        self.health.check()?;
        let mut connection = self.connected().await?;
        let outcome = query.execute(&mut connection).await;
        self.connection = Some(connection);
        match outcome {
            Ok(done) => {
                self.gathered += bytes;
                Ok(done.rows_affected())
            }
            Err(error) => Err(self.abandon(error.into()).await),
        }
    }

    /// Begins a transaction, which [`commit`](Self::commit) or [`roll_back`](Self::roll_back) must end.
    pub(crate) async fn begin(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.health.check()?;
        let mut connection = self.connected().await?;
        match sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await {
            Ok(_) => Ok(self.connection.insert(connection)),
            Err(error) => {
                self.connection = Some(connection);
                Err(self.abandon(error.into()).await)
            }
        }
    }

    /// Ends the transaction durably. `bytes` is about how much it wrote.
    pub(crate) async fn commit(&mut self, bytes: u64) -> Result<(), Error> {
        self.execute("COMMIT").await?;
        self.gathered += TRANSACTION_BYTES + bytes;
        Ok(())
    }

    /// Ends the transaction without a trace.
    pub(crate) async fn roll_back(&mut self) {
        // Where this fails the connection is gone, and the transaction with it.
        let _ = self.execute("ROLLBACK").await;
    }

    /// Takes note of a failed statement: its transaction is over.
    pub(crate) async fn abandon(&mut self, error: Error) -> Error {
        let error = self.failed(error);
        let failed = self.connection.take();
        if self.health.check().is_ok() {
            // Before the other is closed: with the last connection SQLite would remove the log, and on a full disk there
            // may be no making another.
            self.connection = self.database.connect().await.ok();
        }
        if let Some(connection) = failed {
            self.discard(connection).await;
        }
        error
    }

    /// Copies the log into the database once enough has gathered.
    ///
    /// It runs on its own and after the acknowledgement, so that a disk that fills up or fails here cannot make a commit
    /// that has happened look as if it had not. The log file is kept and overwritten, which is faster than growing it.
    ///
    /// Answers whether all of the log is in the database now, and on the disk. It is not where nothing was due, or while a
    /// reader needs an older state.
    pub(crate) async fn checkpoint(&mut self) -> bool {
        self.is_checkpoint_due() && self.checkpoint_now().await
    }

    /// Whether enough has gathered.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.gathered >= self.checkpoint_bytes
    }

    /// As [`checkpoint`](Self::checkpoint), however little has gathered.
    pub(crate) async fn checkpoint_now(&mut self) -> bool {
        if self.health.check().is_err() {
            return false;
        }
        self.gathered = 0;
        match self.copy_log().await {
            Ok(true) => true,
            Ok(false) => {
                // Before long, as the log grows until it was copied whole.
                self.gathered = self.checkpoint_bytes / 4 * 3;
                false
            }
            Err(error) => {
                let path = self.database.path().display();
                tracing::warn!(%error, database = %path, "a checkpoint failed; the log keeps what it holds");
                false
            }
        }
    }

    /// Closes the connection.
    pub(crate) async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            self.discard(connection).await;
        }
    }

    /// The connection, made anew where the last one was given up.
    async fn connected(&mut self) -> Result<SqliteConnection, Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(self.database.connect().await?),
        }
    }

    async fn copy_log(&mut self) -> Result<bool, Error> {
        let mut connection = self.connected().await?;
        let copied = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&mut connection)
            .await;
        self.connection = Some(connection);
        match copied {
            Ok((busy, pages, done)) => {
                let (busy, pages, done): (bool, i64, i64) = (busy, pages, done);
                Ok(!busy && pages == done)
            }
            Err(error) => Err(self.abandon(error.into()).await),
        }
    }

    async fn execute(&mut self, statement: &'static str) -> Result<(), Error> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        match sqlx::query(statement).execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.abandon(error.into()).await),
        }
    }

    fn failed(&self, error: Error) -> Error {
        match error {
            Error::Unsynced(cause) => {
                let path = self.database.path().display();
                self.health
                    .failed(format!("`{path}` failed to sync: {cause}"))
                    .into()
            }
            other => other,
        }
    }

    /// Closes a connection, in which SQLite copies the log into the database where this was the last one.
    ///
    /// After a failed sync it must not: the sync of that copy may succeed without having written anything, and SQLite
    /// would then remove the log. So the connection stays open until the process ends.
    async fn discard(&self, mut connection: SqliteConnection) {
        if self.health.check().is_err() {
            let _ = sqlx::query("ROLLBACK").execute(&mut connection).await;
            std::mem::forget(connection);
        } else if let Err(error) = connection.close().await {
            tracing::debug!(%error, "a connection did not close cleanly");
        }
    }
}
