//! Opening and closing a store.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::Migrator;
use weft_function_engine::port::StorageError;

use crate::access::SqliteAccess;
use crate::artifacts::{self, FileArtifacts};
use crate::copies::Copies;
use crate::database::DatabaseError;
use crate::disk::Disk;
use crate::health::Health;
use crate::journal::RunJournal;
use crate::keyvalue::{Bounds, SqliteKeyValue};
use crate::lock::{DirectoryLock, LockError};
use crate::options::Options;
use crate::postgres::{Claim, PostgresOptions};
use crate::records::RunRecords;
use crate::registry::SqliteRegistry;
use crate::sqlite::{Database, Synced, Writer};

mod embedded;
mod offline;
mod shared;

pub use offline::OfflineAccess;

pub(crate) static REGISTRY_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/registry");
static KEYVALUE_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/keyvalue");

/// A file that says that runs are elsewhere, whatever databases of runs an earlier time has left beside it.
pub(crate) const ELSEWHERE: &str = "runs-elsewhere";

/// A directory in which what is to be the data directory is put together; where it is, that is not finished.
pub const RESTORING: &str = "restoring";

/// The durable state of one server.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    registry: Arc<SqliteRegistry>,
    access: Arc<SqliteAccess>,
    artifacts: Arc<FileArtifacts>,
    keyvalue: Arc<SqliteKeyValue>,
    journal: Arc<RunJournal>,
    records: Arc<RunRecords>,
    /// The schema in which runs are, where they are in PostgreSQL.
    claim: Option<Claim>,
    _lock: DirectoryLock,
}

/// What of a store is in its directory wherever runs are.
struct Home {
    directory: PathBuf,
    disk: Disk,
    health: Arc<Health>,
    registry: SqliteRegistry,
    access: SqliteAccess,
    keyvalue: SqliteKeyValue,
    lock: DirectoryLock,
}

/// What is known of runs.
struct Runs {
    journal: RunJournal,
    records: RunRecords,
    claim: Option<Claim>,
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
    /// A backup was being restored into it when that ended.
    #[error(
        "the data directory `{}` has a part of a backup that was not restored to its end; empty it, and restore again",
        directory.display()
    )]
    Unfinished {
        /// The directory.
        directory: PathBuf,
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
    #[error("the journal and the records in {place} could not be started: {what}")]
    Journal {
        /// The directory, or the PostgreSQL schema.
        place: String,
        /// The cause.
        what: String,
    },
}

impl Store {
    /// Opens the store in `directory`, creating what is missing. Its tasks run on the current tokio runtime, which must
    /// live as long as the store.
    pub async fn open(directory: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let home = Home::open(directory.as_ref().to_owned(), &options).await?;
        home.mark(false)?;
        let runs = embedded::open(&home.directory, &home.health, &options).await?;
        home.store(runs).await
    }

    /// Opens a store whose runs are in PostgreSQL, journal and records both, and everything else in `directory`. Otherwise as
    /// [`open`](Self::open).
    ///
    /// One server has the schema at a time. Where another one has it, this waits for as long as `postgres.patience` says.
    /// While the database does not answer, nothing is written, and what was acknowledged stays: all goes on by itself once it does.
    pub async fn open_with_postgres(
        directory: impl AsRef<Path>,
        postgres: &PostgresOptions,
        options: Options,
    ) -> Result<Self, OpenError> {
        let home = Home::open(directory.as_ref().to_owned(), &options).await?;
        home.mark(true)?;
        let runs = shared::open(postgres, &home.health, &options).await?;
        home.store(runs).await
    }

    /// Projects, functions and versions.
    #[must_use]
    pub fn registry(&self) -> Arc<SqliteRegistry> {
        self.registry.clone()
    }

