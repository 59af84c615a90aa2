//! Taking a directory for one process.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::{failure, off_thread};

/// The name of the lock file.
pub(crate) const LOCK_FILE: &str = "blobs.lock";

/// Why a store of blobs could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has its directory.
    #[error("the directory `{}` is in use by another server; stop it, or give this one a directory of its own", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// Its directory could not be used.
    #[error("the directory `{}` cannot be used: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The cause.
        source: BlobError,
    },
}

/// Opens a directory on a thread that may block. `take` answers none where [another process has it](lock).
pub(crate) async fn open<T: Send + 'static>(
    directory: PathBuf,
    take: impl FnOnce(PathBuf) -> Result<Option<T>, BlobError> + Send + 'static,
) -> Result<T, OpenError> {
    let path = directory.clone();
    match off_thread(move || take(path)).await {
        Ok(Some(taken)) => Ok(taken),
        Ok(None) => Err(OpenError::InUse { directory }),
        Err(source) => Err(OpenError::Directory { directory, source }),
    }
}

/// Holds a directory until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock(File);

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being started has a copy of the file until it runs its program.
        let _ = self.0.unlock();
    }
}

/// Takes a directory. None where another has it.
pub(crate) fn lock(directory: &Path) -> Result<Option<DirectoryLock>, BlobError> {
    const DOING: &str = "taking the lock file";
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let file = options
        .open(directory.join(LOCK_FILE))
        .map_err(|error| failure(DOING, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(DirectoryLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failure(DOING, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn a_copy_of_the_file_does_not_hold_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let held = lock(directory.path()).unwrap().unwrap();
        let _inherited = held.0.try_clone().unwrap();
        assert!(lock(directory.path()).unwrap().is_none());
        drop(held);
        assert!(lock(directory.path()).unwrap().is_some());
    }
}
