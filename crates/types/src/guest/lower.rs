//! Out of an image into guest memory.

use super::{GuestMemory, Root};
use crate::Type;
use crate::image::Image;
use crate::image::read::{self, Union};
use crate::ty::Shape;

pub(super) fn lower<M: GuestMemory>(ty: &Type, image: &Image, memory: &mut M) -> Result<Root, M::Error> {
    let payload = image.payload();
    let mut root = Root::from(&payload[..ty.layout().size as usize]);
    let mut lower = Lower {
        payload,
        memory,
        target: Target::Root(&mut root),
    };
    lower.value(ty, 0, 0)?;
    Ok(root)
}

/// Places what the value of type `ty` at `at` in the payload of `image` points to, and patches its copy at `copy` in `root`.
pub(super) fn part<M: GuestMemory>(
    ty: &Type,
    (image, at): (&Image, usize),
    memory: &mut M,
    (root, copy): (&mut Root, usize),
) -> Result<(), M::Error> {
    let mut lower = Lower {
        payload: image.payload(),
        memory,
        target: Target::Root(root),
    };
    lower.value(ty, at, copy)
}

/// A walk over the pointers of an image.
struct Lower<'a, M> {
    payload: &'a [u8],
    memory: &'a mut M,
    target: Target<'a>,
}

/// Where the copy lies whose pointers are being patched.
enum Target<'a> {
    /// The root, at the same offsets as in the payload.
    Root(&'a mut Root),
    /// Guest memory.
    Memory,
}

impl<M: GuestMemory> Lower<'_, M> {
    /// Places what the value at `at` in the payload points to; its copy lies at `copy` in the target.
    fn value(&mut self, ty: &Type, at: usize, copy: usize) -> Result<(), M::Error> {
        if !ty.layout().pointers {
            return Ok(());
        }
        match ty.shape() {
            Shape::String => self.block(1, 1, at, copy).map(drop),
            Shape::List(element) => self.list(element, at, copy),
            Shape::Record(fields) => fields.iter().try_for_each(|field| {
                let offset = field.offset as usize;
                self.value(&field.ty, at + offset, copy + offset)
            }),
            Shape::Tuple(slots) => slots.iter().try_for_each(|slot| {
                let offset = slot.offset as usize;
                self.value(&slot.ty, at + offset, copy + offset)
            }),
            Shape::Variant(cases) => self.union(cases, at, copy),
            Shape::Option(option) => self.union(option, at, copy),
            Shape::Result(either) => self.union(either, at, copy),
            _ => Ok(()),
        }
    }

    fn union(&mut self, union: &impl Union, at: usize, copy: usize) -> Result<(), M::Error> {
        let case = read::discriminant(&self.payload[at..], union.discriminant_size());
        let offset = union.payload() as usize;
        match union.carried(case as usize) {
            Some(ty) => self.value(ty, at + offset, copy + offset),
            None => Ok(()),
        }
    }

    fn list(&mut self, element: &Type, at: usize, copy: usize) -> Result<(), M::Error> {
        let layout = element.layout();
        let block = self.block(layout.align, layout.size, at, copy)?;
        if !layout.pointers {
            return Ok(());
        }
        let (start, length) = read::pointer(&self.payload[at..]);
        let root = std::mem::replace(&mut self.target, Target::Memory);
        let size = layout.size as usize;
        for offset in (0..length as usize).map(|index| index * size) {
            self.value(element, start as usize + offset, block as usize + offset)?;
        }
        self.target = root;
        Ok(())
    }

    /// Places the block of elements of `size` bytes that the string or list at `at` points to; answers its address.
    fn block(&mut self, align: u32, size: u32, at: usize, copy: usize) -> Result<u32, M::Error> {
        let (start, length) = read::pointer(&self.payload[at..]);
        // A payload stays below 4 GiB, so each of its blocks does.
        let bytes = length.wrapping_mul(size);
        let mut address = align;
        if bytes > 0 {
            let data = &self.payload[start as usize..][..bytes as usize];
            address = self.memory.allocate(align, bytes)?;
            self.memory.memory()[address as usize..][..data.len()].copy_from_slice(data);
        }
        let target = match &mut self.target {
            Target::Root(root) => &mut root[copy..],
            Target::Memory => &mut self.memory.memory()[copy..],
        };
        target[..4].copy_from_slice(&address.to_le_bytes());
        Ok(address)
    }
}
