//! Any type, and any value of it as JSON.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use weft_types::Type;
use weft_types::ty::Shape;

/// Any type, nested up to five deep.
pub(crate) fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        8 => proptest::sample::select(SCALARS).prop_map(|text| text.parse().unwrap()),
        1 => names(1..4).prop_map(|names| Type::enumeration(names).unwrap()),
        1 => names(250..260).prop_map(|names| Type::enumeration(names).unwrap()),
        2 => names(0..70).prop_map(|names| Type::flags(names).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let many = proptest::collection::vec(inner.clone(), 0..6);
        let cases = proptest::collection::vec(proptest::option::of(inner.clone()), 1..6);
        let maybe = proptest::option::of(inner.clone());
        prop_oneof![
            2 => inner.clone().prop_map(|ty| Type::list(ty).unwrap()),
            2 => inner.prop_map(|ty| Type::option(ty).unwrap()),
            2 => many.clone().prop_map(|types| Type::record(named(types)).unwrap()),
            1 => many.prop_map(|types| Type::tuple(types).unwrap()),
            1 => cases.prop_map(|types| Type::variant(named(types)).unwrap()),
            1 => (maybe.clone(), maybe).prop_map(|(ok, err)| Type::result(ok, err).unwrap()),
        ]
    })
}

const SCALARS: &[&str] = &[
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string", "list<u8>",
];

fn names(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    count.prop_map(|count| (0..count).map(name).collect())
}

/// Names whose alphabetical order, in which the JSON is written, is the reverse of their order in the type.
fn name(index: usize) -> String {
    format!("m{:03}", 999 - index)
}

fn named<T>(members: Vec<T>) -> impl Iterator<Item = (String, T)> {
    members
        .into_iter()
        .enumerate()
        .map(|(index, member)| (name(index), member))
}

/// A value of `ty`, chosen by `entropy`; all zeros choose the smallest.
pub(crate) fn value(ty: &Type, entropy: &mut Entropy<'_>) -> Value {
    match ty.shape() {
        Shape::Bool => json!(entropy.byte() & 1 == 1),
        Shape::S8 => json!(entropy.bits() as i8),
        Shape::U8 => json!(entropy.bits() as u8),
        Shape::S16 => json!(entropy.bits() as i16),
        Shape::U16 => json!(entropy.bits() as u16),
        Shape::S32 => json!(entropy.bits() as i32),
        Shape::U32 => json!(entropy.bits() as u32),
        Shape::S64 => json!(entropy.bits() as i64),
        Shape::U64 => json!(entropy.bits().to_string()),
        Shape::F32 => float(f64::from(f32::from_bits(entropy.bits() as u32))),
        Shape::F64 => float(f64::from_bits(entropy.bits())),
        Shape::Char => json!(entropy.char()),
        Shape::String => json!(entropy.string()),
        Shape::List(element) => (0..entropy.byte() % 5).map(|_| value(element, entropy)).collect(),
        Shape::Tuple(slots) => slots.iter().map(|slot| value(&slot.ty, entropy)).collect(),
        Shape::Record(fields) => {
            let members = fields
                .iter()
                .map(|field| (field.name.to_string(), value(&field.ty, entropy)));
            Value::Object(members.collect())
        }
        Shape::Enum(names) => json!(names[entropy.choice(names.len())]),
        Shape::Flags(names) => names
            .iter()
            .filter(|_| entropy.byte() & 1 == 1)
            .map(|name| json!(name))
            .collect(),
        Shape::Variant(cases) => {
            let case = &cases.cases[entropy.choice(cases.cases.len())];
            match &case.ty {
                None => json!(case.name),
                Some(ty) => object(&case.name, value(ty, entropy)),
            }
        }
        Shape::Option(_) if entropy.byte() & 1 == 0 => Value::Null,
        Shape::Option(option) => match option.ty.shape() {
            Shape::Option(_) => object("some", value(&option.ty, entropy)),
            _ => value(&option.ty, entropy),
        },
        Shape::Result(either) => {
            let (name, ty) = match entropy.byte() & 1 {
                0 => ("ok", &either.ok),
                _ => ("err", &either.err),
            };
            object(name, ty.as_ref().map_or(Value::Null, |ty| value(ty, entropy)))
        }
    }
}

pub(crate) fn object(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

pub(crate) fn float(value: f64) -> Value {
    match value {
        _ if value.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(value),
    }
}

/// Choices from random bytes, zeros once they are used up.
pub(crate) struct Entropy<'a>(pub(crate) &'a [u8]);

impl Entropy<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    /// Few bits, many bits or the edges.
    fn bits(&mut self) -> u64 {
        match self.byte() % 4 {
            0 => self.byte().into(),
            1 => u64::MAX - u64::from(self.byte()),
            2 => 1 << (self.byte() % 64),
            _ => (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte())),
        }
    }

    pub(crate) fn choice(&mut self, count: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % count
    }

    fn char(&mut self) -> char {
        const SPECIAL: [char; 8] = ['"', '\\', '\n', '\0', '\u{7f}', 'é', '世', '\u{10ffff}'];
        match self.byte() {
            byte @ ..128 => (byte % 26 + b'a').into(),
            byte => SPECIAL[usize::from(byte % 8)],
        }
    }

    fn string(&mut self) -> String {
        let length = self.byte() % 24;
        (0..length).map(|_| self.char()).collect()
    }
}
