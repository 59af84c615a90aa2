//! JSON Schema (draft 2020-12) of what [`json`](crate::json) reads and prints.
//!
//! A schema cannot say everything: the range of a 64-bit integer given as a string, and that such an integer given as a
//! number with a fraction or exponent has to stay within 2^53 - 1, are checked by the reader alone.

use serde_json::{Map, Value, json};

use crate::ty::{Case, Either, Field, Payload, Shape, Slot};
use crate::{Signature, Type};

/// The schema of the values of a type.
#[must_use]
pub fn of(ty: &Type) -> Value {
    match ty.shape() {
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::S8 => integer(i8::MIN, i8::MAX),
        Shape::U8 => integer(u8::MIN, u8::MAX),
        Shape::S16 => integer(i16::MIN, i16::MAX),
        Shape::U16 => integer(u16::MIN, u16::MAX),
        Shape::S32 => integer(i32::MIN, i32::MAX),
        Shape::U32 => integer(u32::MIN, u32::MAX),
        Shape::S64 => wide(integer(i64::MIN, i64::MAX), "^-?[0-9]+$"),
        Shape::U64 => wide(integer(u64::MIN, u64::MAX), "^[0-9]+$"),
        Shape::F32 => float(json!({ "type": "number", "minimum": f32::MIN, "maximum": f32::MAX })),
        Shape::F64 => float(json!({ "type": "number" })),
        Shape::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Shape::String => json!({ "type": "string" }),
        Shape::List(element) if *element.shape() == Shape::U8 => bytes(),
        Shape::List(element) => json!({ "type": "array", "items": of(element) }),
        Shape::Record(fields) => record(fields),
        Shape::Tuple(slots) => tuple(slots),
        Shape::Enum(names) => json!({ "enum": names }),
        Shape::Flags(names) => flags(names),
        Shape::Variant(variant) => json!({ "oneOf": variant.cases.iter().map(case).collect::<Value>() }),
        Shape::Option(inner) => option(inner),
        Shape::Result(either) => result(either),
    }
}

/// The schema of the arguments of a call: an object by name or an array by position.
#[must_use]
pub fn of_arguments(signature: &Signature) -> Value {
    let fields = signature.params.fields().unwrap_or_default();
    let optional = fields
        .iter()
        .rev()
        .take_while(|field| is_option(&field.ty))
        .count();
    let by_position = array(fields.iter().map(|field| of(&field.ty)).collect(), optional);
    json!({ "anyOf": [record(fields), by_position] })
}

fn integer<T: Into<Value>>(minimum: T, maximum: T) -> Value {
    json!({ "type": "integer", "minimum": minimum.into(), "maximum": maximum.into() })
}

/// An integer that may stand in a string.
fn wide(number: Value, digits: &str) -> Value {
    json!({ "oneOf": [number, { "type": "string", "pattern": digits }] })
}

fn float(number: Value) -> Value {
    json!({ "oneOf": [number, { "enum": ["NaN", "Infinity", "-Infinity"] }] })
}

fn bytes() -> Value {
    const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";
    json!({ "oneOf": [
        { "type": "string", "contentEncoding": "base64", "pattern": BASE64 },
        { "type": "array", "items": integer(u8::MIN, u8::MAX) },
    ] })
}

fn record(fields: &[Field]) -> Value {
    let properties = fields.iter().map(|field| (field.name.to_string(), of(&field.ty)));
    let required = fields.iter().filter(|field| !is_option(&field.ty));
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required.map(|field| &field.name).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

fn tuple(slots: &[Slot]) -> Value {
    array(slots.iter().map(|slot| of(&slot.ty)).collect(), 0)
}

/// An array of exactly these items, of which the last `optional` may be left out.
fn array(items: Vec<Value>, optional: usize) -> Value {
    let least = items.len() - optional;
    match items.len() {
        0 => json!({ "type": "array", "maxItems": 0 }),
        _ => json!({ "type": "array", "prefixItems": items, "items": false, "minItems": least }),
    }
}

fn flags(names: &[Box<str>]) -> Value {
    match names.len() {
        0 => json!({ "type": "array", "maxItems": 0 }),
        _ => json!({ "type": "array", "items": { "enum": names }, "uniqueItems": true }),
    }
}

fn case(case: &Case) -> Value {
    match &case.ty {
        None => json!({ "const": case.name }),
        Some(ty) => member(&case.name, of(ty)),
    }
}

fn option(option: &Payload) -> Value {
    let value = match is_option(&option.ty) {
        true => member("some", of(&option.ty)),
        false => of(&option.ty),
    };
    json!({ "oneOf": [{ "type": "null" }, value] })
}

fn result(either: &Either) -> Value {
    let carried = |ty: &Option<Box<Type>>| ty.as_deref().map_or(json!({ "type": "null" }), of);
    json!({ "oneOf": [member("ok", carried(&either.ok)), member("err", carried(&either.err))] })
}

/// An object of exactly one member.
fn member(name: &str, value: Value) -> Value {
    json!({
        "type": "object",
        "properties": { name: value },
        "required": [name],
        "additionalProperties": false,
    })
}

fn is_option(ty: &Type) -> bool {
    matches!(ty.shape(), Shape::Option(_))
}
