//! Options.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};

use super::context::Context;
use super::member::{Word, only_member};
use super::seed::{Seed, Segment};
use crate::ty::{Payload, Shape};

/// Reads an option. What it holds stands for itself, except within an option of an option, where `null` could be either.
pub(super) fn option<'de, D: Deserializer<'de>>(
    cx: &mut Context,
    at: usize,
    option: &Payload,
    json: D,
) -> Result<(), D::Error> {
    match option.ty.shape() {
        Shape::Option(_) => json.deserialize_any(Nested { cx, at, option }),
        _ => json.deserialize_option(Plain { cx, at, option }),
    }
}

struct Plain<'c, 't> {
    cx: &'c mut Context,
    at: usize,
    option: &'t Payload,
}

impl<'de> Visitor<'de> for Plain<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option, null or a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { cx, at, option } = self;
        some(cx, at, option, Segment::Here).deserialize(json)
    }
}

struct Nested<'c, 't> {
    cx: &'c mut Context,
    at: usize,
    option: &'t Payload,
}

impl<'de> Visitor<'de> for Nested<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option of an option, null or {\"some\": value}")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { cx, at, option } = self;
        if map.next_key_seed(Word { cx, words: &["some"] })?.is_none() {
            return Err(Error::custom("an empty object, expected {\"some\": value}"));
        }
        map.next_value_seed(some(cx, at, option, Segment::Name("some")))?;
        only_member(map, "an option")
    }
}

fn some<'c, 't>(cx: &'c mut Context, at: usize, option: &'t Payload, segment: Segment<'t>) -> Seed<'c, 't> {
    cx.builder.put(at, [1]);
    Seed {
        cx,
        ty: &option.ty,
        at: at + option.payload as usize,
        segment,
    }
}
