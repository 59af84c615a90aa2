//! From images.

use wasmtime::component::Val;
use weft_types::Type;
use weft_types::ty::Shape;

/// The value of type `ty` that lies `at` in the payload of an image.
pub(super) fn value(ty: &Type, payload: &[u8], at: usize) -> Val {
    match ty.shape() {
        Shape::Bool => Val::Bool(payload[at] != 0),
        Shape::S8 => Val::S8(i8::from_le_bytes(bytes(payload, at))),
        Shape::U8 => Val::U8(payload[at]),
        Shape::S16 => Val::S16(i16::from_le_bytes(bytes(payload, at))),
        Shape::U16 => Val::U16(u16::from_le_bytes(bytes(payload, at))),
        Shape::S32 => Val::S32(i32::from_le_bytes(bytes(payload, at))),
        Shape::U32 => Val::U32(u32_at(payload, at)),
        Shape::S64 => Val::S64(i64::from_le_bytes(bytes(payload, at))),
        Shape::U64 => Val::U64(u64::from_le_bytes(bytes(payload, at))),
        Shape::F32 => Val::Float32(f32::from_le_bytes(bytes(payload, at))),
        Shape::F64 => Val::Float64(f64::from_le_bytes(bytes(payload, at))),
        // An image holds scalar values only, and UTF-8.
        Shape::Char => Val::Char(char::from_u32(u32_at(payload, at)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        Shape::String => Val::String(String::from_utf8_lossy(block(payload, at, 1).1).into_owned()),
        Shape::List(element) => list(element, payload, at),
        Shape::Record(fields) => {
            let field = |f: &weft_types::ty::Field| {
                (f.name.to_string(), value(&f.ty, payload, at + f.offset as usize))
            };
            Val::Record(fields.iter().map(field).collect())
        }
        Shape::Tuple(slots) => Val::Tuple(
            slots
                .iter()
                .map(|slot| value(&slot.ty, payload, at + slot.offset as usize))
                .collect(),
        ),
        Shape::Enum(names) => Val::Enum(names[discriminant(payload, at, names.len())].to_string()),
        Shape::Flags(names) => {
            let is_set = |bit: usize| payload[at + bit / 8] >> (bit % 8) & 1 == 1;
            let set = names.iter().enumerate().filter(|(bit, _)| is_set(*bit));
            Val::Flags(set.map(|(_, name)| name.to_string()).collect())
        }
        Shape::Variant(_) | Shape::Option(_) | Shape::Result(_) => case(ty, payload, at),
    }
}

fn case(ty: &Type, payload: &[u8], at: usize) -> Val {
    let inner =
        |ty: Option<&Type>, offset: u32| ty.map(|ty| Box::new(value(ty, payload, at + offset as usize)));
    match ty.shape() {
        Shape::Variant(variant) => {
            let case = &variant.cases[discriminant(payload, at, variant.cases.len())];
            Val::Variant(case.name.to_string(), inner(case.ty.as_ref(), variant.payload))
        }
        Shape::Result(either) => Val::Result(match payload[at] {
            0 => Ok(inner(either.ok.as_deref(), either.payload)),
            _ => Err(inner(either.err.as_deref(), either.payload)),
        }),
        Shape::Option(option) if payload[at] != 0 => Val::Option(inner(Some(&option.ty), option.payload)),
        _ => Val::Option(None),
    }
}

fn list(element: &Type, payload: &[u8], at: usize) -> Val {
    let size = element.layout().size as usize;
    let (begin, bytes) = block(payload, at, size);
    match size {
        // Only flags without names take no space, and all of their values are equal.
        0 => Val::List(vec![value(element, payload, 0); u32_at(payload, at + 4) as usize]),
        _ => Val::List(
            (0..bytes.len() / size)
                .map(|i| value(element, payload, begin + i * size))
                .collect(),
        ),
    }
}

/// Where the elements of a string or list lie, each of `size` bytes.
fn block(payload: &[u8], at: usize, size: usize) -> (usize, &[u8]) {
    let (begin, count) = extent(payload, at);
    (begin, &payload[begin..begin + count * size])
}

/// Where the elements of a string or list begin, and how many there are.
pub(super) fn extent(payload: &[u8], at: usize) -> (usize, usize) {
    (u32_at(payload, at) as usize, u32_at(payload, at + 4) as usize)
}

pub(super) fn discriminant(payload: &[u8], at: usize, cases: usize) -> usize {
    match cases {
        0..=0x100 => usize::from(payload[at]),
        0x101..=0x1_0000 => usize::from(u16::from_le_bytes(bytes(payload, at))),
        _ => u32_at(payload, at) as usize,
    }
}

fn u32_at(payload: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(payload, at))
}

fn bytes<const N: usize>(payload: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&payload[at..at + N]);
    bytes
}
