//! Values by address: bytes under their BLAKE3 hash, by project.
//!
//! It implements the ports [`Blobs`](weft_workflow_engine::port::blobs::Blobs), which runs use, and
//! [`BlobStore`](weft_workflow_engine::port::blob_store::BlobStore), which callers use.
//!
//! - [`LocalBlobs`] keeps blobs in a directory. The default.
//! - [`ObjectBlobs`] keeps them in an object store ([`object_store`]), with a local cache.
//!
//! The same bytes are stored once, whoever stores them. Who may see them is a matter of small *owner* files beside them, one for each
//! project that has presented all of the bytes, or was granted them by one that has. Storing does the same work whether or not the
//! bytes are there, unless this very project has stored them before: neither the answer nor its time tells what others have. It also
//! means that storing again mends what was damaged.
//!
//! # Why local files are written by hand
//!
//! `object_store` writes local files too, and since 0.14 syncs them when asked to (`with_fsync`; by default a blob is gone after a cut of
//! power). That is not enough here:
//!
//! - An object's name must be known before its first byte, and the name of a blob is the hash of its last. So each would be staged,
//!   renamed by the store, and renamed again by us, with syncs for both.
//! - A directory that a killed process made, and had no time to sync, is taken for durable by the next one.
//! - A sync that failed is an error like any other, and the next write succeeds. The pages that were lost stay lost, so whoever goes
//!   on must not promise anything until the directory was opened anew.
//! - What a killed process had staged lies among the objects for good, and a full disk is told from other errors by text only.
//!
//! Stores behind a network do all of this on their side, and that is what the crate is used for.
//!
//! # Bounds
//!
//! Each is a field of [`Options`], with its default: bytes of a blob (4 GiB), uploads at once (64), downloads at once (256), stores and
//! look-ups of runs at once (16, others wait), blobs mapped at once (4,096, others are read), facts remembered (262,144).

mod disk;
mod dispatch;
mod known;
mod local;
mod mapped;
mod opening;
mod options;
mod pieces;
mod remote;
mod temporary;
mod turns;
mod upload;

pub use local::{Held, Kept, LocalBlobs};
pub use object_store;
pub use opening::OpenError;
pub use options::Options;
pub use remote::ObjectBlobs;

/// What a collection removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many blobs.
    pub blobs: u64,
    /// How many bytes they had.
    pub bytes: u64,
}
