//! Writing an image front to back.

use crate::Type;
use crate::image::{Bounds, Image, copy, header};
use crate::ty::{Shape, align_up};

/// An image under construction.
///
/// Blocks go to their final place at once. What cannot yet, because the blocks that it points to come first, gathers in
/// `frames`: the root value at the bottom, above it the elements of each list that is open, the innermost on top.
pub(crate) struct Builder {
    image: Vec<u8>,
    frames: Vec<u8>,
    /// Bytes of the root value, which has room in both.
    root: usize,
    bounds: Bounds,
    elements: usize,
}

/// A list whose elements are gathering.
#[derive(Clone, Copy)]
pub(crate) struct OpenList {
    base: usize,
    size: usize,
    align: u32,
    length: u32,
    /// Whether its elements count: those of a `list<u8>` do not.
    counts: bool,
}

/// A bound of [`Bounds`] was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooLarge {
    #[error("the value is larger than {0} bytes")]
    Bytes(usize),
    #[error("the value has more than {0} elements in its lists")]
    Elements(usize),
}

impl OpenList {
    /// How many elements there are.
    pub(crate) fn length(&self) -> usize {
        self.length as usize
    }
}

impl Builder {
    /// What the value is held against.
    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Puts the value of an image, which is of type `ty`.
    pub(crate) fn image(&mut self, at: usize, ty: &Type, image: &Image) -> Result<(), TooLarge> {
        copy::value(self, ty, image.payload(), 0, at)
    }

    /// Begins a value of type `ty`, all zero, whose payload may come to about `expected` bytes.
    pub(crate) fn new(ty: &Type, bounds: Bounds, expected: usize) -> Result<Self, TooLarge> {
        let root = ty.layout().size as usize;
        let bytes = bounds.bytes.min(u32::MAX as usize);
        if root > bytes {
            return Err(TooLarge::Bytes(bytes));
        }
        let mut image = Vec::with_capacity(Image::HEADER + root.max(expected.min(bytes)));
        image.extend_from_slice(&header(ty));
        image.resize(Image::HEADER + root, 0);
        let mut frames = Vec::with_capacity(root + 512);
        frames.resize(root, 0);
        Ok(Self {
            image,
            frames,
            root,
            bounds: Bounds { bytes, ..bounds },
            elements: 0,
        })
    }

