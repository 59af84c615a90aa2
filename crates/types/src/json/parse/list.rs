//! Lists, plain bytes and tuples.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, SeqAccess, Visitor};

use super::context::Context;
use super::number;
use super::seed::{Seed, Segment};
use crate::Type;
use crate::image::build::OpenList;
use crate::ty::Slot;

pub(super) struct List<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) element: &'t Type,
}

pub(super) struct Bytes<'c> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
}

pub(super) struct Tuple<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) slots: &'t [Slot],
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { cx, at, element } = self;
        let mut list = cx.builder.open(element);
        let list = &mut list;
        while items.next_element_seed(Element { cx, list, element })?.is_some() {}
        let close = cx.builder.close(at, *list);
        cx.fit(close)
    }
}

struct Element<'c, 'l, 't> {
    cx: &'c mut Context,
    list: &'l mut OpenList,
    element: &'t Type,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { cx, list, element } = self;
        let index = list.length();
        let push = cx.builder.push(list);
        let at = cx.fit(push).inspect_err(|_| cx.leave(index.to_string()))?;
        let segment = Segment::Index(index);
        let ty = element;
        Seed { cx, ty, at, segment }.deserialize(json)
    }
}

impl<'de> Visitor<'de> for Bytes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "list<u8>, a string of base64 (standard alphabet, padded) or an array of numbers from 0 to 255",
        )
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<(), E> {
        let base64 = base64_simd::STANDARD;
        let most = base64.decoded_length(text).unwrap_or(text.len());
        let block = self
            .cx
            .builder
            .block_with(self.at, most, |image| base64.decode_append(text, image));
        let decoded = self.cx.fit(block)?;
        decoded.map_err(|_| {
            E::custom("invalid value: a string that is not base64, expected the standard alphabet with padding, or an array of numbers from 0 to 255")
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { cx, at } = self;
        let mut list = cx.builder.open_bytes();
        let list = &mut list;
        while items.next_element_seed(Byte { cx, list })?.is_some() {}
        let close = cx.builder.close(at, *list);
        cx.fit(close)
    }
}

struct Byte<'c, 'l> {
    cx: &'c mut Context,
    list: &'l mut OpenList,
}

impl<'de> DeserializeSeed<'de> for Byte<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { cx, list } = self;
        let index = list.length();
        let push = number::parse_integer(json).and_then(|byte| {
            let push = cx.builder.push_byte(list, byte);
            cx.fit(push)
        });
        push.inspect_err(|_| cx.leave(index.to_string()))
    }
}

impl<'de> Visitor<'de> for Tuple<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tuple, an array of {} values", self.slots.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { cx, at, slots } = self;
        for (index, slot) in slots.iter().enumerate() {
            let seed = Seed {
                cx,
                ty: &slot.ty,
                at: at + slot.offset as usize,
                segment: Segment::Index(index),
            };
            if items.next_element_seed(seed)?.is_none() {
                return Err(Error::invalid_length(index, &Length(slots.len())));
            }
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(too_long(cx, slots.len(), "values")),
        }
    }
}

struct Length(usize);

impl serde::de::Expected for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tuple, an array of {} values", self.0)
    }
}

/// An array goes on behind its last place.
pub(super) fn too_long<E: Error>(cx: &mut Context, length: usize, what: &str) -> E {
    cx.leave(length.to_string());
    E::custom(format_args!(
        "one too many, expected an array of at most {length} {what}"
    ))
}
