//! Into the layout of a guest's memory.

use wasmtime::component::Val;
use weft_types::Type;
use weft_types::guest::LiftError;
use weft_types::ty::{Cases, Either, Shape};

use super::{Error, mismatch};

/// A memory of its own, which only grows.
pub(super) struct Heap {
    bytes: Vec<u8>,
    limit: usize,
}

/// Bytes before the first block, so that no block lies at 0.
const BASE: usize = 8;

impl Heap {
    /// A heap for values of at most `limit` bytes, to which alignment may add.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: vec![0; BASE],
            limit,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Room for `count` elements of `size` bytes, aligned for every type.
    pub(super) fn allocate(&mut self, size: usize, count: usize) -> Result<usize, Error> {
        let begin = self.bytes.len().next_multiple_of(8);
        let end = size.checked_mul(count).and_then(|size| begin.checked_add(size));
        match end.filter(|end| *end <= self.limit.saturating_mul(2).saturating_add(BASE)) {
            Some(end) => {
                self.bytes.resize(end, 0);
                Ok(begin)
            }
            None => Err(LiftError::TooLarge(self.limit).into()),
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes `value` of type `ty` to the room that lies `at`.
    pub(super) fn write(&mut self, ty: &Type, value: &Val, at: usize) -> Result<(), Error> {
        match (ty.shape(), value) {
            (Shape::Bool, Val::Bool(x)) => self.put(at, &[u8::from(*x)]),
            (Shape::S8, Val::S8(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::U8, Val::U8(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::S16, Val::S16(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::U16, Val::U16(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::S32, Val::S32(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::U32, Val::U32(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::S64, Val::S64(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::U64, Val::U64(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::F32, Val::Float32(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::F64, Val::Float64(x)) => self.put(at, &x.to_le_bytes()),
            (Shape::Char, Val::Char(x)) => self.put(at, &u32::from(*x).to_le_bytes()),
            (Shape::String, Val::String(text)) => self
                .block(1, text.len(), at)
                .map(|begin| self.put(begin, text.as_bytes()))?,
            (Shape::List(element), Val::List(values)) => self.list(element, values, at)?,
            (Shape::Record(fields), Val::Record(values)) if fields.len() == values.len() => {
                for (field, (name, value)) in fields.iter().zip(values) {
                    if *field.name != **name {
                        return Err(mismatch(ty));
                    }
                    self.write(&field.ty, value, at + field.offset as usize)?;
                }
            }
            (Shape::Tuple(slots), Val::Tuple(values)) if slots.len() == values.len() => {
                for (slot, value) in slots.iter().zip(values) {
                    self.write(&slot.ty, value, at + slot.offset as usize)?;
                }
            }
            (Shape::Flags(names), Val::Flags(set)) => {
                for name in set {
                    let bit = position(ty, names.iter(), name)?;
                    self.bytes[at + bit / 8] |= 1 << (bit % 8);
                }
            }
            (Shape::Enum(names), Val::Enum(name)) => {
                let case = position(ty, names.iter(), name)?;
                self.discriminant(case, names.len(), at);
            }
            _ => self.case(ty, value, at)?,
        }
        Ok(())
    }

    fn case(&mut self, ty: &Type, value: &Val, at: usize) -> Result<(), Error> {
        match (ty.shape(), value) {
            (Shape::Variant(variant), Val::Variant(name, payload)) => {
                self.variant(ty, variant, name, payload.as_deref(), at)
            }
            (Shape::Option(option), Val::Option(payload)) => {
                self.discriminant(usize::from(payload.is_some()), 2, at);
                self.payload(
                    ty,
                    payload.as_ref().map(|_| &*option.ty),
                    payload.as_deref(),
                    at + option.payload as usize,
                )
            }
            (
                Shape::Result(Either {
                    ok,
                    err,
                    payload: offset,
                }),
                Val::Result(result),
            ) => {
                let (case, expected, payload) = match result {
                    Ok(payload) => (0, ok, payload),
                    Err(payload) => (1, err, payload),
                };
                self.discriminant(case, 2, at);
                self.payload(ty, expected.as_deref(), payload.as_deref(), at + *offset as usize)
            }
            _ => Err(mismatch(ty)),
        }
    }

    fn variant(
        &mut self,
        ty: &Type,
        Cases {
            cases,
            payload: offset,
        }: &Cases,
        name: &str,
        payload: Option<&Val>,
        at: usize,
    ) -> Result<(), Error> {
        let case = position(ty, cases.iter().map(|case| &case.name), name)?;
        self.discriminant(case, cases.len(), at);
        self.payload(ty, cases[case].ty.as_ref(), payload, at + *offset as usize)
    }

    fn payload(
        &mut self,
        whole: &Type,
        ty: Option<&Type>,
        value: Option<&Val>,
        at: usize,
    ) -> Result<(), Error> {
        match (ty, value) {
            (Some(ty), Some(value)) => self.write(ty, value, at),
            (None, None) => Ok(()),
            _ => Err(mismatch(whole)),
        }
    }

    fn list(&mut self, element: &Type, values: &[Val], at: usize) -> Result<(), Error> {
        let size = element.layout().size as usize;
        let begin = self.block(size, values.len(), at)?;
        values
            .iter()
            .enumerate()
            .try_for_each(|(i, value)| self.write(element, value, begin + i * size))
    }

    /// Makes room for the elements of a string or list and writes where they lie.
    fn block(&mut self, size: usize, count: usize, at: usize) -> Result<usize, Error> {
        let begin = self.allocate(size, count)?;
        let pointer = [begin, count].map(|x| u32::try_from(x).map_err(|_| LiftError::TooLarge(self.limit)));
        let [begin32, count] = pointer;
        self.put(at, &begin32?.to_le_bytes());
        self.put(at + 4, &count?.to_le_bytes());
        Ok(begin)
    }

    fn discriminant(&mut self, case: usize, cases: usize, at: usize) {
        let bytes = case.to_le_bytes();
        self.put(
            at,
            match cases {
                0..=0x100 => &bytes[..1],
                0x101..=0x1_0000 => &bytes[..2],
                _ => &bytes[..4],
            },
        );
    }
}

fn position<'a>(
    ty: &Type,
    mut names: impl Iterator<Item = &'a Box<str>>,
    name: &str,
) -> Result<usize, Error> {
    names
        .position(|known| **known == *name)
        .ok_or_else(|| mismatch(ty))
}
