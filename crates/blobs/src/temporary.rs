//! Files that are not finished.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::failure;

const DOING: &str = "writing a blob";

/// A file without a name that counts. Removed when it is dropped without having got one.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    file: File,
    named: bool,
}

impl Temporary {
    /// Makes one in a directory in which nobody else has business, readable by the server's user alone.
    pub(crate) fn create(directory: &Path, purpose: &str) -> Result<Self, BlobError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = directory.join(format!("{purpose}-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut options = File::options();
        options.read(true).write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(|error| failure(DOING, &error))?;
        Ok(Self {
            path,
            file,
            named: false,
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.file.write_all(bytes).map_err(|error| failure(DOING, &error))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, in the place of whatever has it, and hands over the file.
    pub(crate) fn rename(&mut self, to: &Path) -> Result<(), BlobError> {
        fs::rename(&self.path, to).map_err(|error| failure("naming a blob", &error))?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.named {
            // What cannot be removed now is when the store is opened again.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes a file; one that is not there is fine. Answers whether it was.
pub(crate) fn remove(path: &Path) -> Result<bool, BlobError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failure("removing a file", &error)),
    }
}

/// The names in a directory. Names that are not text are not ours.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>, BlobError> {
    let listing = |error| failure("listing a directory", &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(listing)? {
        names.extend(entry.map_err(listing)?.file_name().into_string());
    }
    Ok(names)
}

/// Removes all files in a directory: what an earlier process did not finish.
pub(crate) fn empty(directory: &Path) -> Result<(), BlobError> {
    for name in names(directory)? {
        remove(&directory.join(name))?;
    }
    Ok(())
}
