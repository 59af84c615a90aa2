//! Out of guest memory into an image.

use super::LiftError;
use crate::Type;
use crate::image::build::{Builder, TooLarge};
use crate::image::read::{self, NAN_32, NAN_64, Union};
use crate::image::{Bounds, Image};
use crate::ty::Shape;

pub(super) fn lift(ty: &Type, memory: &[u8], root: &[u8], bounds: Bounds) -> Result<Image, LiftError> {
    let Some(root) = root.get(..ty.layout().size as usize) else {
        return Err(invalid("the root value is cut short", 0));
    };
    let mut lift = Lift {
        memory,
        builder: Builder::new(ty, bounds, 0)?,
    };
    lift.value(ty, root, 0, 0)?;
    Ok(lift.builder.finish())
}

struct Lift<'m> {
    memory: &'m [u8],
    builder: Builder,
}

impl From<TooLarge> for LiftError {
    fn from(error: TooLarge) -> Self {
        match error {
            TooLarge::Bytes(bytes) => Self::TooLarge(bytes),
            TooLarge::Elements(elements) => Self::TooManyElements(elements),
        }
    }
}

impl Lift<'_> {
    /// Copies `value`, which lies at `address` in the guest, to `at` in the frames of the image.
    fn value(&mut self, ty: &Type, value: &[u8], address: u32, at: usize) -> Result<(), LiftError> {
        match ty.shape() {
            Shape::Bool => self.builder.put(at, [u8::from(value[0] != 0)]),
            Shape::S8 | Shape::U8 => self.builder.put::<1>(at, read::bytes(value)),
            Shape::S16 | Shape::U16 => self.builder.put::<2>(at, read::bytes(value)),
            Shape::S32 | Shape::U32 => self.builder.put::<4>(at, read::bytes(value)),
            Shape::S64 | Shape::U64 => self.builder.put::<8>(at, read::bytes(value)),
            Shape::F32 => self.builder.put(at, canonical_32(read::bytes(value))),
            Shape::F64 => self.builder.put(at, canonical_64(read::bytes(value))),
            Shape::Char => {
                let bytes = read::bytes(value);
                char::from_u32(u32::from_le_bytes(bytes))
                    .ok_or(invalid("a char that is not a Unicode scalar value", address))?;
                self.builder.put(at, bytes);
            }
            Shape::Enum(names) => {
                let size = ty.layout().size;
                let case = case(value, size, names.len(), address)?;
                self.builder.put_discriminant(at, size, case);
            }
            Shape::Flags(names) => self.flags(names.len(), value, at),
            Shape::String => self.string(value, address, at)?,
            Shape::List(element) => self.list(element, value, address, at)?,
            Shape::Record(fields) => {
                for field in fields {
                    self.part(&field.ty, field.offset, value, address, at)?;
                }
            }
            Shape::Tuple(slots) => {
                for slot in slots {
                    self.part(&slot.ty, slot.offset, value, address, at)?;
                }
            }
            Shape::Variant(cases) => self.union(cases, value, address, at)?,
            Shape::Option(option) => self.union(option, value, address, at)?,
            Shape::Result(either) => self.union(either, value, address, at)?,
        }
        Ok(())
    }

    /// Copies the part at `offset` of the value.
    fn part(
        &mut self,
        ty: &Type,
        offset: u32,
        value: &[u8],
        address: u32,
        at: usize,
    ) -> Result<(), LiftError> {
        let address = address.saturating_add(offset);
        let offset = offset as usize;
        self.value(ty, &value[offset..], address, at + offset)
    }

    fn flags(&mut self, count: usize, value: &[u8], at: usize) {
        for bit in (0..count).filter(|bit| value[bit / 8] >> (bit % 8) & 1 == 1) {
            self.builder.set_bit(at, bit);
        }
    }

    fn union(&mut self, union: &impl Union, value: &[u8], address: u32, at: usize) -> Result<(), LiftError> {
        let size = union.discriminant_size();
        let case = case(value, size, union.cases(), address)?;
        self.builder.put_discriminant(at, size, case);
        match union.carried(case) {
            Some(ty) => self.part(ty, union.payload(), value, address, at),
            None => Ok(()),
        }
    }

    fn string(&mut self, value: &[u8], address: u32, at: usize) -> Result<(), LiftError> {
        let (pointer, length) = read::pointer(value);
        let text = self.block(pointer, length as usize, 1, address)?;
        std::str::from_utf8(text).map_err(|e| {
            let at = pointer as usize + e.valid_up_to();
            invalid("a string that is not UTF-8", u32::try_from(at).unwrap_or(pointer))
        })?;
        Ok(self.builder.block(at, text)?)
    }

    fn list(&mut self, element: &Type, value: &[u8], address: u32, at: usize) -> Result<(), LiftError> {
        let (pointer, length) = read::pointer(value);
        let layout = element.layout();
        let size = layout.size as usize;
        let data = self.block(pointer, length as usize * size, layout.align, address)?;
        if *element.shape() == Shape::U8 {
            return Ok(self.builder.block(at, data)?);
        }
        if read::is_plain(element) {
            return Ok(self.builder.plain_list(at, layout.align, data, length)?);
        }
        let mut list = self.builder.open(element);
        for index in 0..length as usize {
            let at = self.builder.push(&mut list)?;
            let offset = index * size;
            let address = pointer.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
            self.value(element, &data[offset..], address, at)?;
        }
        Ok(self.builder.close(at, list)?)
    }
}

impl<'m> Lift<'m> {
    /// The block that the string or list at `address` points to.
    fn block(&self, pointer: u32, size: usize, align: u32, address: u32) -> Result<&'m [u8], LiftError> {
        if !pointer.is_multiple_of(align) {
            return Err(invalid("a pointer that is not aligned", address));
        }
        let behind = self.memory.get(pointer as usize..);
        behind
            .and_then(|memory| memory.get(..size))
            .ok_or(invalid("a pointer to beyond the end of memory", address))
    }
}

fn case(value: &[u8], size: u32, cases: usize, address: u32) -> Result<usize, LiftError> {
    let case = read::discriminant(value, size) as usize;
    match case < cases {
        true => Ok(case),
        false => Err(invalid("a case that does not exist", address)),
    }
}

fn canonical_32(bytes: [u8; 4]) -> [u8; 4] {
    match f32::from_le_bytes(bytes).is_nan() {
        true => NAN_32.to_le_bytes(),
        false => bytes,
    }
}

fn canonical_64(bytes: [u8; 8]) -> [u8; 8] {
    match f64::from_le_bytes(bytes).is_nan() {
        true => NAN_64.to_le_bytes(),
        false => bytes,
    }
}

fn invalid(what: &'static str, at: u32) -> LiftError {
    LiftError::Invalid { what, at }
}
