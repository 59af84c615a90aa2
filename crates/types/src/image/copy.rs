//! Copying a value from one image into another.

use crate::Type;
use crate::image::build::{Builder, TooLarge};
use crate::image::read::{self, Union};
use crate::ty::Shape;

/// Copies the value of type `ty` at `from` in `payload` to `at` in the frames, and the blocks that it points to. What
/// holds no pointers is copied as it is, however many values it is.
pub(crate) fn value(
    builder: &mut Builder,
    ty: &Type,
    payload: &[u8],
    from: usize,
    at: usize,
) -> Result<(), TooLarge> {
    builder.put_slice(at, &payload[from..][..ty.layout().size as usize]);
    Blocks { builder, payload }.value(ty, from, at)
}

/// A walk over the pointers of a value whose fixed part was copied already.
struct Blocks<'a> {
    builder: &'a mut Builder,
    payload: &'a [u8],
}

impl Blocks<'_> {
    /// Copies what the value at `from` points to, and patches the pointers in its copy at `at`.
    fn value(&mut self, ty: &Type, from: usize, at: usize) -> Result<(), TooLarge> {
        if !ty.layout().pointers {
            return Ok(());
        }
        match ty.shape() {
            Shape::String => {
                let data = self.block(from, 1);
                self.builder.block(at, data)
            }
            Shape::List(element) => self.list(element, from, at),
            Shape::Record(fields) => fields.iter().try_for_each(|field| {
                let offset = field.offset as usize;
                self.value(&field.ty, from + offset, at + offset)
            }),
            Shape::Tuple(slots) => slots.iter().try_for_each(|slot| {
                let offset = slot.offset as usize;
                self.value(&slot.ty, from + offset, at + offset)
            }),
            Shape::Variant(cases) => self.carried(cases, from, at),
            Shape::Option(option) => self.carried(option, from, at),
            Shape::Result(either) => self.carried(either, from, at),
            Shape::Bool | Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 => Ok(()),
            Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64 => Ok(()),
            Shape::F32 | Shape::F64 | Shape::Char | Shape::Enum(_) | Shape::Flags(_) => Ok(()),
        }
    }

    fn carried(&mut self, union: &impl Union, from: usize, at: usize) -> Result<(), TooLarge> {
        let case = read::discriminant(&self.payload[from..], union.discriminant_size());
        let offset = union.payload() as usize;
        match union.carried(case as usize) {
            Some(ty) => self.value(ty, from + offset, at + offset),
            None => Ok(()),
        }
    }

    fn list(&mut self, element: &Type, from: usize, at: usize) -> Result<(), TooLarge> {
        let layout = element.layout();
        let size = layout.size as usize;
        let data = self.block(from, size);
        if *element.shape() == Shape::U8 {
            return self.builder.block(at, data);
        }
        let (start, length) = read::pointer(&self.payload[from..]);
        if !layout.pointers {
            return self.builder.plain_list(at, layout.align, data, length);
        }
        let mut list = self.builder.open(element);
        let copy = self.builder.push_many(&mut list, length)?;
        self.builder.put_slice(copy, data);
        for offset in (0..length as usize).map(|index| index * size) {
            self.value(element, start as usize + offset, copy + offset)?;
        }
        self.builder.close(at, list)
    }
}

impl<'a> Blocks<'a> {
    /// The bytes that the string, or list of elements of `size` bytes, at `from` points to.
    fn block(&self, from: usize, size: usize) -> &'a [u8] {
        let (start, length) = read::pointer(&self.payload[from..]);
        &self.payload[start as usize..][..length as usize * size]
    }
}
