//! Writing JSON.

use crate::Type;
use crate::image::read::{self, Union};
use crate::ty::{Cases, Either, Field, Payload, Shape, Slot};

mod escape;
mod number;

/// Appends the value of type `ty` that `value` begins with and whose blocks lie in `payload`.
pub(super) fn value(ty: &Type, value: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    match ty.shape() {
        Shape::Bool => out.extend_from_slice(if value[0] == 0 { b"false" } else { b"true" }),
        Shape::S8 => number::integer(i8::from_le_bytes(read::bytes(value)), out),
        Shape::U8 => number::integer(value[0], out),
        Shape::S16 => number::integer(i16::from_le_bytes(read::bytes(value)), out),
        Shape::U16 => number::integer(u16::from_le_bytes(read::bytes(value)), out),
        Shape::S32 => number::integer(i32::from_le_bytes(read::bytes(value)), out),
        Shape::U32 => number::integer(u32::from_le_bytes(read::bytes(value)), out),
        Shape::S64 => number::wide_signed(i64::from_le_bytes(read::bytes(value)), out),
        Shape::U64 => number::wide_unsigned(u64::from_le_bytes(read::bytes(value)), out),
        Shape::F32 => number::float32(f32::from_le_bytes(read::bytes(value)), out),
        Shape::F64 => number::float64(f64::from_le_bytes(read::bytes(value)), out),
        Shape::Char => char(value, out),
        Shape::String => escape::string(block(value, 1, payload), out),
        Shape::List(element) if *element.shape() == Shape::U8 => base64(block(value, 1, payload), out),
        Shape::List(element) => list(element, value, payload, out),
        Shape::Record(fields) => record(fields, value, payload, out),
        Shape::Tuple(slots) => tuple(slots, value, payload, out),
        Shape::Enum(names) => {
            let case = read::discriminant(value, ty.layout().size);
            name(&names[case as usize], out);
        }
        Shape::Flags(names) => flags(names, value, out),
        Shape::Variant(cases) => variant(cases, value, payload, out),
        Shape::Option(inner) => option(inner, value, payload, out),
        Shape::Result(either) => result(either, value, payload, out),
    }
}

/// The block of elements of `size` bytes each that a string or list points to.
fn block<'a>(value: &[u8], size: u32, payload: &'a [u8]) -> &'a [u8] {
    let (pointer, length) = read::pointer(value);
    &payload[pointer as usize..][..length as usize * size as usize]
}

fn char(value: &[u8], out: &mut Vec<u8>) {
    let scalar = u32::from_le_bytes(read::bytes(value));
    let char = char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
    escape::string(char.encode_utf8(&mut [0; 4]).as_bytes(), out);
}

fn base64(data: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    base64_simd::STANDARD.encode_append(data, out);
    out.push(b'"');
}

/// Appends a WIT name, which has nothing to escape.
fn name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

/// Appends what stands between `open` and `close`, separated by commas.
fn separated<T>(
    [open, close]: [u8; 2],
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(close);
}

fn list(element: &Type, list: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let size = element.layout().size as usize;
    let (_, length) = read::pointer(list);
    let elements = block(list, element.layout().size, payload);
    separated(*b"[]", 0..length as usize, out, |index, out| {
        value(element, &elements[index * size..], payload, out);
    });
}

fn record(fields: &[Field], record: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    separated(*b"{}", fields.iter(), out, |field, out| {
        name(&field.name, out);
        out.push(b':');
        value(&field.ty, &record[field.offset as usize..], payload, out);
    });
}

fn tuple(slots: &[Slot], tuple: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    separated(*b"[]", slots.iter(), out, |slot, out| {
        value(&slot.ty, &tuple[slot.offset as usize..], payload, out);
    });
}

fn flags(names: &[Box<str>], bits: &[u8], out: &mut Vec<u8>) {
    let set = (0..names.len()).filter(|bit| bits[bit / 8] >> (bit % 8) & 1 == 1);
    separated(*b"[]", set, out, |bit, out| name(&names[bit], out));
}

fn variant(cases: &Cases, variant: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let case = &cases.cases[read::discriminant(variant, cases.discriminant_size()) as usize];
    match &case.ty {
        None => name(&case.name, out),
        Some(ty) => member(&case.name, ty, &variant[cases.payload as usize..], payload, out),
    }
}

fn option(option: &Payload, bytes: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let carried = &bytes[option.payload as usize..];
    match (bytes[0], option.ty.shape()) {
        (0, _) => out.extend_from_slice(b"null"),
        (_, Shape::Option(_)) => member("some", &option.ty, carried, payload, out),
        _ => value(&option.ty, carried, payload, out),
    }
}

fn result(either: &Either, result: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let case = usize::from(result[0]);
    let name = if case == 0 { "ok" } else { "err" };
    match either.carried(case) {
        Some(ty) => member(name, ty, &result[either.payload as usize..], payload, out),
        None => {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":null}");
        }
    }
}

/// Appends an object of one member.
fn member(key: &str, ty: &Type, carried: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    name(key, out);
    out.push(b':');
    value(ty, carried, payload, out);
    out.push(b'}');
}
