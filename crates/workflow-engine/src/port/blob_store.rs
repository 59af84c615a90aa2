//! Values by address as they come from outside and go there: streamed, and read in parts.

use std::ops::Range;

use bytes::Bytes;
use weft_types::{Digest, ProjectName};

use super::Boxed;
use super::blobs::{BlobError, Blobs};

/// What callers do with blobs, beyond what runs need.
///
/// A project sees what it stored itself or was granted, and nothing else. Whether somebody else has the same bytes shows neither in
/// an answer nor in the time it takes.
pub trait BlobStore: Blobs {
    /// The largest blob there can be, in bytes.
    fn max_bytes(&self) -> u64;

    /// Begins to receive bytes of unknown length. Nothing is kept before they are finished.
    ///
    /// # Errors
    /// Where as many are being received as may be.
    fn receive(&self, project: &ProjectName) -> Result<Box<dyn Receiving>, Busy>;

    /// The length of a blob in bytes. Asking keeps it: for a grace period from now on it is not collected, so that whoever asks
    /// can go on to refer to it.
    fn length<'a>(&'a self, project: &'a ProjectName, digest: Digest) -> Boxed<'a, Result<u64, BlobError>>;

    /// Begins to read a part of a blob; what lies beyond its end is left out. Whether it is there and whole shows at the first piece.
    ///
    /// # Errors
    /// Where as many are being read as may be.
    fn read(
        &self,
        project: &ProjectName,
        digest: Digest,
        range: Range<u64>,
    ) -> Result<Box<dyn Reading>, Busy>;

    /// Lets `to` see a blob that `from` sees, durably.
    fn grant<'a>(
        &'a self,
        from: &'a ProjectName,
        to: &'a ProjectName,
        digest: Digest,
    ) -> Boxed<'a, Result<(), BlobError>>;
}

/// A blob on its way in. Dropped before it is finished, it leaves nothing.
pub trait Receiving: Send {
    /// Takes the next bytes.
    fn write(&mut self, chunk: Bytes) -> Boxed<'_, Result<(), BlobError>>;

    /// Keeps what was written, as durably as [`Blobs::put`].
    fn finish(self: Box<Self>) -> Boxed<'static, Result<Stored, BlobError>>;
}

/// A blob on its way out.
pub trait Reading: Send {
    /// The next piece, of at most 256 KiB; none at the end.
    fn next(&mut self) -> Boxed<'_, Result<Option<Bytes>, BlobError>>;
}

/// What was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The hash of its bytes.
    pub digest: Digest,
    /// How many there are.
    pub length: u64,
}

/// As many blobs are on their way as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} blobs are being transferred already, which is as many as may be at once")]
pub struct Busy {
    /// How many may be.
    pub limit: usize,
}
