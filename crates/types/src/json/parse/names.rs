//! Enums and flags: names of members in strings.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, SeqAccess, Unexpected, Visitor};

use super::context::{self, Context};
use crate::Type;
use crate::ty::Shape;

pub(super) struct Enum<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) ty: &'t Type,
}

pub(super) struct Flags<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) ty: &'t Type,
}

impl Visitor<'_> for Enum<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an enum, one of {}", member_names(self.ty))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        let Some(case) = self.ty.member(name) else {
            return Err(E::invalid_value(Unexpected::Str(name), &self));
        };
        self.cx
            .builder
            .put_discriminant(self.at, self.ty.layout().size, case);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Flags<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flags, an array of {}", member_names(self.ty))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { cx, at, ty } = self;
        let mut index = 0;
        while items.next_element_seed(Flag { cx, at, ty, index })?.is_some() {
            index += 1;
        }
        Ok(())
    }
}

struct Flag<'c, 't> {
    cx: &'c mut Context,
    at: usize,
    ty: &'t Type,
    index: usize,
}

impl<'de> DeserializeSeed<'de> for Flag<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { cx, at, ty, index } = self;
        let set = json.deserialize_str(FlagName { cx, at, ty });
        if set.is_err() {
            cx.leave(index.to_string());
        }
        set
    }
}

struct FlagName<'c, 't> {
    cx: &'c mut Context,
    at: usize,
    ty: &'t Type,
}

impl Visitor<'_> for FlagName<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a flag, one of {}", member_names(self.ty))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        let Some(bit) = self.ty.member(name) else {
            return Err(E::invalid_value(Unexpected::Str(name), &self));
        };
        match self.cx.builder.set_bit(self.at, bit) {
            true => Ok(()),
            false => Err(E::custom(format_args!("the flag `{name}` stands twice"))),
        }
    }
}

/// The names of the members of a type, for people.
pub(super) fn member_names(ty: &Type) -> String {
    match ty.shape() {
        Shape::Enum(names) | Shape::Flags(names) => context::list(names.iter().map(|name| &**name)),
        Shape::Variant(cases) => context::list(cases.cases.iter().map(|case| &*case.name)),
        _ => String::new(),
    }
}
