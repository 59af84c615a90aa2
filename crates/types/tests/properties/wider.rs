//! Types that the values of another convert into, and what they become as JSON: the rules written down a second time.

use base64_simd::STANDARD;
use serde_json::{Value, json};
use weft_types::Type;
use weft_types::image::View;
use weft_types::ty::Shape;

use crate::generate::{Entropy, float, object};

/// The types of numbers, each with those that hold all of its values.
const NUMBERS: &[(&str, &[&str])] = &[
    ("s8", &["s8", "s16", "s32", "s64", "f32", "f64"]),
    (
        "u8",
        &["u8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"],
    ),
    ("s16", &["s16", "s32", "s64", "f32", "f64"]),
    ("u16", &["u16", "u32", "s32", "u64", "s64", "f32", "f64"]),
    ("s32", &["s32", "s64", "f64"]),
    ("u32", &["u32", "u64", "s64", "f64"]),
    ("s64", &["s64"]),
    ("u64", &["u64"]),
    ("f32", &["f32", "f64"]),
    ("f64", &["f64"]),
];

fn numbers(ty: &Type) -> Option<&'static [&'static str]> {
    let text = ty.to_string();
    let row = NUMBERS.iter().find(|(name, _)| *name == text);
    row.map(|(_, wider)| *wider)
}

/// A type that values of `from` convert into.
pub(crate) fn ty(from: &Type, entropy: &mut Entropy<'_>) -> Type {
    if entropy.choice(5) == 1 {
        return Type::option(ty(from, entropy)).unwrap();
    }
    if let Some(wider) = numbers(from) {
        return wider[entropy.choice(wider.len())].parse().unwrap();
    }
    match from.shape() {
        Shape::List(element) => Type::list(ty(element, entropy)),
        Shape::Option(option) => Type::option(ty(&option.ty, entropy)),
        Shape::Record(fields) => Type::record(fields.iter().map(|f| (f.name.clone(), ty(&f.ty, entropy)))),
        Shape::Tuple(slots) => Type::tuple(slots.iter().map(|slot| ty(&slot.ty, entropy))),
        Shape::Variant(cases) => Type::variant(cases.cases.iter().map(|case| {
            let carried = case.ty.as_ref().map(|carried| ty(carried, entropy));
            (case.name.clone(), carried)
        })),
        Shape::Result(either) => {
            let mut side = |carried: &Option<Box<Type>>| carried.as_ref().map(|carried| ty(carried, entropy));
            let (ok, err) = (side(&either.ok), side(&either.err));
            Type::result(ok, err)
        }
        _ => Ok(from.clone()),
    }
    .unwrap()
}

/// Whether values of `from` convert into values of `to`.
pub(crate) fn converts(from: &Type, to: &Type) -> bool {
    let side = |from: Option<&Type>, to: Option<&Type>| match (from, to) {
        (Some(from), Some(to)) => converts(from, to),
        (from, to) => from.is_none() && to.is_none(),
    };
    match (from.shape(), to.shape()) {
        (Shape::Option(f), Shape::Option(t)) => converts(&f.ty, &t.ty),
        (_, Shape::Option(t)) => converts(from, &t.ty),
        (Shape::List(f), Shape::List(t)) => converts(f, t),
        (Shape::Record(f), Shape::Record(t)) => {
            let mut pairs = f.iter().zip(t);
            f.len() == t.len() && pairs.all(|(f, t)| f.name == t.name && converts(&f.ty, &t.ty))
        }
        (Shape::Tuple(f), Shape::Tuple(t)) => {
            f.len() == t.len() && f.iter().zip(t).all(|(f, t)| converts(&f.ty, &t.ty))
        }
        (Shape::Variant(f), Shape::Variant(t)) => {
            let mut pairs = f.cases.iter().zip(&t.cases);
            let cases = |(f, t): (&weft_types::ty::Case, &weft_types::ty::Case)| {
                f.name == t.name && side(f.ty.as_ref(), t.ty.as_ref())
            };
            f.cases.len() == t.cases.len() && pairs.all(cases)
        }
        (Shape::Result(f), Shape::Result(t)) => {
            side(f.ok.as_deref(), t.ok.as_deref()) && side(f.err.as_deref(), t.err.as_deref())
        }
        _ => from == to || numbers(from).is_some_and(|wider| wider.contains(&&*to.to_string())),
    }
}

/// A value as the JSON of a value of `to`, which it converts into.
pub(crate) fn json(view: View<'_>, to: &Type) -> Value {
    match (view.ty().shape(), to.shape()) {
        (Shape::Option(_), Shape::Option(t)) => match view.payload() {
            None => Value::Null,
            Some(payload) => some(json(payload, &t.ty), &t.ty),
        },
        (_, Shape::Option(t)) => some(json(view, &t.ty), &t.ty),
        (_, Shape::F32 | Shape::F64) => match view.as_integer() {
            Some(integer) => json!(integer as f64),
            None => float(view.as_float().unwrap()),
        },
        (Shape::Bool, _) => json!(view.as_bool().unwrap()),
        (Shape::Char, _) => json!(view.as_char().unwrap()),
        (Shape::String, _) => json!(view.as_str().unwrap()),
        (Shape::List(_), _) if to.is_bytes() => json!(STANDARD.encode_to_string(view.as_bytes().unwrap())),
        (Shape::List(_), Shape::List(t)) => view.elements().unwrap().map(|item| json(item, t)).collect(),
        (Shape::Record(_), Shape::Record(t)) => {
            let field = |name: &str, ty| (name.to_owned(), json(view.field(name).unwrap(), ty));
            Value::Object(t.iter().map(|t| field(&t.name, &t.ty)).collect())
        }
        (Shape::Tuple(_), Shape::Tuple(t)) => {
            let slots = t.iter().enumerate();
            slots
                .map(|(index, t)| json(view.member(index).unwrap(), &t.ty))
                .collect()
        }
        (Shape::Variant(_), Shape::Variant(t)) => {
            let choice = view.choice().unwrap();
            match (choice.payload, &t.cases[choice.index].ty) {
                (Some(payload), Some(ty)) => object(choice.name, json(payload, ty)),
                _ => json!(choice.name),
            }
        }
        (Shape::Result(_), Shape::Result(t)) => {
            let choice = view.choice().unwrap();
            let ty = [&t.ok, &t.err][choice.index].as_deref();
            let carried = choice.payload.map(|payload| json(payload, ty.unwrap()));
            object(choice.name, carried.unwrap_or_default())
        }
        (Shape::Enum(_), _) => json!(view.choice().unwrap().name),
        (Shape::Flags(_), _) => view.flags().unwrap().map(|name| json!(name)).collect(),
        _ => {
            let integer = view.as_integer().unwrap();
            i64::try_from(integer).map_or_else(|_| json!(integer.to_string()), |integer| json!(integer))
        }
    }
}

fn some(value: Value, ty: &Type) -> Value {
    match ty.shape() {
        Shape::Option(_) => object("some", value),
        _ => value,
    }
}
