//! What cannot be taken apart further.

use bytes::Bytes;

use super::View;
use crate::image::read;
use crate::ty::Shape;

impl<'a> View<'a> {
    /// A `bool`.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        matches!(self.ty().shape(), Shape::Bool).then(|| self.fixed()[0] != 0)
    }

    /// An integer of any width.
    #[must_use]
    pub fn as_integer(self) -> Option<i128> {
        let value = self.fixed();
        match self.ty().shape() {
            Shape::S8 => Some(i8::from_le_bytes(read::bytes(value)).into()),
            Shape::U8 => Some(u8::from_le_bytes(read::bytes(value)).into()),
            Shape::S16 => Some(i16::from_le_bytes(read::bytes(value)).into()),
            Shape::U16 => Some(u16::from_le_bytes(read::bytes(value)).into()),
            Shape::S32 => Some(i32::from_le_bytes(read::bytes(value)).into()),
            Shape::U32 => Some(u32::from_le_bytes(read::bytes(value)).into()),
            Shape::S64 => Some(i64::from_le_bytes(read::bytes(value)).into()),
            Shape::U64 => Some(u64::from_le_bytes(read::bytes(value)).into()),
            _ => None,
        }
    }

    /// An `f32` or `f64`; the former is the same number as the latter.
    #[must_use]
    pub fn as_float(self) -> Option<f64> {
        match self.ty().shape() {
            Shape::F32 => Some(f32::from_le_bytes(read::bytes(self.fixed())).into()),
            Shape::F64 => Some(f64::from_le_bytes(read::bytes(self.fixed()))),
            _ => None,
        }
    }

    /// A `char`.
    #[must_use]
    pub fn as_char(self) -> Option<char> {
        match self.ty().shape() {
            Shape::Char => char::from_u32(u32::from_le_bytes(read::bytes(self.fixed()))),
            _ => None,
        }
    }

    /// A `string`. Takes time proportional to its length: it is looked through once more.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self.ty().shape() {
            Shape::String => std::str::from_utf8(self.block(1)).ok(),
            _ => None,
        }
    }

    /// A `list<u8>`.
    #[must_use]
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        self.ty().is_bytes().then(|| self.block(1))
    }

    /// A `list<u8>`, sharing the image's bytes.
    #[must_use]
    pub fn to_bytes(self) -> Option<Bytes> {
        let bytes = self.as_bytes()?;
        Some(self.image().as_bytes().slice_ref(bytes))
    }

    /// Whether flag `index`, from 0, is set.
    #[must_use]
    pub fn flag(self, index: usize) -> Option<bool> {
        match self.ty().shape() {
            Shape::Flags(names) if index < names.len() => Some(is_set(self.fixed(), index)),
            _ => None,
        }
    }

    /// The names of the flags that are set, in the order of the type.
    #[must_use]
    pub fn flags(self) -> Option<impl Iterator<Item = &'a str>> {
        let bits = self.fixed();
        match self.ty().shape() {
            Shape::Flags(names) => {
                let named = names.iter().enumerate();
                Some(named.filter_map(move |(index, name)| is_set(bits, index).then_some(&**name)))
            }
            _ => None,
        }
    }
}

fn is_set(bits: &[u8], index: usize) -> bool {
    bits[index / 8] >> (index % 8) & 1 == 1
}
