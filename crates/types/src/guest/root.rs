//! The fixed part of a value.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// The bytes of a root value; on the heap only where they are many.
#[derive(Clone)]
pub struct Root(Bytes);

#[derive(Clone)]
enum Bytes {
    Inline { bytes: [u8; INLINE], length: u8 },
    Heap(Box<[u8]>),
}

/// Enough for 16 core values of 8 bytes each.
const INLINE: usize = 128;

impl Root {
    /// So many bytes, all zero.
    pub(super) fn zeroed(length: usize) -> Self {
        match length {
            0..=INLINE => Self(Bytes::Inline {
                bytes: [0; INLINE],
                length: length as u8,
            }),
            _ => Self(Bytes::Heap(vec![0; length].into())),
        }
    }
}

impl From<&[u8]> for Root {
    fn from(value: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..value.len()) {
            Some(inline) => {
                inline.copy_from_slice(value);
                let length = value.len() as u8;
                Self(Bytes::Inline { bytes, length })
            }
            None => Self(Bytes::Heap(value.into())),
        }
    }
}

impl Deref for Root {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline { bytes, length } => &bytes[..usize::from(*length)],
            Bytes::Heap(bytes) => bytes,
        }
    }
}

impl DerefMut for Root {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Bytes::Inline { bytes, length } => &mut bytes[..usize::from(*length)],
            Bytes::Heap(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
