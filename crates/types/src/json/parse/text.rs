//! Bools, strings and characters.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};

use super::context::Context;

pub(super) struct Bool<'c> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
}

pub(super) struct Text<'c> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
}

pub(super) struct Char<'c> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
}

impl Visitor<'_> for Bool<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bool, `true` or `false`")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.cx.builder.put(self.at, [u8::from(value)]);
        Ok(())
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let block = self.cx.builder.block(self.at, text.as_bytes());
        self.cx.fit(block)
    }
}

impl Visitor<'_> for Char<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a char, a string of exactly one Unicode scalar value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => {
                self.cx.builder.put(self.at, u32::from(char).to_le_bytes());
                Ok(())
            }
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}