    /// Writes the fixed part of a value at `at` in the frames.
    pub(crate) fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        self.frames[at..at + N].copy_from_slice(&bytes);
    }

    /// Writes the fixed part of a value, or several, at `at` in the frames.
    pub(crate) fn put_slice(&mut self, at: usize, bytes: &[u8]) {
        self.frames[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Sets bit `bit` of the flags at `at`: whether it was clear.
    pub(crate) fn set_bit(&mut self, at: usize, bit: usize) -> bool {
        let byte = &mut self.frames[at + bit / 8];
        let mask = 1 << (bit % 8);
        let clear = *byte & mask == 0;
        *byte |= mask;
        clear
    }

    /// Writes the discriminant of `size` bytes.
    pub(crate) fn put_discriminant(&mut self, at: usize, size: u32, case: usize) {
        match size {
            1 => self.put(at, [case as u8]),
            2 => self.put(at, (case as u16).to_le_bytes()),
            _ => self.put(at, (case as u32).to_le_bytes()),
        }
    }

    /// Appends a block of bytes; the string or `list<u8>` at `at` points to it.
    pub(crate) fn block(&mut self, at: usize, data: &[u8]) -> Result<(), TooLarge> {
        self.check_room(data.len())?;
        let start = self.payload_length();
        self.image.extend_from_slice(data);
        self.put_pointer(at, start, data.len() as u32);
        Ok(())
    }

    /// Appends the `length` elements in `data`, which hold no pointers, as they are; the list at `at` points to them. They
    /// must be canonical.
    pub(crate) fn plain_list(
        &mut self,
        at: usize,
        align: u32,
        data: &[u8],
        length: u32,
    ) -> Result<(), TooLarge> {
        if length as usize > self.bounds.elements - self.elements {
            return Err(TooLarge::Elements(self.bounds.elements));
        }
        self.elements += length as usize;
        if data.is_empty() {
            self.put_pointer(at, 0, length);
            return Ok(());
        }
        let start = align_up(self.payload_length(), align);
        let padding = (start - self.payload_length()) as usize;
        self.check_room(data.len().saturating_add(padding))?;
        self.image.resize(Image::HEADER + start as usize, 0);
        self.image.extend_from_slice(data);
        self.put_pointer(at, start, length);
        Ok(())
    }

    /// Appends the block of bytes that `write` adds to the end of a buffer, at most `most` of them.
    pub(crate) fn block_with<E>(
        &mut self,
        at: usize,
        most: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Result<(), E>, TooLarge> {
        self.check_room(most)?;
        let start = self.payload_length();
        let wrote = write(&mut self.image);
        self.put_pointer(at, start, self.payload_length().saturating_sub(start));
        Ok(wrote)
    }

    /// Begins a list of `element`s. Lists close in the reverse order of their opening.
    pub(crate) fn open(&self, element: &Type) -> OpenList {
        OpenList {
            base: self.frames.len(),
            size: element.layout().size as usize,
            align: element.layout().align,
            length: 0,
            counts: *element.shape() != Shape::U8,
        }
    }

    /// Begins a `list<u8>`.
    pub(crate) fn open_bytes(&self) -> OpenList {
        OpenList {
            base: self.frames.len(),
            size: 1,
            align: 1,
            length: 0,
            counts: false,
        }
    }

    /// Adds an element, all zero, to the innermost open list: where it lies in the frames.
    pub(crate) fn push(&mut self, list: &mut OpenList) -> Result<usize, TooLarge> {
        self.push_many(list, 1)
    }

    /// Adds `count` elements, all zero, to the innermost open list: where the first lies in the frames.
    pub(crate) fn push_many(&mut self, list: &mut OpenList, count: u32) -> Result<usize, TooLarge> {
        let elements = if list.counts { count as usize } else { 0 };
        let length = list.length.checked_add(count);
        let (Some(length), true) = (length, elements <= self.bounds.elements - self.elements) else {
            return Err(TooLarge::Elements(self.bounds.elements));
        };
        let more = list.size.saturating_mul(count as usize);
        self.check_room(more)?;
        self.elements += elements;
        list.length = length;
        let at = self.frames.len();
        self.frames.resize(at + more, 0);
        Ok(at)
    }

    /// Adds a byte to the innermost open list, a `list<u8>`, whose elements do not count.
    pub(crate) fn push_byte(&mut self, list: &mut OpenList, byte: u8) -> Result<(), TooLarge> {
        self.check_room(1)?;
        list.length += 1;
        self.frames.push(byte);
        Ok(())
    }

    /// Appends the elements as a block; the list at `at` points to it.
    pub(crate) fn close(&mut self, at: usize, list: OpenList) -> Result<(), TooLarge> {
        let mut start = self.payload_length();
        if self.frames.len() > list.base {
            start = align_up(start, list.align);
            self.check_room((start - self.payload_length()) as usize)?;
            self.image.resize(Image::HEADER + start as usize, 0);
            self.image.extend_from_slice(&self.frames[list.base..]);
            self.frames.truncate(list.base);
        }
        self.put_pointer(at, if list.size == 0 { 0 } else { start }, list.length);
        Ok(())
    }

    /// The image, once all lists are closed.
    pub(crate) fn finish(mut self) -> Image {
        self.image[Image::HEADER..][..self.frames.len()].copy_from_slice(&self.frames);
        Image::from_built(self.image)
    }

    fn put_pointer(&mut self, at: usize, start: u32, length: u32) {
        let pointer = if length == 0 { 0 } else { start };
        self.put(at, pointer.to_le_bytes());
        self.put(at + 4, length.to_le_bytes());
    }

    /// Fits in 32 bits: `check_room` keeps it below.
    fn payload_length(&self) -> u32 {
        (self.image.len() - Image::HEADER) as u32
    }

    /// Whether `more` bytes fit beside what there is already, which all ends up in the payload.
    fn check_room(&self, more: usize) -> Result<(), TooLarge> {
        let open = self.frames.len() - self.root;
        if (self.payload_length() as usize + open).saturating_add(more) > self.bounds.bytes {
            return Err(TooLarge::Bytes(self.bounds.bytes));
        }
        Ok(())
    }
}
