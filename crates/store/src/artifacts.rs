//! Uploaded and compiled code as files.
//!
//! ```text
//! artifacts/wasm/<hex>.wasm            uploaded bytes, named by their hash
//! artifacts/compiled/<key>/<hex>       what was compiled from them
//! artifacts/compiled/<key>/<hex>.b3    the hash of the compiled file: it exists only beside the file it vouches for
//! artifacts/tmp/                       whatever is not finished; emptied at start
//! ```
//!
//! A file gets its name only when its contents are on the disk, and is acknowledged only when its name is, too.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use weft_function_engine::port::{Artifacts, Boxed, Compiled, Receiving, StorageError, Stored};
use weft_types::Digest;

use crate::disk::Disk;

mod compiled;
mod layout;
mod receiving;
mod sweep;

use compiled::Forms;
use layout::Layout;
use sweep::Candidates;
pub use sweep::Swept;

/// Where code is in a data directory.
pub(crate) const DIRECTORY: &str = "artifacts";

/// The code files of one open store.
#[derive(Clone, Debug)]
pub struct FileArtifacts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    disk: Disk,
    /// Compiled forms whose directory is known to be durable.
    forms: Mutex<Forms>,
    /// What was there at start and has not been kept again since.
    candidates: Mutex<Candidates>,
}

/// Where code lies in a data directory.
pub(crate) fn code_of(directory: &Path, digest: Digest) -> PathBuf {
    Layout::new(directory.join(DIRECTORY)).code(digest)
}

impl FileArtifacts {
    /// Makes the directories where they are missing and empties the temporary one. Blocks.
    pub(crate) fn open(root: PathBuf, disk: Disk) -> Result<Self, StorageError> {
        let layout = Layout::new(root);
        layout.create(&disk)?;
        layout.empty_temporary()?;
        let candidates = Mutex::new(Candidates::found(&layout)?);
        Ok(Self(Arc::new(Inner {
            layout,
            disk,
            forms: Mutex::default(),
            candidates,
        })))
    }

    /// Runs file work on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let inner = self.0.clone();
        receiving::off_thread(move || work(&inner)).await
    }
}

impl Inner {
    /// Gives the finished file `from` its name `to` in `directory`, durably.
    fn publish(&self, from: &Path, to: &Path, directory: &Path) -> Result<(), StorageError> {
        layout::rename(from, to)?;
        self.disk.sync_dir(directory, "naming a file")
    }

    /// Makes the contents of a finished file durable.
    fn settle(&self, path: &Path) -> Result<(), StorageError> {
        self.disk.sync_file(&layout::open(path)?, "writing a file")
    }

    fn keep(&self, from: &Path, digest: Digest) -> Result<(), StorageError> {
        self.disk.check()?;
        sweep::lock(&self.candidates).kept_code(digest);
        // Even where the file is there: it may be the work of a process killed before its name was durable.
        self.settle(from)?;
        self.publish(from, &self.layout.code(digest), self.layout.wasm())
    }
}

impl Artifacts for FileArtifacts {
    fn receive(&self, limit: u64) -> Boxed<'_, Result<Box<dyn Receiving>, StorageError>> {
        Box::pin(async move {
            self.0.disk.check()?;
            let path = self.0.layout.temporary("upload");
            Ok(Box::new(receiving::Upload::new(path, limit)) as Box<dyn Receiving>)
        })
    }

    fn keep<'a>(&'a self, stored: &'a Stored) -> Boxed<'a, Result<(), StorageError>> {
        let (path, digest) = (stored.path.clone(), stored.digest);
        Box::pin(self.blocking(move |inner| inner.keep(&path, digest)))
    }

    fn code(&self, digest: Digest) -> Option<PathBuf> {
        Some(self.0.layout.code(digest)).filter(|path| path.is_file())
    }

    fn scratch(&self) -> Result<PathBuf, StorageError> {
        self.0.disk.check()?;
        Ok(self.0.layout.temporary("compile"))
    }

    fn keep_compiled<'a>(
        &'a self,
        digest: Digest,
        key: &'a str,
        path: &'a Path,
    ) -> Boxed<'a, Result<Compiled, StorageError>> {
        let (key, path) = (key.to_owned(), path.to_owned());
        Box::pin(self.blocking(move |inner| inner.keep_compiled(digest, &key, &path)))
    }

    fn remove(&self, digest: Digest) -> Boxed<'_, Result<(), StorageError>> {
        Box::pin(self.blocking(move |inner| inner.remove(digest)))
    }

    fn compiled(&self, digest: Digest, key: &str) -> Option<Compiled> {
        compiled::find(&self.0.layout, digest, key)
    }
}
