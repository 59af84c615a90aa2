//! Copies of the databases that fit together.
//!
//! Each database is copied as it is at one moment, one after the other, while runs, deploys and writes go on. What makes the
//! four one state that a crash could have left is the order: what refers to something is copied before it, and nothing that
//! was referred to goes in between.
//!
//! 1. **Trims are held.** From here on no row leaves the journal.
//! 2. **`records.db`**, with all rows of the journal up to some R. Rows that were trimmed before are all in it, as a row is
//!    trimmed only once the records have it on the disk.
//! 3. **Deletions are held**, by whoever asked for the copies: versions that open runs need now are there until the end.
//! 4. **`journal.db`**, up to some J ≥ R. Every row behind R is still in it, so the records catch up when the copy is opened,
//!    exactly as after a crash. The other way round the records would know runs that the journal never heard of. Trims go on.
//! 5. **`kv.db`**: what a node has written is here whenever its result is in the journal. An effect without a result may be here
//!    as well: the node is executed again, as after a crash.
//! 6. **`weft.db`**: whatever the journal and the records name was there before. A version that is named by an open run is
//!    still there, as it could not be deleted while the run was open in 4, nor since 3. What is left of a project that was
//!    created after 5 is nothing: no key-values without their project.
//!
//! Files come last, by whoever asked: code and blobs are named on the disk before anything refers to them, and must not be removed
//! from before the first copy until the last of them was read. So whatever was acknowledged before the first copy is in the
//! copies, and whatever is in the copies has what it refers to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use weft_types::Digest;

use crate::artifacts::code_of;
use crate::disk::Disk;
use crate::error::Error;
use crate::health::Health;
use crate::journal::RunJournal;
use crate::lock::DirectoryLock;
use crate::open::{ELSEWHERE, OpenError, take};
use crate::sqlite::Database;

const RECORDS: &str = "records.db";
const JOURNAL: &str = "journal.db";
const REGISTRY: &str = "weft.db";
/// The databases of a data directory, in the order in which they are copied.
const DATABASES: [&str; 4] = [RECORDS, JOURNAL, "kv.db", REGISTRY];

/// Copies the databases of one data directory.
#[derive(Debug)]
pub struct Copies {
    directory: PathBuf,
    /// Whose trims are held, where a server has the directory open.
    journal: Option<Arc<RunJournal>>,
    _lock: Option<DirectoryLock>,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The names of the databases, in the directory of the copies.
    pub databases: &'static [&'static str],
    /// Where the code lies that versions of the copied registry refer to; below the data directory.
    pub code: Vec<PathBuf>,
}

/// Ends copying before its time, from anywhere.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

/// Why databases could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Runs are elsewhere.
    #[error(
        "the server of `{}` keeps its runs in PostgreSQL, so a copy of the directory would lack them",
        directory.display()
    )]
    Elsewhere {
        /// The directory.
        directory: PathBuf,
    },
    /// It is no data directory.
    #[error("`{}` has no `{file}`: it is not the data directory of a server", directory.display())]
    Missing {
        /// The directory.
        directory: PathBuf,
        /// The file that is missing.
        file: &'static str,
    },
    /// The directory cannot be had.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no room for the copies.
    #[error("the disk became full while `{database}` was copied")]
    Full {
        /// The database.
        database: &'static str,
    },
    /// A database could not be copied.
    #[error("`{database}` could not be copied: {what}")]
    Failed {
        /// The database.
        database: &'static str,
        /// The cause.
        what: String,
    },
}

impl Stop {
    /// Has the copy that is under way fail soon, and each that follows.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Copies {
    /// Those of a directory that no server has, which is held until this is dropped.
    ///
    /// # Errors
    /// Where a server has it, runs are elsewhere, or a database is missing.
    pub fn offline(directory: impl AsRef<Path>) -> Result<Self, CopyError> {
        let directory = directory.as_ref().to_owned();
        // Before a lock file is made in what may be anything.
        if directory.join(ELSEWHERE).exists() {
            return Err(CopyError::Elsewhere { directory });
        }
        if let Some(file) = DATABASES.into_iter().find(|file| !directory.join(file).is_file()) {
            return Err(CopyError::Missing { directory, file });
        }
        let lock = take(&directory, &Disk::new(Arc::new(Health::default())))?;
        Ok(Self {
            directory,
            journal: None,
            _lock: Some(lock),
        })
    }

    pub(crate) fn of_open(directory: PathBuf, journal: Arc<RunJournal>) -> Self {
        Self {
            directory,
            journal: Some(journal),
            _lock: None,
        }
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Bytes that copies take at most, roughly.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files = DATABASES
            .iter()
            .flat_map(|file| [(*file).to_owned(), format!("{file}-wal")]);
        files
            .filter_map(|file| std::fs::metadata(self.directory.join(file)).ok())
            .map(|metadata| metadata.len())
            .sum()
    }

    /// Writes the copies into a directory that is there and empty. `hold` is what holds deletions of versions: it is awaited at
    /// its time, and what it answers is dropped with the last copy.
    ///
    /// # Errors
    /// Where one cannot be read or written, or it is told to stop; what was written until then is left.
    pub async fn write<H>(
        &self,
        into: &Path,
        stop: &Stop,
        hold: impl Future<Output = H>,
    ) -> Result<Copied, CopyError> {
        let trims = match &self.journal {
            Some(journal) => Some(journal.hold_trims().await),
            None => None,
        };
        self.copy(RECORDS, into, stop).await?;
        let deletions = hold.await;
        self.copy(JOURNAL, into, stop).await?;
        drop(trims);
        self.copy("kv.db", into, stop).await?;
        self.copy(REGISTRY, into, stop).await?;
        drop(deletions);
        let code = code(into).await.map_err(|error| failed(REGISTRY, &error))?;
        Ok(Copied {
            databases: &DATABASES,
            code: code
                .into_iter()
                .map(|digest| code_of(&self.directory, digest))
                .collect(),
        })
    }

    async fn copy(&self, name: &'static str, into: &Path, stop: &Stop) -> Result<(), CopyError> {
        // A small one is copied before anybody looks.
        if stop.is_set() {
            return Err(CopyError::Failed {
                database: name,
                what: "it was to end before that".to_owned(),
            });
        }
        let database = Database::found(self.directory.join(name));
        let copied = database.snapshot(&into.join(name), stop).await;
        copied.map_err(|error| failed(name, &error.into()))
    }
}

/// The code that the copied registry refers to.
async fn code(copies: &Path) -> Result<Vec<Digest>, Error> {
    const FIND: &str = "SELECT DISTINCT digest FROM version WHERE kind = 'component' ORDER BY digest";
    let registry = Database::found(copies.join(REGISTRY)).readers(1);
    let found: Vec<Vec<u8>> = sqlx::query_scalar(FIND).fetch_all(&registry).await?;
    registry.close().await;
    let digest = |bytes: Vec<u8>| {
        let bytes = <[u8; 32]>::try_from(bytes);
        bytes
            .map(Digest::from_bytes)
            .map_err(|bytes| Error::Corrupt(format!("a digest has {} bytes", bytes.len())))
    };
    found.into_iter().map(digest).collect()
}

fn failed(database: &'static str, error: &Error) -> CopyError {
    match error {
        Error::Full => CopyError::Full { database },
        other => CopyError::Failed {
            database,
            what: other.to_string(),
        },
    }
}
