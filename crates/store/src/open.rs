//! Opening and closing a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::Migrator;
use weft_function_engine::port::StorageError;

use crate::artifacts::FileArtifacts;
use crate::disk::Disk;
use crate::health::Health;
use crate::keyvalue::{Bounds, SqliteKeyValue};
use crate::lock::{DirectoryLock, LockError};
use crate::options::Options;
use crate::registry::SqliteRegistry;
use crate::sqlite::{Database, DatabaseError, Writer};

static REGISTRY_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/registry");
static KEYVALUE_SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/keyvalue");

/// The durable state of one server.
#[derive(Debug)]
pub struct Store {
    registry: Arc<SqliteRegistry>,
    artifacts: Arc<FileArtifacts>,
    keyvalue: Arc<SqliteKeyValue>,
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
        let (registry, registry_writer) =
            database(&directory.join("weft.db"), &REGISTRY_SCHEMA, &health, &options).await?;
        let (keyvalue, keyvalue_writer) =
            database(&directory.join("kv.db"), &KEYVALUE_SCHEMA, &health, &options).await?;
        let artifacts = blocking(&directory, {
            let (directory, disk) = (directory.clone(), disk);
            move || open_artifacts(&directory, disk)
        })
        .await?;

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

    /// Finishes what was asked, closes the databases and lets go of the directory. Later calls fail.
    ///
    /// Not closing loses nothing; it only leaves the next opening more to read.
    pub async fn close(self) {
        self.registry.close().await;
        self.keyvalue.close().await;
    }
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
    health: &Arc<Health>,
    options: &Options,
) -> Result<(Database, Writer), OpenError> {
    let database = Database::open(path.to_owned(), schema).await?;
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
