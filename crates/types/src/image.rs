//! Values outside any guest: image format 1.
//!
//! An image is one run of bytes: a header of [`Image::HEADER`] bytes and a payload.
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 1 | [`Image::FORMAT`] |
//! | 1 | 7 | zero |
//! | 8 | 32 | the [digest](Type::digest) of the type |
//! | 40 | rest | the payload |
//!
//! The payload begins with the root value, laid out by its type's [`Layout`](crate::Layout); behind it lie the *blocks*
//! that strings and lists point to. Numbers are little-endian. A string or list is a pointer and a length, 4 bytes each;
//! the pointer is an offset from the start of the payload, the length counts bytes (string) or elements (list).
//!
//! The form is canonical: equal values of one type have equal bytes.
//!
//! - Blocks follow in the order in which a walk over the value *leaves* them: members in the order of the type, elements
//!   in order, and what the elements of a list point to before the list's own block (post-order).
//! - A block begins at the first offset behind the previous one that is a multiple of its alignment (1 for a string, the
//!   element's for a list). The payload ends with the last block.
//! - A block of no bytes is not there: its pointer is 0. Thus empty strings and lists, and lists of elements of size 0.
//! - Padding inside and between values, the part of a payload area that the present case does not use, and unused bits of
//!   flags are zero.
//! - A `bool` is 0 or 1; a NaN is `0x7fc00000` or `0x7ff8000000000000`.

use bytes::Bytes;

use crate::{Digest, Type};

mod assemble;
mod attached;
pub(crate) mod build;
mod check;
mod convert;
mod copy;
mod outcome;
mod raw;
pub(crate) mod read;
mod view;
mod written;

pub use assemble::{AssembleError, Piece};
pub use attached::{Attached, Attachment};
pub use convert::{Conversion, Difference, Mismatch};
pub use outcome::Outcome;
pub use raw::RawBuilder;
pub use view::{Choice, View};
pub use written::Written;

/// A value and the digest of its type, in one run of bytes that can be stored, sent and mapped as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    bytes: Bytes,
}

/// Bounds on a value, checked wherever one is built or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the payload. No payload reaches 4 GiB, whatever stands here.
    pub bytes: usize,
    /// Elements over all lists, bytes of strings and of `list<u8>` not counted.
    pub elements: usize,
}

impl Image {
    /// The format's number, the first byte of every image.
    pub const FORMAT: u8 = 1;
    /// Bytes before the payload.
    pub const HEADER: usize = 40;

    /// The whole image.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The root value and its blocks.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[Self::HEADER..]
    }

    /// The digest of its type.
    #[must_use]
    pub fn type_digest(&self) -> Digest {
        let mut digest = [0; Digest::LEN];
        digest.copy_from_slice(&self.bytes[8..Self::HEADER]);
        Digest::from_bytes(digest)
    }

    /// Accepts bytes from outside the process after checking every rule of the format against `ty`. Takes time
    /// proportional to the length, whatever the bytes say.
    ///
    /// # Errors
    /// Where a rule is broken, or the value is larger than `bounds`.
    pub fn from_bytes(bytes: Bytes, ty: &Type, bounds: Bounds) -> Result<Self, Invalid> {
        check::check(&bytes, ty, bounds)?;
        Ok(Self { bytes })
    }

    /// Takes bytes that [`build`] or [`raw`] made.
    fn from_built(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into() }
    }
}

/// Why bytes are not an image of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid image: {what} at byte {at}")]
pub struct Invalid {
    /// What is wrong.
    pub what: &'static str,
    /// Where, as an offset into the payload.
    pub at: usize,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Image({} bytes of {})",
            self.payload().len(),
            self.type_digest()
        )
    }
}

/// The eight bytes and the digest that an image of `ty` begins with.
fn header(ty: &Type) -> [u8; Image::HEADER] {
    let mut header = [0; Image::HEADER];
    header[0] = Image::FORMAT;
    header[8..].copy_from_slice(ty.digest().as_bytes());
    header
}
