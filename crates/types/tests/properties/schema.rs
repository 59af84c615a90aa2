//! As much of JSON Schema as the schemas of types use.

use serde_json::Value;

/// Whether `value` is valid under `schema`.
pub(crate) fn valid(schema: &Value, value: &Value) -> bool {
    let Some(schema) = schema.as_object() else {
        return schema == &Value::Bool(true);
    };
    schema.iter().all(|(keyword, rule)| match &**keyword {
        "type" => is_of(rule.as_str().unwrap(), value),
        "const" => rule == value,
        "enum" => rule.as_array().unwrap().contains(value),
        "anyOf" => count(rule, value) > 0,
        "oneOf" => count(rule, value) == 1,
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() >= size(rule)),
        "maxLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() <= size(rule)),
        "pattern" => value
            .as_str()
            .is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "contentEncoding" => rule == "base64",
        "minItems" => value.as_array().is_none_or(|items| items.len() >= size(rule)),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= size(rule)),
        "uniqueItems" => value.as_array().is_none_or(|items| all_differ(items)),
        "prefixItems" => value.as_array().is_none_or(|items| {
            let rules = rule.as_array().unwrap();
            rules.iter().zip(items).all(|(rule, item)| valid(rule, item))
        }),
        "items" => value.as_array().is_none_or(|items| {
            let prefix = schema
                .get("prefixItems")
                .map_or(0, |prefix| prefix.as_array().unwrap().len());
            items.iter().skip(prefix).all(|item| valid(rule, item))
        }),
        "properties" => value.as_object().is_none_or(|members| {
            members
                .iter()
                .all(|(name, member)| rule.get(name).is_none_or(|rule| valid(rule, member)))
        }),
        "required" => value.as_object().is_none_or(|members| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            assert_eq!(rule, false);
            members
                .keys()
                .all(|name| schema["properties"].get(name).is_some())
        }),
        _ => panic!("unknown keyword {keyword}"),
    })
}

fn is_of(ty: &str, value: &Value) -> bool {
    match ty {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("unknown type {ty}"),
    }
}

fn count(schemas: &Value, value: &Value) -> usize {
    let schemas = schemas.as_array().unwrap();
    schemas.iter().filter(|schema| valid(schema, value)).count()
}

fn size(rule: &Value) -> usize {
    rule.as_u64().unwrap() as usize
}

fn all_differ(items: &[Value]) -> bool {
    items
        .iter()
        .enumerate()
        .all(|(index, item)| !items[..index].contains(item))
}

/// The three patterns there are.
fn matches(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        "^[0-9]+$" => digits(text),
        "^-?[0-9]+$" => digits(text.strip_prefix('-').unwrap_or(text)),
        _ => {
            assert!(pattern.contains("A-Za-z0-9+/"), "unknown pattern {pattern}");
            let data = text.trim_end_matches('=');
            let padding = text.len() - data.len();
            text.len().is_multiple_of(4)
                && padding <= 2
                && data
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
        }
    }
}
