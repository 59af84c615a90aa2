//! Opening and closing a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::Migrator;
use weft_function_engine::port::StorageError;

use crate::artifacts::FileArtifacts;
use crate::disk::Disk;
use crate::health::Health;
use crate::journal::{self, SqliteJournal};
use crate::keyvalue::{Bounds, SqliteKeyValue};
use crate::lock::{DirectoryLock, LockError};
use crate::options::Options;
use crate::records::{Applied, SqliteRecords};
use crate::registry::SqliteRegistry;
use crate::sqlite::{Database, DatabaseError, Error, Synced, Writer};

static REGISTRY_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/registry");
static KEYVALUE_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/keyvalue");
static JOURNAL_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/journal");
static RECORDS_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/records");

/// The durable state of one server.
#[derive(Debug)]
pub struct Store {
    registry: Arc<SqliteRegistry>,
    artifacts: Arc<FileArtifacts>,
    keyvalue: Arc<SqliteKeyValue>,
    journal: Arc<SqliteJournal>,
    records: Arc<SqliteRecords>,
    _lock: DirectoryLock,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the directory.
    #[error(
        "the data directory `{}` is in use by {holder}; stop it, or give this server a directory of its own",
        directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// Who has it, such as `process 4711`.
        holder: String,
    },
    /// A directory or file could not be used.
    #[error("the data directory `{}` cannot be used: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The cause.
        source: StorageError,
    },
    /// A database could not be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The journal or the records could not be started.
    #[error("the journal in `{}` could not be started: {what}", directory.display())]
    Journal {
        /// The directory.
        directory: PathBuf,
        /// The cause.
        what: String,
    },
}

impl Store {
    /// Opens the store in `directory`, creating what is missing. Its tasks run on the current tokio runtime, which must
    /// live as long as the store.
    pub async fn open(directory: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let directory = directory.as_ref().to_owned();
        let health = Arc::new(Health::default());
        let disk = Disk::new(health.clone());

        let lock = blocking(&directory, {
            let (directory, disk) = (directory.clone(), disk.clone());
            move || take(&directory, &disk)
        })
        .await?;
        let open = async |name, schema, synced| {
            database(&directory.join(name), schema, synced, &health, &options).await
        };
        let (registry, registry_writer) = open("weft.db", &REGISTRY_SCHEMA, Synced::AtCommits).await?;
        let (keyvalue, keyvalue_writer) = open("kv.db", &KEYVALUE_SCHEMA, Synced::AtCommits).await?;
        let journal = open("journal.db", &JOURNAL_SCHEMA, Synced::AtCommits).await?;
        let records = open("records.db", &RECORDS_SCHEMA, Synced::AtCheckpoints).await?;
        if options.check_integrity {
            journal.0.check().await?;
            records.0.check().await?;
        }
        let artifacts = blocking(&directory, {
            let (directory, disk) = (directory.clone(), disk);
            move || open_artifacts(&directory, disk)
        })
        .await?;
        let (journal, records) =
            start_journal(journal, records, health, &options)
                .await
                .map_err(|error| OpenError::Journal {
                    directory,
                    what: error.to_string(),
                })?;

        Ok(Self {
            registry: Arc::new(SqliteRegistry::start(
                registry_writer,
                registry.readers(options.readers),
            )),
            keyvalue: Arc::new(SqliteKeyValue::start(
                keyvalue_writer,
                keyvalue.readers(options.readers),
                Bounds::of(&options),
            )),
            artifacts: Arc::new(artifacts),
            journal: Arc::new(journal),
            records: Arc::new(records),
            _lock: lock,
        })
    }

    /// Projects, functions and versions.
    #[must_use]
    pub fn registry(&self) -> Arc<SqliteRegistry> {
        self.registry.clone()
    }

    /// Uploaded and compiled code.
    #[must_use]
    pub fn artifacts(&self) -> Arc<FileArtifacts> {
        self.artifacts.clone()
    }

    /// The key-value stores of projects.
    #[must_use]
    pub fn keyvalue(&self) -> Arc<SqliteKeyValue> {
        self.keyvalue.clone()
    }

    /// The durable truth of open runs.
    #[must_use]
    pub fn journal(&self) -> Arc<SqliteJournal> {
        self.journal.clone()
    }

    /// The history of runs.
    #[must_use]
    pub fn records(&self) -> Arc<SqliteRecords> {
        self.records.clone()
    }

    /// Finishes what was asked, closes the databases and lets go of the directory. Later calls fail.
    ///
    /// Not closing loses nothing; it only leaves the next opening more to read.
    pub async fn close(self) {
        self.registry.close().await;
        self.keyvalue.close().await;
        // The records end when the journal has, and want to read it until then.
        self.journal.end().await;
        self.records.close().await;
        self.journal.close().await;
    }
}

async fn start_journal(
    (journal, journal_writer): (Database, Writer),
    (records, records_writer): (Database, Writer),
    health: Arc<Health>,
    options: &Options,
) -> Result<(SqliteJournal, SqliteRecords), Error> {
    let readers = records.readers(options.readers);
    let applied = Applied::read(&readers).await?;
    let helper = Writer::open(journal.clone(), health.clone(), options.checkpoint_bytes)
        .await
        .map_err(|error| Error::Sql(error.to_string()))?;
    let (journal, source) = SqliteJournal::start(
        journal_writer,
        helper,
        journal.readers(options.readers),
        health,
        journal::Bounds::of(options),
        options.records_feed_bytes,
        applied.lsn,
    )
    .await?;
    let records = SqliteRecords::start(records_writer, readers, applied, source, options);
    Ok((journal, records))
}

/// Makes the data directory and takes it.
fn take(directory: &Path, disk: &Disk) -> Result<DirectoryLock, OpenError> {
    disk.create_dir(directory)
        .map_err(|source| OpenError::Directory {
            directory: directory.to_owned(),
            source,
        })?;
    DirectoryLock::take(directory).map_err(|error| match error {
        LockError::Held { holder } => OpenError::InUse {
            directory: directory.to_owned(),
            holder: if holder.is_empty() {
                "another process".to_owned()
            } else {
                format!("process {holder}")
            },
        },
        LockError::Io { source } => OpenError::Directory {
            directory: directory.to_owned(),
            source: StorageError::Io {
                doing: "taking its lock file",
                source,
            },
        },
    })
}

async fn database(
    path: &Path,
    schema: &Migrator,
    synced: Synced,
    health: &Arc<Health>,
    options: &Options,
) -> Result<(Database, Writer), OpenError> {
    let database = Database::open(path.to_owned(), schema, synced).await?;
    let writer = Writer::open(database.clone(), health.clone(), options.checkpoint_bytes).await?;
    Ok((database, writer))
}

fn open_artifacts(directory: &Path, disk: Disk) -> Result<FileArtifacts, OpenError> {
    FileArtifacts::open(directory.join("artifacts"), disk).map_err(|source| OpenError::Directory {
        directory: directory.to_owned(),
        source,
    })
}

async fn blocking<T: Send + 'static>(
    directory: &Path,
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(OpenError::Directory {
            directory: directory.to_owned(),
            source: StorageError::Io {
                doing: "opening it",
                source: std::io::Error::other(error),
            },
        }),
    }
}
