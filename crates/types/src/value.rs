//! Values as they travel between nodes: in memory, or by address.

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::image::Image;

/// A typed datum. Its type is known from where it stands: a port, a parameter, a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The value itself.
    Direct(Image),
    /// Where the value is kept.
    Address(Address),
}

/// Where a value is kept: an open list of kinds, each with one resolver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// In the blob store, under the hash of its bytes.
    Blob(BlobAddress),
}

/// A blob, and how it is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BlobAddress {
    /// The hash of the stored bytes.
    pub digest: Digest,
    /// The length of the stored bytes; 0 where it is not known, as of a blob that a definition names by its hash.
    pub length: u64,
    /// What the bytes are.
    pub form: Form,
}

/// What the bytes of a blob are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Form {
    /// The elements of a `list<u8>`, so that the address is the hash of its very bytes.
    Raw = 0,
    /// A whole image.
    Image = 1,
}
