//! Where each file lies.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use weft_function_engine::port::StorageError;
use weft_types::Digest;

use crate::disk::{Disk, failure};

/// The longest key of a compiled form, in bytes.
const MAX_KEY: usize = 128;

/// The directories below `artifacts/`.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    wasm: PathBuf,
    compiled: PathBuf,
    tmp: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            wasm: root.join("wasm"),
            compiled: root.join("compiled"),
            tmp: root.join("tmp"),
            root,
        }
    }

    /// Makes the directories, durably, whichever process has made them.
    pub(super) fn create(&self, disk: &Disk) -> Result<(), StorageError> {
        disk.create_dir(&self.root)?;
        for path in [&self.wasm, &self.compiled, &self.tmp] {
            disk.create_unsynced_dir(path)?;
        }
        disk.sync_dir(&self.root, "creating directories")
    }

    /// Removes what an earlier process did not finish.
    pub(super) fn empty_temporary(&self) -> Result<(), StorageError> {
        for name in names(&self.tmp)? {
            remove(&self.tmp.join(name))?;
        }
        Ok(())
    }

    /// A path that nobody in this process uses; other processes have no business here.
    pub(super) fn temporary(&self, purpose: &str) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.tmp
            .join(format!("{purpose}-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn wasm(&self) -> &Path {
        &self.wasm
    }

    pub(super) fn compiled(&self) -> &Path {
        &self.compiled
    }

    pub(super) fn code(&self, digest: Digest) -> PathBuf {
        self.wasm.join(format!("{}.wasm", digest.hex()))
    }

    /// The directory of a compiled form, where `key` can be the name of one.
    pub(super) fn form(&self, key: &str) -> Option<PathBuf> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = !key.is_empty() && key.len() <= MAX_KEY && !key.starts_with('.') && key.bytes().all(plain);
        fits.then(|| self.compiled.join(key))
    }
}

/// The names in a directory.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, StorageError> {
    let listing = |error| failure("listing a directory", error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(listing)? {
        // Names that are not text are not ours.
        names.extend(entry.map_err(listing)?.file_name().into_string());
    }
    Ok(names)
}

/// Removes a file; one that is not there is fine. Answers whether it was.
pub(super) fn remove(path: &Path) -> Result<bool, StorageError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failure("removing a file", error)),
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StorageError> {
    fs::rename(from, to).map_err(|error| failure("naming a file", error))
}

pub(super) fn open(path: &Path) -> Result<File, StorageError> {
    File::open(path).map_err(|error| failure("opening a file", error))
}

/// The error for a key that cannot be the name of a directory.
pub(super) fn bad_key(key: &str) -> StorageError {
    let message = format!(
        "`{}` cannot name a compiled form: 1 to {MAX_KEY} ASCII letters, digits, `-`, `_` and `.` can, not `.` first",
        key.escape_debug()
    );
    failure(
        "keeping compiled code",
        io::Error::new(ErrorKind::InvalidInput, message),
    )
}
