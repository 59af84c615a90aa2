//! A SQLite database that keeps what it has acknowledged: one writer, some readers, and the settings that make it so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::database::DatabaseError;
use crate::pace::Courtesy;

mod copier;
mod failure;
mod snapshot;
mod writer;

pub(crate) use copier::Copier;
pub(crate) use failure::failure;
pub(crate) use writer::Writer;

/// How long a connection waits for another's lock. Only a writer's predecessor, being closed, ever holds one that long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Instructions of SQLite's machine between two looks at how long it has kept its core: some microseconds.
const PORTION: std::ffi::c_int = 200;

/// One database file.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    path: PathBuf,
    synced: Synced,
}

/// When what was written is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synced {
    /// When its transaction has ended.
    AtCommits,
    /// When the log was copied into the database. Until then a cut of power may take the latest transactions, though not
    /// one of them without those behind it.
    AtCheckpoints,
}

impl Database {
    /// Creates the database where it is missing and brings its schema up to date.
    pub(crate) async fn open(
        path: PathBuf,
        schema: &Migrator,
        synced: Synced,
    ) -> Result<Self, DatabaseError> {
        let database = Self { path, synced };
        let mut connection = database
            .connect()
            .await
            .map_err(|source| database.failed(source))?;
        schema
            .run(&mut connection)
            .await
            .map_err(|error| DatabaseError::unfit(database.shown(), schema, error))?;
        database.settle(&mut connection).await;
        connection
            .close()
            .await
            .map_err(|source| database.failed(source))?;
        Ok(database)
    }

    /// Looks at every page.
    pub(crate) async fn check(&self) -> Result<(), DatabaseError> {
        let failed = |source| self.failed(source);
        let mut connection = self.connect().await.map_err(failed)?;
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(3)")
            .fetch_all(&mut connection)
            .await
            .map_err(failed)?;
        connection.close().await.map_err(failed)?;
        if found == ["ok"] {
            return Ok(());
        }
        Err(DatabaseError::Damaged {
            database: self.shown(),
            what: found.join("; "),
        })
    }

    /// Copies all of the log into the database.
    ///
    /// A sync that failed in an earlier process may have left log pages in the kernel's cache that look clean and are not
    /// on the disk. Appending behind them would build on nothing; writing them anew into the database makes them real. The log
    /// is then overwritten from its beginning, not cut: a cut that reaches the disk in part would leave the older half of it.
    async fn settle(&self, connection: &mut SqliteConnection) {
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(RESTART)")
            .execute(connection)
            .await
        {
            tracing::warn!(%error, database = %self.path.display(), "the log could not be copied into the database");
        }
    }

    /// A connection that may write. FULL syncs the log at each commit: without it a commit survives the process only.
    async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        // In KiB: the pages that a transaction changes should fit. What is synced at checkpoints has large ones.
        let (synchronous, cache) = match self.synced {
            Synced::AtCommits => (SqliteSynchronous::Full, "-2048"),
            Synced::AtCheckpoints => (SqliteSynchronous::Normal, "-16384"),
        };
        let options = self
            .options("writer")
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .pragma("cache_size", cache)
            // Inside a commit a failed checkpoint would make the commit look failed; see `Writer::checkpoint`.
            .pragma("wal_autocheckpoint", "0");
        let mut connection = options.connect().await?;
        if self.synced == Synced::AtCheckpoints {
            // Nobody waits for it, and statements may be long.
            let mut courtesy = Courtesy::new();
            let mut handle = connection.lock_handle().await?;
            handle.set_progress_handler(PORTION, move || {
                courtesy.extend();
                true
            });
        }
        Ok(connection)
    }

    /// Up to `count` connections that only read.
    pub(crate) fn readers(&self, count: u32) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(count.max(1))
            // A file does not go away as a server does; asking costs as much as a read.
            .test_before_acquire(false)
            .connect_lazy_with(self.options("reader").read_only(true))
    }

    fn options(&self, role: &str) -> SqliteConnectOptions {
        // The kernel shows 15 bytes of it.
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let thread = format!("{name:.8}-{role}");
        SqliteConnectOptions::new()
            .filename(&self.path)
            .thread_name(move |_| thread.clone())
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, source: sqlx::Error) -> DatabaseError {
        DatabaseError::Failed {
            database: self.shown(),
            source,
        }
    }

    fn shown(&self) -> String {
        format!("`{}`", self.path.display())
    }
}
