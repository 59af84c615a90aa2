//! Results.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};

use super::context::Context;
use super::member::{Word, only_member};
use super::seed::{Seed, Segment};
use crate::image::read::Union;
use crate::ty::Either;

pub(super) struct ResultOf<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) either: &'t Either,
}

impl<'de> Visitor<'de> for ResultOf<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result, {\"ok\": value} or {\"err\": value}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { cx, at, either } = self;
        const NAMES: [&str; 2] = ["ok", "err"];
        let Some(case) = map.next_key_seed(Word { cx, words: &NAMES })? else {
            return Err(Error::custom(
                "an empty object, expected {\"ok\": value} or {\"err\": value}",
            ));
        };
        cx.builder.put_discriminant(at, 1, case);
        let name = NAMES[case];
        match either.carried(case) {
            Some(ty) => {
                let at = at + either.payload as usize;
                let segment = Segment::Name(name);
                map.next_value_seed(Seed { cx, ty, at, segment })?;
            }
            None => map.next_value_seed(Null { cx, name })?,
        }
        only_member(map, "a result")
    }
}

/// The value of a case that carries none.
struct Null<'c> {
    cx: &'c mut Context,
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Null<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let null = json.deserialize_unit(NullVisitor);
        if null.is_err() {
            self.cx.leave(self.name);
        }
        null
    }
}

struct NullVisitor;

impl Visitor<'_> for NullVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, since the case carries no value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
