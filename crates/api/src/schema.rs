//! Types as JSON Schema (2020-12): what the JSON form of their values looks like.

use serde_json::{Value, json};
use weft_types::Type;
use weft_types::ty::{Field, Shape};

/// The largest integer that JSON numbers hold exactly.
const MAX_EXACT: u64 = 1 << 53;

/// The schema of the values of a type.
pub(crate) fn of(ty: &Type) -> Value {
    match ty.shape() {
        Shape::Bool => json!({"type": "boolean"}),
        Shape::S8 => integer(i8::MIN.into(), i8::MAX.into()),
        Shape::U8 => integer(0, u8::MAX.into()),
        Shape::S16 => integer(i16::MIN.into(), i16::MAX.into()),
        Shape::U16 => integer(0, u16::MAX.into()),
        Shape::S32 => integer(i32::MIN.into(), i32::MAX.into()),
        Shape::U32 => integer(0, u32::MAX.into()),
        Shape::S64 => large_integer("s64", "^-?[0-9]{1,19}$", json!(i64::MIN), json!(i64::MAX)),
        Shape::U64 => large_integer("u64", "^[0-9]{1,20}$", json!(0), json!(u64::MAX)),
        Shape::F32 => float("f32"),
        Shape::F64 => float("f64"),
        Shape::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Shape::String => json!({"type": "string"}),
        Shape::List(_) if ty.is_bytes() => bytes(),
        Shape::List(element) => json!({"type": "array", "items": of(element)}),
        Shape::Record(fields) => record(fields),
        Shape::Tuple(slots) => {
            let items: Vec<_> = slots.iter().map(|slot| of(&slot.ty)).collect();
            json!({"type": "array", "prefixItems": items, "items": false, "minItems": items.len()})
        }
        Shape::Variant(variant) => {
            let cases: Vec<_> = variant
                .cases
                .iter()
                .map(|case| match &case.ty {
                    None => json!({"const": case.name}),
                    Some(ty) => single(&case.name, of(ty)),
                })
                .collect();
            json!({"oneOf": cases})
        }
        Shape::Enum(names) => json!({"enum": names}),
        Shape::Flags(names) => json!({"type": "array", "items": {"enum": names}, "uniqueItems": true}),
        Shape::Option(option) => optional(&option.ty),
        Shape::Result(either) => {
            let side = |name, ty: &Option<Box<Type>>| single(name, ty.as_deref().map_or(json!({"type": "null"}), of));
            json!({"oneOf": [side("ok", &either.ok), side("err", &either.err)]})
        }
    }
}

fn integer(minimum: i64, maximum: i64) -> Value {
    json!({"type": "integer", "minimum": minimum, "maximum": maximum})
}

fn large_integer(name: &str, pattern: &str, minimum: Value, maximum: Value) -> Value {
    json!({
        "description": format!("{name}: a number, or a text of digits; printed as a text beyond {MAX_EXACT}"),
        "oneOf": [
            {"type": "integer", "minimum": minimum, "maximum": maximum},
            {"type": "string", "pattern": pattern},
        ],
    })
}

fn float(name: &str) -> Value {
    json!({"description": name, "oneOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
}

fn bytes() -> Value {
    json!({
        "description": "bytes in base64; an array of numbers is accepted too",
        "oneOf": [
            {"type": "string", "contentEncoding": "base64"},
            {"type": "array", "items": integer(0, u8::MAX.into())},
        ],
    })
}

fn record(fields: &[Field]) -> Value {
    let required: Vec<_> = fields.iter().filter(|field| !is_optional(&field.ty)).map(|field| &field.name).collect();
    let properties: serde_json::Map<_, _> =
        fields.iter().map(|field| (field.name.to_string(), of(&field.ty))).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn is_optional(ty: &Type) -> bool {
    matches!(ty.shape(), Shape::Option(_))
}

/// An option is null or the value; where the value is an option itself, it is wrapped to tell the two nulls apart.
fn optional(inner: &Type) -> Value {
    let some = if is_optional(inner) { single("some", of(inner)) } else { of(inner) };
    json!({"anyOf": [{"type": "null"}, some]})
}

/// An object with exactly this member.
fn single(name: &str, value: Value) -> Value {
    json!({"type": "object", "properties": {name: value}, "required": [name], "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(shape: Shape) -> Type {
        Type::from_shape(shape).unwrap()
    }

    #[test]
    fn records_require_what_is_not_optional() {
        let field = |name: &str, ty: Type| Field { name: name.into(), ty, offset: 0 };
        let option = |inner| ty(Shape::Option(weft_types::ty::Payload { ty: Box::new(inner), payload: 0 }));
        let record = ty(Shape::Record(Box::new([
            field("sku", ty(Shape::String)),
            field("note", option(ty(Shape::String))),
            field("deep", option(option(ty(Shape::Bool)))),
        ])));
        let schema = of(&record);
        assert_eq!(schema["required"], json!(["sku"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["note"], json!({"anyOf": [{"type": "null"}, {"type": "string"}]}));
        assert_eq!(schema["properties"]["deep"]["anyOf"][1]["required"], json!(["some"]));
    }

    #[test]
    fn lists_of_u8_are_bytes() {
        let schema = of(&ty(Shape::List(Box::new(ty(Shape::U8)))));
        assert_eq!(schema["oneOf"][0]["contentEncoding"], "base64");
        assert_eq!(of(&ty(Shape::List(Box::new(ty(Shape::U16)))))["items"]["maximum"], 65_535);
    }
}
