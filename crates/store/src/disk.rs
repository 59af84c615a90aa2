//! Files and directories that are on the disk when they are said to be.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use weft_function_engine::port::StorageError;

use crate::health::Health;

/// The file system below one store, synced with care.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    health: Arc<Health>,
}

impl Disk {
    pub(crate) fn new(health: Arc<Health>) -> Self {
        Self { health }
    }

    /// Refuses to begin a write once a sync has failed.
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        self.health.check().map_err(|broken| StorageError::Io {
            doing: "writing",
            source: io::Error::other(broken),
        })
    }

    /// Makes the contents of a file durable. A full disk is not a broken one here: the caller gives up the file.
    pub(crate) fn sync_file(&self, file: &File, doing: &'static str) -> Result<(), StorageError> {
        file.sync_data().map_err(|error| {
            if is_full(&error) {
                StorageError::Full
            } else {
                self.broke(doing, &error)
            }
        })
    }

    /// Makes the names in a directory durable.
    pub(crate) fn sync_dir(&self, path: &Path, doing: &'static str) -> Result<(), StorageError> {
        let directory = File::open(path).map_err(|error| failure(doing, error))?;
        directory.sync_all().map_err(|error| self.broke(doing, &error))
    }

    /// Makes a directory and whatever is missing above it, durably.
    ///
    /// A directory found there may be the work of a process killed before it could sync, so its own name is synced too.
    /// Those above it then are durable: each was before the next was made.
    pub(crate) fn create_dir(&self, path: &Path) -> Result<(), StorageError> {
        const DOING: &str = "creating a directory";
        if !path.is_dir() {
            if let Some(parent) = parent(path) {
                self.create_dir(parent)?;
            }
            self.create_unsynced_dir(path)?;
        }
        match parent(path).map(File::open) {
            // One that may not be read was there before, as nobody makes such a directory for us.
            None => Ok(()),
            Some(Err(error)) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            Some(Err(error)) => Err(failure(DOING, error)),
            Some(Ok(directory)) => directory.sync_all().map_err(|error| self.broke(DOING, &error)),
        }
    }

    /// Makes a directory in one that is there; its name is durable once that one is synced.
    ///
    /// For the server's own user alone: code, and environment variables in settings, are nobody else's business.
    pub(crate) fn create_unsynced_dir(&self, path: &Path) -> Result<(), StorageError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(failure("creating a directory", error))
            }
            _ => Ok(()),
        }
    }

    fn broke(&self, doing: &'static str, error: &io::Error) -> StorageError {
        let broken = self.health.failed(format!("{doing} failed to sync: {error}"));
        StorageError::Io {
            doing,
            source: io::Error::other(broken),
        }
    }
}

/// The directory a path lies in; `.` for a bare name, none for a root.
fn parent(path: &Path) -> Option<&Path> {
    path.parent().map(|parent| {
        if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        }
    })
}

/// The port's error for a failed file operation.
pub(crate) fn failure(doing: &'static str, source: io::Error) -> StorageError {
    if is_full(&source) {
        StorageError::Full
    } else {
        StorageError::Io { doing, source }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
