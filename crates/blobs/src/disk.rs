//! Files and directories that are on the disk when they are said to be.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::OnceLock;

use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::{failure, is_full};

/// The file system below one store, synced with care.
///
/// A failed sync may have dropped the very pages it was asked to write, and the next one would report success without them. So the
/// first failure ends all writing; only opening the store again, which takes what is on the disk as it is, clears it.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    broken: OnceLock<String>,
}

impl Disk {
    /// Refuses to begin a write once a sync has failed.
    pub(crate) fn check(&self) -> Result<(), BlobError> {
        self.broken.get().map_or(Ok(()), |failure| Err(stopped(failure)))
    }

    /// Makes a file durable. A full disk is not a broken one here: the caller gives up the file.
    pub(crate) fn sync_file(&self, file: &File, doing: &str) -> Result<(), BlobError> {
        file.sync_all().map_err(|error| {
            if is_full(&error) {
                BlobError::Full
            } else {
                self.broke(doing, &error)
            }
        })
    }

    /// Makes the names in a directory durable.
    pub(crate) fn sync_dir(&self, path: &Path, doing: &str) -> Result<(), BlobError> {
        let directory = File::open(path).map_err(|error| failure(doing, &error))?;
        directory.sync_all().map_err(|error| self.broke(doing, &error))
    }

    /// Makes a directory and whatever is missing above it, durably.
    ///
    /// A directory found there may be the work of a process killed before it could sync, so its own name is synced too. Those above it
    /// then are durable: each was before the next was made.
    pub(crate) fn create_dir(&self, path: &Path) -> Result<(), BlobError> {
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
            Some(Err(error)) => Err(failure(DOING, &error)),
            Some(Ok(directory)) => directory.sync_all().map_err(|error| self.broke(DOING, &error)),
        }
    }

    /// Makes a directory in one that is there; its name is durable once that one is synced. For the server's own user alone.
    pub(crate) fn create_unsynced_dir(&self, path: &Path) -> Result<(), BlobError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(failure("creating a directory", &error))
            }
            _ => Ok(()),
        }
    }

    fn broke(&self, doing: &str, error: &io::Error) -> BlobError {
        let first = self.broken.get_or_init(|| {
            let failure = format!("{doing} failed to sync: {error}");
            tracing::error!(
                failure,
                "a sync failed: no blob is stored until the server is restarted"
            );
            failure
        });
        stopped(first)
    }
}

fn stopped(failure: &str) -> BlobError {
    BlobError::Store(format!(
        "it has stopped taking blobs, because {failure}, and what has reached the disk is not known: check the disk, then restart \
         the server"
    ))
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
