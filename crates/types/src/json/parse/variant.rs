//! Variants.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};

use super::context::{self, Context};
use super::member::only_member;
use super::names::member_names;
use super::seed::{Seed, Segment};
use crate::Type;
use crate::image::read::Union;
use crate::ty::Cases;

pub(super) struct Variant<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) ty: &'t Type,
    pub(super) cases: &'t Cases,
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

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
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

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
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

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for CaseName<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a case")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        self.ty.member(name).ok_or_else(|| {
            self.cx.leave(name);
            unknown_case(self.ty, name)
        })
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
