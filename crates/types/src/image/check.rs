//! Accepting an image from outside: every rule of the format, in one walk.

use super::read::{self, NAN_32, NAN_64, Union};
use super::{Bounds, Image, Invalid, header};
use crate::Type;
use crate::ty::{Shape, align_up};

/// Checks that `image` is an image of `ty` within `bounds`.
pub(super) fn check(image: &[u8], ty: &Type, bounds: Bounds) -> Result<(), Invalid> {
    let payload = check_header(image, ty)?;
    let root = ty.layout().size as usize;
    if payload.len() > bounds.bytes.min(u32::MAX as usize) {
        return Err(invalid("more bytes than allowed", payload.len()));
    }
    if payload.len() < root {
        return Err(invalid("the root value is cut short", payload.len()));
    }
    let mut walk = Walk {
        payload,
        end: root,
        elements: bounds.elements,
    };
    walk.value(ty, 0)?;
    match walk.end == payload.len() {
        true => Ok(()),
        false => Err(invalid("bytes behind the last block", walk.end)),
    }
}

fn check_header<'a>(image: &'a [u8], ty: &Type) -> Result<&'a [u8], Invalid> {
    let Some((head, payload)) = image.split_at_checked(Image::HEADER) else {
        return Err(invalid("the header is cut short", 0));
    };
    let expected = header(ty);
    if head[0] != expected[0] {
        return Err(invalid("an unknown format", 0));
    }
    if head[1..8] != expected[1..8] {
        return Err(invalid("reserved bytes of the header are not zero", 0));
    }
    if head != expected {
        return Err(invalid("the image is of another type", 0));
    }
    Ok(payload)
}

/// A walk over the value in the order of its blocks.
struct Walk<'a> {
    payload: &'a [u8],
    /// Where the blocks seen so far end.
    end: usize,
    /// How many more elements are allowed.
    elements: usize,
}

impl<'a> Walk<'a> {
    /// Checks the value at `at`, whose fixed part is known to lie in the payload.
    fn value(&mut self, ty: &Type, at: usize) -> Result<(), Invalid> {
        let value = &self.payload[at..at + ty.layout().size as usize];
        match ty.shape() {
            Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 => Ok(()),
            Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64 => Ok(()),
            Shape::Bool => rule(value[0] <= 1, "a bool that is neither 0 nor 1", at),
            Shape::F32 => {
                let bits = u32::from_le_bytes(read::bytes(value));
                let canonical = !f32::from_bits(bits).is_nan() || bits == NAN_32;
                rule(canonical, "a NaN that is not the canonical one", at)
            }
            Shape::F64 => {
                let bits = u64::from_le_bytes(read::bytes(value));
                let canonical = !f64::from_bits(bits).is_nan() || bits == NAN_64;
                rule(canonical, "a NaN that is not the canonical one", at)
            }
            Shape::Char => {
                let scalar = char::from_u32(u32::from_le_bytes(read::bytes(value)));
                rule(scalar.is_some(), "a char that is not a Unicode scalar value", at)
            }
            Shape::Enum(names) => {
                let case = read::discriminant(value, ty.layout().size);
                rule((case as usize) < names.len(), "a case that does not exist", at)
            }
            Shape::Flags(names) => self.flags(names.len(), value, at),
            Shape::String => self.string(value, at),
            Shape::List(element) => self.list(element, value, at),
            Shape::Record(fields) => self.sequence(fields.iter().map(|f| (&f.ty, f.offset)), value, at),
            Shape::Tuple(slots) => self.sequence(slots.iter().map(|s| (&s.ty, s.offset)), value, at),
            Shape::Variant(cases) => self.union(cases, value, at),
            Shape::Option(option) => self.union(option, value, at),
            Shape::Result(either) => self.union(either, value, at),
        }
    }

    fn sequence<'t>(
        &mut self,
        members: impl Iterator<Item = (&'t Type, u32)>,
        value: &[u8],
        at: usize,
    ) -> Result<(), Invalid> {
        let mut end = 0;
        for (ty, offset) in members {
            let offset = offset as usize;
            zero(&value[end..offset], at + end)?;
            self.value(ty, at + offset)?;
            end = offset + ty.layout().size as usize;
        }
        zero(&value[end..], at + end)
    }

