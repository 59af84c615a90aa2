//! Artifacts in a temporary directory, not durable.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use bytes::Bytes;
use weft_function_engine::port::{Artifacts, Boxed, Compiled, Receiving, StorageError, Stored};
use weft_types::Digest;

pub(crate) struct DirectoryArtifacts {
    directory: tempfile::TempDir,
    next: AtomicUsize,
    /// Fails every keep while set.
    pub(crate) full: AtomicBool,
    /// Fails every keep of what was compiled while set.
    pub(crate) full_after_code: AtomicBool,
}

struct Upload {
    path: PathBuf,
    bytes: Vec<u8>,
    limit: u64,
}

impl DirectoryArtifacts {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            directory,
            next: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            full_after_code: AtomicBool::new(false),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the form `key` of some code lies.
    pub(crate) fn compiled_path(&self, digest: Digest, key: &str) -> PathBuf {
        self.path(&format!("{}.{key}", digest.hex()))
    }

    /// Every file that is neither code nor compiled.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.to_string_lossy().contains("/tmp-"))
            .collect()
    }

    fn keep(&self, from: &Path, to: &Path) -> Result<(), StorageError> {
        if self.full.load(SeqCst) {
            return Err(StorageError::Full);
        }
        std::fs::rename(from, to).map_err(|source| StorageError::Io {
            doing: "keeping",
            source,
        })
    }

    fn temporary(&self) -> PathBuf {
        self.path(&format!("tmp-{}", self.next.fetch_add(1, SeqCst)))
    }
}

impl Artifacts for DirectoryArtifacts {
    fn receive(&self, limit: u64) -> Boxed<'_, Result<Box<dyn Receiving>, StorageError>> {
        let upload: Box<dyn Receiving> = Box::new(Upload {
            path: self.temporary(),
            bytes: Vec::new(),
            limit,
        });
        Box::pin(async move { Ok(upload) })
    }

    fn keep<'a>(&'a self, stored: &'a Stored) -> Boxed<'a, Result<(), StorageError>> {
        let kept = self.keep(&stored.path, &self.path(&stored.digest.hex()));
        Box::pin(async move { kept })
    }

    fn code(&self, digest: Digest) -> Option<PathBuf> {
        Some(self.path(&digest.hex())).filter(|path| path.exists())
    }

    fn scratch(&self) -> Result<PathBuf, StorageError> {
        Ok(self.temporary())
    }

    fn keep_compiled<'a>(
        &'a self,
        digest: Digest,
        key: &'a str,
        path: &'a Path,
    ) -> Boxed<'a, Result<Compiled, StorageError>> {
        if self.full_after_code.load(SeqCst) {
            return Box::pin(async { Err(StorageError::Full) });
        }
        let hash = Digest::of(&std::fs::read(path).unwrap());
        let to = self.compiled_path(digest, key);
        let kept = self.keep(path, &to).map(|()| {
            std::fs::write(to.with_added_extension("b3"), hash.to_string()).unwrap();
            Compiled {
                path: to,
                digest: hash,
            }
        });
        Box::pin(async move { kept })
    }

    fn remove(&self, digest: Digest) -> Boxed<'_, Result<(), StorageError>> {
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(digest.hex().as_str()) {
                std::fs::remove_file(path).unwrap();
            }
        }
        Box::pin(async { Ok(()) })
    }

    fn compiled(&self, digest: Digest, key: &str) -> Option<Compiled> {
        let path = self.compiled_path(digest, key);
        let hash = std::fs::read_to_string(path.with_added_extension("b3")).ok()?;
        path.exists().then(|| Compiled {
            path,
            digest: hash.parse().unwrap(),
        })
    }
}

impl Receiving for Upload {
    fn write(&mut self, chunk: Bytes) -> Boxed<'_, Result<(), StorageError>> {
        self.bytes.extend_from_slice(&chunk);
        let too_large = self.bytes.len() as u64 > self.limit;
        let limit = self.limit;
        Box::pin(async move {
            if too_large {
                Err(StorageError::TooLarge { limit })
            } else {
                Ok(())
            }
        })
    }

    fn finish(self: Box<Self>) -> Boxed<'static, Result<Stored, StorageError>> {
        std::fs::write(&self.path, &self.bytes).unwrap();
        let stored = Stored {
            path: self.path,
            digest: Digest::of(&self.bytes),
            size: self.bytes.len() as u64,
        };
        Box::pin(async move { Ok(stored) })
    }
}
