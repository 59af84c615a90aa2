//! Enums, flags, variants, options and results.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::context::{self, Context};
use super::seed::{Seed, Segment};
use crate::Type;
use crate::image::read::Union;
use crate::ty::{Cases, Either, Payload, Shape};

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

pub(super) struct Variant<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) ty: &'t Type,
    pub(super) cases: &'t Cases,
}

pub(super) struct Result<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) either: &'t Either,
}

type Outcome<T, E> = std::result::Result<T, E>;

impl Visitor<'_> for Enum<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an enum, one of {}", member_names(self.ty))
    }

    fn visit_str<E: Error>(self, name: &str) -> Outcome<(), E> {
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Outcome<(), A::Error> {
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

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Outcome<(), D::Error> {
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

    fn visit_str<E: Error>(self, name: &str) -> Outcome<(), E> {
        let Some(bit) = self.ty.member(name) else {
            return Err(E::invalid_value(Unexpected::Str(name), &self));
        };
        match self.cx.builder.set_bit(self.at, bit) {
            true => Ok(()),
            false => Err(E::custom(format_args!("the flag `{name}` stands twice"))),
        }
    }
}

impl<'de> Visitor<'de> for Variant<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = member_names(self.ty);
        write!(
            f,
            "a variant, one of {names} as a string, or as {{\"case\": value}} where it carries one"
        )
    }

    fn visit_str<E: Error>(self, name: &str) -> Outcome<(), E> {
        let Self { cx, at, ty, cases } = self;
        let Some(case) = ty.member(name) else {
            return Err(unknown_case(ty, name));
        };
        match cases.carried(case) {
            Some(carried) => Err(E::custom(format_args!(
                "the case `{name}` carries a value, expected {{\"{name}\": {}}}",
                context::shorten(&carried.to_string())
            ))),
            None => {
                cx.builder.put_discriminant(at, cases.discriminant_size(), case);
                Ok(())
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Outcome<(), A::Error> {
        let Self { cx, at, ty, cases } = self;
        let Some(case) = map.next_key_seed(CaseName { cx, ty })? else {
            return Err(unknown_case(ty, ""));
        };
        let name = &*cases.cases[case].name;
        let Some(carried) = cases.carried(case) else {
            cx.leave(name);
            return Err(Error::custom(format_args!(
                "the case `{name}` carries no value, expected the string \"{name}\""
            )));
        };
        cx.builder.put_discriminant(at, cases.discriminant_size(), case);
        let at = at + cases.payload as usize;
        let segment = Segment::Name(name);
        map.next_value_seed(Seed {
            cx,
            ty: carried,
            at,
            segment,
        })?;
        only_member(map, "a variant")
    }
}

struct CaseName<'c, 't> {
    cx: &'c mut Context,
    ty: &'t Type,
}

impl<'de> DeserializeSeed<'de> for CaseName<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Outcome<usize, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for CaseName<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a case")
    }

    fn visit_str<E: Error>(self, name: &str) -> Outcome<usize, E> {
        self.ty.member(name).ok_or_else(|| {
            self.cx.leave(name);
            unknown_case(self.ty, name)
        })
    }
}

impl<'de> Visitor<'de> for Result<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result, {\"ok\": value} or {\"err\": value}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Outcome<(), A::Error> {
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

/// Reads an option. What it holds stands for itself, except within an option of an option, where `null` could be either.
pub(super) fn option<'de, D: Deserializer<'de>>(
    cx: &mut Context,
    at: usize,
    option: &Payload,
    json: D,
) -> Outcome<(), D::Error> {
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

    fn visit_unit<E>(self) -> Outcome<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Outcome<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Outcome<(), D::Error> {
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

    fn visit_unit<E>(self) -> Outcome<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Outcome<(), A::Error> {
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

/// One of a few fixed names of a member.
struct Word<'c> {
    cx: &'c mut Context,
    words: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for Word<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Outcome<usize, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Word<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&context::list(self.words.iter().copied()))
    }

    fn visit_str<E: Error>(self, name: &str) -> Outcome<usize, E> {
        self.words.iter().position(|word| *word == name).ok_or_else(|| {
            self.cx.leave(name);
            E::invalid_value(Unexpected::Str(name), &self)
        })
    }
}

/// The value of a case that carries none.
struct Null<'c> {
    cx: &'c mut Context,
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Null<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Outcome<(), D::Error> {
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

    fn visit_unit<E>(self) -> Outcome<(), E> {
        Ok(())
    }
}

fn only_member<'de, A: MapAccess<'de>>(mut map: A, what: &str) -> Outcome<(), A::Error> {
    match map.next_key::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(Error::custom(format_args!(
            "more than one member, expected {what}, an object with exactly one"
        ))),
    }
}

fn unknown_case<E: Error>(ty: &Type, name: &str) -> E {
    let names = member_names(ty);
    match name {
        "" => E::custom(format_args!(
            "an empty object or name, expected one case of {names}"
        )),
        _ => {
            let shown: String = name.chars().take(80).collect();
            E::custom(format_args!("unknown case `{shown}`, expected one of {names}"))
        }
    }
}

fn member_names(ty: &Type) -> String {
    match ty.shape() {
        Shape::Enum(names) | Shape::Flags(names) => context::list(names.iter().map(|name| &**name)),
        Shape::Variant(cases) => context::list(cases.cases.iter().map(|case| &*case.name)),
        _ => String::new(),
    }
}
