//! Plain bytes as images and back, without a detour.

use bytes::Bytes;

use super::{Image, Outcome, header, read};
use crate::Type;
use crate::ty::Shape;

/// A `list<u8>`, or a record whose only field is one, being received piece by piece into the image itself.
pub struct RawBuilder {
    /// Header, root (a pointer and a length, zero so far) and the bytes.
    image: Vec<u8>,
}

/// Where the bytes begin in such an image.
const START: usize = Image::HEADER + ROOT;
/// Bytes of the root: a pointer and a length.
const ROOT: usize = 8;

impl RawBuilder {
    /// Makes room for `capacity` bytes, more come at the price of a copy; none where a `ty` is not plain bytes.
    #[must_use]
    pub fn new(ty: &Type, capacity: usize) -> Option<Self> {
        holds_bytes(ty).then(|| {
            let mut image = Vec::with_capacity(START + capacity);
            image.extend_from_slice(&header(ty));
            image.resize(START, 0);
            Self { image }
        })
    }

    /// How many bytes more there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.image.capacity() - self.image.len()
    }

    /// Makes room for so many bytes more, and as much ahead as grows well.
    pub fn reserve(&mut self, bytes: usize) {
        self.image.reserve(bytes);
    }

    /// Makes room for exactly so many bytes more.
    pub fn reserve_exact(&mut self, bytes: usize) {
        self.image.reserve_exact(bytes);
    }

    /// Appends bytes. Keeping them under 4 GiB in all, and under a sensible limit, is the caller's part.
    pub fn extend(&mut self, data: &[u8]) {
        self.image.extend_from_slice(data);
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.image.len() - START
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The image; none where it would reach 4 GiB.
    #[must_use]
    pub fn finish(mut self) -> Option<Image> {
        u32::try_from(self.len() + ROOT).ok()?;
        let length = self.len() as u32;
        let pointer = if length == 0 { 0 } else { ROOT as u32 };
        self.image[Image::HEADER..][..4].copy_from_slice(&pointer.to_le_bytes());
        self.image[Image::HEADER + 4..][..4].copy_from_slice(&length.to_le_bytes());
        Some(Image::from_built(self.image))
    }
}

impl Image {
    /// An image of a `list<u8>`, or of a record whose only field is one, with one copy of `data`; none for any other
    /// type.
    #[must_use]
    pub fn of_raw(ty: &Type, data: &[u8]) -> Option<Self> {
        let mut builder = RawBuilder::new(ty, data.len())?;
        builder.extend(data);
        builder.finish()
    }

    /// The bytes of a `list<u8>`, of a record whose only field is one, or of a `result<list<u8>, …>` that is ok,
    /// without a copy; none for any other type or an err. The image must be of type `ty`.
    #[must_use]
    pub fn raw(&self, ty: &Type) -> Option<Bytes> {
        let root = self.raw_root(ty)?;
        let (pointer, length) = read::pointer(self.payload().get(root..)?);
        let start = Self::HEADER + pointer as usize;
        (start + length as usize <= self.bytes.len())
            .then(|| self.bytes.slice(start..start + length as usize))
    }

    /// Where pointer and length of the plain bytes lie.
    fn raw_root(&self, ty: &Type) -> Option<usize> {
        match ty.shape() {
            Shape::Result(either) => {
                let bytes = either.ok.as_ref().is_some_and(|ok| ok.is_bytes());
                (bytes && self.outcome(ty) == Outcome::Ok).then_some(either.payload as usize)
            }
            _ => holds_bytes(ty).then_some(0),
        }
    }
}

fn holds_bytes(ty: &Type) -> bool {
    match ty.shape() {
        Shape::Record(fields) => matches!(&**fields, [field] if field.ty.is_bytes()),
        _ => ty.is_bytes(),
    }
}
