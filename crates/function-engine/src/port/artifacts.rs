//! Where code is kept: uploaded bytes by digest, and what was compiled from them.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use weft_quotas::Exceeded;
use weft_types::Digest;

use super::Boxed;

/// Uploaded and compiled code, durable and content-addressed.
///
/// Once a `keep` or `keep_compiled` has returned `Ok`, the file survives a crash of the machine. Whatever was received
/// and not kept is removed, at the latest when the store is opened again.
pub trait Artifacts: Send + Sync + 'static {
    /// Begins to receive an upload of at most `limit` bytes.
    fn receive(&self, limit: u64) -> Boxed<'_, Result<Box<dyn Receiving>, StorageError>>;

    /// Keeps what was received under its digest. Keeping the same bytes twice is fine.
    fn keep<'a>(&'a self, stored: &'a Stored) -> Boxed<'a, Result<(), StorageError>>;

    /// The uploaded bytes with this digest.
    fn code(&self, digest: Digest) -> Option<PathBuf>;

    /// A fresh path on the same file system for a compiler to write to; a leftover there is removed at start.
    fn scratch(&self) -> Result<PathBuf, StorageError>;

    /// Keeps the compiled file at `path` as the form `key` (engine compatibility and tier) of the code `digest`.
    fn keep_compiled<'a>(
        &'a self,
        digest: Digest,
        key: &'a str,
        path: &'a Path,
    ) -> Boxed<'a, Result<Compiled, StorageError>>;

    /// Removes code and whatever was compiled from it; code that is not there is fine. A crash may bring it back, whole or in part, until
    /// it is kept anew.
    fn remove(&self, digest: Digest) -> Boxed<'_, Result<(), StorageError>>;

    /// The compiled form `key` of the code `digest`. Blocks for as long as two file look-ups.
    fn compiled(&self, digest: Digest, key: &str) -> Option<Compiled>;
}

/// An upload under way. Dropping it removes what was written.
pub trait Receiving: Send {
    /// Takes the next bytes.
    fn write(&mut self, chunk: Bytes) -> Boxed<'_, Result<(), StorageError>>;

    /// Ends the upload: the bytes are complete, though not yet kept.
    fn finish(self: Box<Self>) -> Boxed<'static, Result<Stored, StorageError>>;
}

/// A complete upload in a temporary file, which is removed when this is dropped and was not kept.
#[derive(Debug)]
pub struct Stored {
    /// Where it lies.
    pub path: PathBuf,
    /// Its hash.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

impl Drop for Stored {
    fn drop(&mut self) {
        // Renamed away by `keep`, or a leftover; either way its absence is what is wanted.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Compiled code on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// Where it lies.
    pub path: PathBuf,
    /// The hash of the file as it was written: checked before the file is trusted for the first time.
    pub digest: Digest,
}

/// Why code could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The upload is longer than allowed.
    #[error("the upload is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The project has no room left: nothing was kept.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// The same, as another process tells it.
    #[error("{0}")]
    QuotaTold(String),
    /// The disk is full: nothing was kept.
    #[error("the disk is full")]
    Full,
    /// The file system failed. Nothing was acknowledged.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: std::io::Error,
    },
}