    /// Tokens and members.
    #[must_use]
    pub fn access(&self) -> Arc<SqliteAccess> {
        self.access.clone()
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
    pub fn journal(&self) -> Arc<RunJournal> {
        self.journal.clone()
    }

    /// The history of runs.
    #[must_use]
    pub fn records(&self) -> Arc<RunRecords> {
        self.records.clone()
    }

    /// What copies the databases while they are written; none where runs are in PostgreSQL, which has ways of its own.
    #[must_use]
    pub fn copies(&self) -> Option<Copies> {
        let here = self.claim.is_none();
        here.then(|| Copies::of_open(self.directory.clone(), self.journal.clone()))
    }

    /// Finishes what was asked, closes the databases and lets go of the directory. Later calls fail.
    ///
    /// Not closing loses nothing; it only leaves the next opening more to read.
    pub async fn close(self) {
        self.access.close().await;
        self.registry.close().await;
        self.keyvalue.close().await;
        // The records end when the journal has, and want to read it until then.
        self.journal.end().await;
        self.records.close().await;
        self.journal.close().await;
        if let Some(claim) = self.claim {
            claim.release().await;
        }
    }
}

impl Home {
    async fn open(directory: PathBuf, options: &Options) -> Result<Self, OpenError> {
        let health = Arc::new(Health::default());
        let disk = Disk::new(health.clone());
        let lock = blocking(&directory, {
            let (directory, disk) = (directory.clone(), disk.clone());
            move || take(&directory, &disk)
        })
        .await?;
        let open = async |name, schema| {
            let path = directory.join(name);
            database(&path, schema, Synced::AtCommits, &health, options).await
        };
        let (registry, registry_writer) = open("weft.db", &REGISTRY_SCHEMA).await?;
        let access_writer = Writer::open(registry.clone(), health.clone(), options.checkpoint_bytes).await?;
        let (keyvalue, keyvalue_writer) = open("kv.db", &KEYVALUE_SCHEMA).await?;
        Ok(Self {
            registry: SqliteRegistry::start(registry_writer, registry.readers(options.readers)),
            access: SqliteAccess::start(access_writer, registry.readers(1)),
            keyvalue: SqliteKeyValue::start(
                keyvalue_writer,
                keyvalue.readers(options.readers),
                Bounds::of(options),
            ),
            directory,
            disk,
            health,
            lock,
        })
    }

    /// Notes whether runs are elsewhere.
    fn mark(&self, elsewhere: bool) -> Result<(), OpenError> {
        let path = self.directory.join(ELSEWHERE);
        let marked = match elsewhere {
            // Even where the disk is full.
            true if path.exists() => Ok(()),
            true => std::fs::write(&path, "The runs of this server are in PostgreSQL.\n"),
            false => std::fs::remove_file(&path),
        };
        match marked {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(OpenError::Directory {
                directory: self.directory.clone(),
                source: StorageError::Io {
                    doing: "noting where runs are",
                    source,
                },
            }),
            _ => Ok(()),
        }
    }

    /// The store, once its code was looked at: that comes last, and syncs the names of all that is in the directory.
    async fn store(self, runs: Runs) -> Result<Store, OpenError> {
        let artifacts = blocking(&self.directory, {
            let (directory, disk) = (self.directory.clone(), self.disk);
            move || open_artifacts(&directory, disk)
        })
        .await?;
        Ok(Store {
            directory: self.directory,
            registry: Arc::new(self.registry),
            access: Arc::new(self.access),
            keyvalue: Arc::new(self.keyvalue),
            artifacts: Arc::new(artifacts),
            journal: Arc::new(runs.journal),
            records: Arc::new(runs.records),
            claim: runs.claim,
            _lock: self.lock,
        })
    }
}

/// Makes the data directory and takes it.
pub(crate) fn take(directory: &Path, disk: &Disk) -> Result<DirectoryLock, OpenError> {
    if directory.join(RESTORING).exists() {
        return Err(OpenError::Unfinished {
            directory: directory.to_owned(),
        });
    }
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
    FileArtifacts::open(directory.join(artifacts::DIRECTORY), disk).map_err(|source| OpenError::Directory {
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