    fn union(&mut self, union: &impl Union, value: &[u8], at: usize) -> Result<(), Invalid> {
        let size = union.discriminant_size();
        let case = read::discriminant(value, size) as usize;
        rule(case < union.cases(), "a case that does not exist", at)?;
        let (discriminant, payload) = (size as usize, union.payload() as usize);
        let Some(ty) = union.carried(case) else {
            return zero(&value[discriminant..], at + discriminant);
        };
        let end = payload + ty.layout().size as usize;
        zero(&value[discriminant..payload], at + discriminant)?;
        self.value(ty, at + payload)?;
        zero(&value[end..], at + end)
    }

    fn flags(&self, count: usize, value: &[u8], at: usize) -> Result<(), Invalid> {
        let (whole, rest) = (count / 8, count % 8);
        let Some((&last, behind)) = value.get(whole..).and_then(<[u8]>::split_first) else {
            return Ok(());
        };
        rule(last >> rest == 0, "an unused bit of flags is set", at + whole)?;
        zero(behind, at + whole + 1)
    }

    fn string(&mut self, value: &[u8], at: usize) -> Result<(), Invalid> {
        let (pointer, length) = read::pointer(value);
        let block = self.block(pointer, length as usize, at)?;
        self.leave(pointer, 1, block.len(), at)?;
        match std::str::from_utf8(block) {
            Ok(_) => Ok(()),
            Err(e) => Err(invalid("not UTF-8", pointer as usize + e.valid_up_to())),
        }
    }

    fn list(&mut self, element: &Type, value: &[u8], at: usize) -> Result<(), Invalid> {
        let (pointer, length) = read::pointer(value);
        let layout = element.layout();
        let block = self.block(pointer, length as usize * layout.size as usize, at)?;
        if *element.shape() != Shape::U8 {
            self.count(length as usize, at)?;
        }
        if !read::is_plain(element) {
            self.elements_of(element, pointer as usize, length as usize)?;
        }
        self.leave(pointer, layout.align, block.len(), at)
    }

    fn elements_of(&mut self, element: &Type, start: usize, length: usize) -> Result<(), Invalid> {
        let size = element.layout().size as usize;
        (0..length).try_for_each(|i| self.value(element, start + i * size))
    }

    fn count(&mut self, elements: usize, at: usize) -> Result<(), Invalid> {
        match self.elements.checked_sub(elements) {
            Some(left) => self.elements = left,
            None => return Err(invalid("more elements than allowed", at)),
        }
        Ok(())
    }

    /// The block of `size` bytes that the value at `at` points to. It cannot begin before the end of the blocks that
    /// were left already, so that no block is walked twice.
    fn block(&self, pointer: u32, size: usize, at: usize) -> Result<&'a [u8], Invalid> {
        let start = pointer as usize;
        if size == 0 {
            rule(start == 0, "a pointer to nothing that is not 0", at)?;
            return Ok(&[]);
        }
        rule(start >= self.end, "a pointer to a block of another value", at)?;
        let end = start.checked_add(size);
        end.and_then(|end| self.payload.get(start..end))
            .ok_or(invalid("a pointer to beyond the end", at))
    }

    /// Checks that a block lies right behind the last one, and steps behind it.
    fn leave(&mut self, pointer: u32, align: u32, size: usize, at: usize) -> Result<(), Invalid> {
        if size == 0 {
            return Ok(());
        }
        let start = align_up(self.end as u32, align) as usize;
        rule(pointer as usize == start, "a block out of its place", at)?;
        zero(&self.payload[self.end..start], self.end)?;
        self.end = start + size;
        Ok(())
    }
}

fn zero(padding: &[u8], at: usize) -> Result<(), Invalid> {
    rule(
        padding.iter().all(|&byte| byte == 0),
        "padding that is not zero",
        at,
    )
}

fn rule(holds: bool, what: &'static str, at: usize) -> Result<(), Invalid> {
    match holds {
        true => Ok(()),
        false => Err(invalid(what, at)),
    }
}

fn invalid(what: &'static str, at: usize) -> Invalid {
    Invalid { what, at }
}
