//! The seed of one value: chooses the visitor that its type asks for.

use serde::Deserializer;
use serde::de::DeserializeSeed;

use super::context::Context;
use super::{by_address, list, names, number, option, record, result, text, variant};
use crate::Type;
use crate::ty::Shape;

/// Reads a value of type `ty` into the frame at `at`, which is zero.
pub(super) struct Seed<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) ty: &'t Type,
    pub(super) at: usize,
    pub(super) segment: Segment<'t>,
}

/// Where a value stands within the one around it.
#[derive(Clone, Copy)]
pub(super) enum Segment<'t> {
    /// It is the value around it.
    Here,
    Name(&'t str),
    Index(usize),
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { cx, ty, at, segment } = self;
        let read = match cx.blobs.clone() {
            None => read_direct(cx, ty, at, json),
            Some(blobs) => by_address::read(cx, ty, at, &blobs, json),
        };
        if read.is_err() {
            match segment {
                Segment::Here => {}
                Segment::Name(name) => cx.leave(name),
                Segment::Index(index) => cx.leave(index.to_string()),
            }
        }
        read
    }
}

/// Reads a value that stands in the text itself.
pub(super) fn read_direct<'de, D: Deserializer<'de>>(
    cx: &mut Context,
    ty: &Type,
    at: usize,
    json: D,
) -> Result<(), D::Error> {
    match ty.shape() {
        Shape::Bool => json.deserialize_bool(text::Bool { cx, at }),
        Shape::S8 => number::integer::<i8, D>(cx, at, json),
        Shape::U8 => number::integer::<u8, D>(cx, at, json),
        Shape::S16 => number::integer::<i16, D>(cx, at, json),
        Shape::U16 => number::integer::<u16, D>(cx, at, json),
        Shape::S32 => number::integer::<i32, D>(cx, at, json),
        Shape::U32 => number::integer::<u32, D>(cx, at, json),
        Shape::S64 => number::integer::<i64, D>(cx, at, json),
        Shape::U64 => number::integer::<u64, D>(cx, at, json),
        Shape::F32 => number::float::<f32, D>(cx, at, json),
        Shape::F64 => number::float::<f64, D>(cx, at, json),
        Shape::Char => json.deserialize_str(text::Char { cx, at }),
        Shape::String => json.deserialize_str(text::Text { cx, at }),
        Shape::List(element) if *element.shape() == Shape::U8 => {
            json.deserialize_bytes(list::Bytes { cx, at })
        }
        Shape::List(element) => json.deserialize_seq(list::List { cx, at, element }),
        Shape::Record(_) => json.deserialize_map(record::Record { cx, at, ty }),
        Shape::Tuple(slots) => json.deserialize_seq(list::Tuple { cx, at, slots }),
        Shape::Enum(_) => json.deserialize_str(names::Enum { cx, at, ty }),
        Shape::Flags(_) => json.deserialize_seq(names::Flags { cx, at, ty }),
        Shape::Variant(cases) => json.deserialize_any(variant::Variant { cx, at, ty, cases }),
        Shape::Option(option) => option::option(cx, at, option, json),
        Shape::Result(either) => json.deserialize_map(result::ResultOf { cx, at, either }),
    }
}
