//! Records, and the arguments of a call, which are one.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::context::{self, Context};
use super::list::too_long;
use super::seed::{Seed, Segment};
use crate::Type;
use crate::ty::{Field, Shape};

pub(super) struct Record<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) at: usize,
    pub(super) ty: &'t Type,
}

/// The arguments of a call: the root of the image is the record of its parameters.
pub(super) struct Arguments<'c, 't> {
    pub(super) cx: &'c mut Context,
    pub(super) params: &'t Type,
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = context::list(fields(self.ty).iter().map(|field| &*field.name));
        write!(f, "a record, an object of {names}")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        members(self.cx, self.ty, self.at, map, "field")
    }
}

impl<'de> Visitor<'de> for Arguments<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = context::list(fields(self.params).iter().map(|field| &*field.name));
        write!(f, "arguments, an object of {names} or an array in that order")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        members(self.cx, self.params, 0, map, "parameter")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { cx, params } = self;
        let fields = fields(params);
        for (index, field) in fields.iter().enumerate() {
            let seed = Seed {
                cx,
                ty: &field.ty,
                at: field.offset as usize,
                segment: Segment::Index(index),
            };
            if items.next_element_seed(seed)?.is_none() {
                return missing(fields[index..].iter(), "parameter");
            }
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(too_long(cx, fields.len(), "arguments")),
        }
    }
}

fn fields(ty: &Type) -> &[Field] {
    ty.fields().unwrap_or_default()
}

fn members<'de, A: MapAccess<'de>>(
    cx: &mut Context,
    ty: &Type,
    at: usize,
    mut map: A,
    what: &'static str,
) -> Result<(), A::Error> {
    let fields = fields(ty);
    let mut seen = Seen::new(fields.len());
    let mut next = 0;
    // Blocks of later members are there already: those of this one come too late.
    let mut latest_pointers = 0;
    while let Some(index) = map.next_key_seed(Key { cx, ty, next, what })? {
        let field = &fields[index];
        if !seen.insert(index) {
            cx.leave(&*field.name);
            return Err(Error::custom(format_args!(
                "the {what} `{}` stands twice",
                field.name
            )));
        }
        if field.ty.layout().pointers {
            cx.in_order &= index >= latest_pointers;
            latest_pointers = index;
        }
        map.next_value_seed(Seed {
            cx,
            ty: &field.ty,
            at: at + field.offset as usize,
            segment: Segment::Name(&field.name),
        })?;
        next = index + 1;
    }
    if seen.count == fields.len() {
        return Ok(());
    }
    let left_out = fields
        .iter()
        .enumerate()
        .filter(|(index, _)| !seen.contains(*index));
    missing(left_out.map(|(_, field)| field), what)
}

/// Options may be left out, which leaves them none; anything else not.
fn missing<'t, E: Error>(mut left_out: impl Iterator<Item = &'t Field>, what: &str) -> Result<(), E> {
    match left_out.find(|field| !matches!(field.ty.shape(), Shape::Option(_))) {
        None => Ok(()),
        Some(field) => Err(E::custom(format_args!(
            "missing {what} `{}`, expected {}",
            field.name,
            context::shorten(&field.ty.to_string())
        ))),
    }
}

/// Finds a member by its name; most often it is the `next`.
struct Key<'c, 't> {
    cx: &'c mut Context,
    ty: &'t Type,
    next: usize,
    what: &'static str,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a {}", self.what)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let fields = fields(self.ty);
        if fields.get(self.next).is_some_and(|field| &*field.name == name) {
            return Ok(self.next);
        }
        self.ty.member(name).ok_or_else(|| {
            self.cx.leave(name);
            let names = context::list(fields.iter().map(|field| &*field.name));
            let shown: String = name.chars().take(80).collect();
            E::custom(format_args!("unknown {} `{shown}`, expected {names}", self.what))
        })
    }
}

/// Which members were there.
struct Seen {
    count: usize,
    first: u64,
    rest: Vec<u64>,
}

impl Seen {
    fn new(members: usize) -> Self {
        Self {
            count: 0,
            first: 0,
            rest: vec![0; members.saturating_sub(1) / 64],
        }
    }

    /// Whether it was not there yet.
    fn insert(&mut self, index: usize) -> bool {
        let new = !self.contains(index);
        let word = match index / 64 {
            0 => &mut self.first,
            word => &mut self.rest[word - 1],
        };
        *word |= 1 << (index % 64);
        self.count += usize::from(new);
        new
    }

    fn contains(&self, index: usize) -> bool {
        let word = match index / 64 {
            0 => self.first,
            word => self.rest[word - 1],
        };
        word >> (index % 64) & 1 == 1
    }
}
