//! Values by address.

use bytes::Bytes;
use weft_quotas::Exceeded;
use weft_types::value::BlobAddress;
use weft_types::{Digest, ProjectName};

use super::Boxed;

/// Content-addressed bytes per project, durable: what `put` has answered survives a crash of the machine.
pub trait Blobs: Send + Sync + 'static {
    /// Keeps bytes under their hash. Keeping the same twice is fine, and told to nobody.
    fn put<'a>(&'a self, project: &'a ProjectName, bytes: Bytes) -> Boxed<'a, Result<Digest, BlobError>>;

    /// The bytes at an address, mapped rather than read where they are a local file. The hash alone says which they are: an address
    /// in a definition does not know their length.
    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        address: &'a BlobAddress,
    ) -> Boxed<'a, Result<Bytes, BlobError>>;

    /// Lets projects go on to see these blobs: those among them that they do see count as new. Not durably, as a store that was
    /// opened anew removes nothing before it was told again.
    fn keep(&self, named: Vec<(ProjectName, Digest)>) -> Boxed<'_, Result<(), BlobError>>;
}

/// Why a blob is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The project has no such blob: it never had, or it was collected.
    #[error("there is no blob {0}")]
    Missing(Digest),
    /// Its bytes are not those that were stored.
    #[error("blob {0} is damaged: its bytes do not match its hash")]
    Damaged(Digest),
    /// It is larger than allowed.
    #[error("the blob is larger than the limit of {0} bytes")]
    TooLarge(u64),
    /// The project has no room left for it: nothing was kept.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// The disk is full: nothing was kept.
    #[error("the disk is full")]
    Full,
    /// The store failed.
    #[error("the blob store failed: {0}")]
    Store(String),
}
