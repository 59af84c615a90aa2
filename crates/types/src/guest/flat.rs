//! Between the bytes of a root value and the core values it is passed as.

use super::{LiftError, Root};
use crate::Type;
use crate::image::read::{self, Union};
use crate::ty::Shape;

pub(super) fn flatten(ty: &Type, root: &[u8], out: &mut [u64; 16]) -> usize {
    let mut flat = Flat { out, used: 0 };
    flat.value(ty, root);
    flat.used
}

struct Flat<'a> {
    out: &'a mut [u64; 16],
    used: usize,
}

impl Flat<'_> {
    fn push(&mut self, value: u64) {
        if let Some(slot) = self.out.get_mut(self.used) {
            *slot = value;
            self.used += 1;
        }
    }

    fn value(&mut self, ty: &Type, value: &[u8]) {
        match ty.shape() {
            Shape::Bool | Shape::U8 => self.push(value[0].into()),
            // A core value of 32 bits holds the sign of a smaller integer.
            Shape::S8 => self.push((value[0] as i8 as u32).into()),
            Shape::S16 => self.push((i16::from_le_bytes(read::bytes(value)) as u32).into()),
            Shape::U16 => self.push(u16::from_le_bytes(read::bytes(value)).into()),
            Shape::S32 | Shape::U32 | Shape::F32 | Shape::Char => self.word(value),
            Shape::S64 | Shape::U64 | Shape::F64 => self.push(u64::from_le_bytes(read::bytes(value))),
            Shape::String | Shape::List(_) => {
                self.word(value);
                self.word(&value[4..]);
            }
            Shape::Record(fields) => fields
                .iter()
                .for_each(|field| self.value(&field.ty, &value[field.offset as usize..])),
            Shape::Tuple(slots) => slots
                .iter()
                .for_each(|slot| self.value(&slot.ty, &value[slot.offset as usize..])),
            Shape::Enum(_) => self.push(read::discriminant(value, ty.layout().size).into()),
            Shape::Flags(_) => self.flags(ty.layout().size, value),
            Shape::Variant(cases) => self.union(ty, cases, value),
            Shape::Option(option) => self.union(ty, option, value),
            Shape::Result(either) => self.union(ty, either, value),
        }
    }

    fn word(&mut self, value: &[u8]) {
        self.push(u32::from_le_bytes(read::bytes(value)).into());
    }

    fn flags(&mut self, size: u32, value: &[u8]) {
        match size {
            0 => {}
            1 | 2 => self.push(read::discriminant(value, size).into()),
            _ => value[..size as usize].chunks(4).for_each(|word| self.word(word)),
        }
    }

    /// A union takes as many core values as its widest case, the rest are zero.
    fn union(&mut self, ty: &Type, union: &impl Union, value: &[u8]) {
        let end = self.used + ty.layout().flat as usize;
        let case = read::discriminant(value, union.discriminant_size());
        self.push(case.into());
        if let Some(carried) = union.carried(case as usize) {
            self.value(carried, &value[union.payload() as usize..]);
        }
        while self.used < end.min(self.out.len()) {
            self.push(0);
        }
    }
}

pub(super) fn unflatten(ty: &Type, value: u64) -> Result<Root, LiftError> {
    let size = ty.layout().size as usize;
    let narrowed = narrow(ty, value)?;
    let bytes = narrowed.to_le_bytes();
    Ok(Root::from(&bytes[..size.min(bytes.len())]))
}

/// Brings a core value into the range of the one scalar that `ty` comes down to. In each such type it lies at offset 0.
fn narrow(ty: &Type, value: u64) -> Result<u64, LiftError> {
    let word = value & u64::from(u32::MAX);
    let case = |cases: usize| match word < cases as u64 {
        true => Ok(word),
        false => Err(LiftError::Invalid {
            what: "a case that does not exist",
            at: 0,
        }),
    };
    match ty.shape() {
        Shape::Bool => Ok(u64::from(word != 0)),
        Shape::Enum(names) => case(names.len()),
        Shape::Variant(cases) => case(cases.cases.len()),
        Shape::Option(_) | Shape::Result(_) => case(2),
        Shape::Record(fields) => part(fields.iter().map(|field| &field.ty), value),
        Shape::Tuple(slots) => part(slots.iter().map(|slot| &slot.ty), value),
        _ => Ok(value),
    }
}

fn part<'t>(mut parts: impl Iterator<Item = &'t Type>, value: u64) -> Result<u64, LiftError> {
    match parts.find(|ty| ty.layout().flat == 1) {
        Some(ty) => narrow(ty, value),
        None => Ok(value),
    }
}
