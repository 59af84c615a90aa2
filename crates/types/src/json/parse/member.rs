//! Objects of exactly one member.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Unexpected, Visitor};

use super::context::{self, Context};

/// One of a few fixed names of a member.
pub(super) struct Word<'c> {
    pub(super) cx: &'c mut Context,
    pub(super) words: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for Word<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Word<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&context::list(self.words.iter().copied()))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        self.words.iter().position(|word| *word == name).ok_or_else(|| {
            self.cx.leave(name);
            E::invalid_value(Unexpected::Str(name), &self)
        })
    }
}

/// Makes sure that the object, of which one member was read, has no other.
pub(super) fn only_member<'de, A: MapAccess<'de>>(mut map: A, what: &str) -> Result<(), A::Error> {
    match map.next_key::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(Error::custom(format_args!(
            "more than one member, expected {what}, an object with exactly one"
        ))),
    }
}
