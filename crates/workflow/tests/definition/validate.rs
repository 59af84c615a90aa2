//! As much of JSON Schema as the schema of definitions uses.

use serde_json::Value;

/// Whether `value` is valid under the whole schema `root`.
pub(crate) fn valid(root: &Value, value: &Value) -> bool {
    is_valid(root, root, value)
}

fn is_valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let Some(keywords) = schema.as_object() else {
        return schema == &Value::Bool(true);
    };
    keywords.iter().all(|(keyword, rule)| match &**keyword {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
            is_valid(root, root.pointer(pointer).unwrap(), value)
        }
        "type" => types(rule).any(|ty| is_of(ty, value)),
        "enum" => rule.as_array().unwrap().contains(value),
        "anyOf" => count(root, rule, value) > 0,
        "oneOf" => count(root, rule, value) == 1,
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= rule.as_f64().unwrap()),
        "pattern" => value
            .as_str()
            .is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "uniqueItems" => value.as_array().is_none_or(|items| all_differ(items)),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| is_valid(root, rule, item))),
        "minProperties" => value
            .as_object()
            .is_none_or(|members| members.len() as u64 >= rule.as_u64().unwrap()),
        "maxProperties" => value
            .as_object()
            .is_none_or(|members| members.len() as u64 <= rule.as_u64().unwrap()),
        "propertyNames" => value.as_object().is_none_or(|members| {
            members
                .keys()
                .all(|key| is_valid(root, rule, &Value::String(key.clone())))
        }),
        "properties" => value.as_object().is_none_or(|members| {
            members
                .iter()
                .all(|(key, member)| rule.get(key).is_none_or(|rule| is_valid(root, rule, member)))
        }),
        "required" => value
            .as_object()
            .is_none_or(|members| names(rule).all(|name| members.contains_key(name))),
        "dependentRequired" => value.as_object().is_none_or(|members| {
            let rules = rule.as_object().unwrap().iter();
            rules
                .filter(|(key, _)| members.contains_key(*key))
                .all(|(_, needed)| names(needed).all(|name| members.contains_key(name)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            let further = members
                .iter()
                .filter(|(key, _)| schema["properties"].get(*key).is_none());
            further
                .into_iter()
                .all(|(_, member)| is_valid(root, rule, member))
        }),
        _ => panic!("unknown keyword {keyword}"),
    })
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let many = rule.as_array().into_iter().flatten();
    many.chain(rule.as_str().map(|_| rule))
        .map(|ty| ty.as_str().unwrap())
}

fn names(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap())
}

fn is_of(ty: &str, value: &Value) -> bool {
    match ty {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("unknown type {ty}"),
    }
}

fn count(root: &Value, schemas: &Value, value: &Value) -> usize {
    let schemas = schemas.as_array().unwrap().iter();
    schemas.filter(|schema| is_valid(root, schema, value)).count()
}

fn all_differ(items: &[Value]) -> bool {
    items
        .iter()
        .enumerate()
        .all(|(at, item)| !items[..at].contains(item))
}

/// The four patterns there are, each told by how it begins.
fn matches(pattern: &str, text: &str) -> bool {
    let allowed = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if pattern == "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$" {
        return text.parse::<weft_types::FunctionName>().is_ok();
    }
    if pattern == "^[0-9]+(ms|s|m|h|d)$" {
        let unit = text.trim_start_matches(|char: char| char.is_ascii_digit());
        return unit.len() < text.len() && ["ms", "s", "m", "h", "d"].contains(&unit);
    }
    if pattern.starts_with("^\\$[A-Za-z]") {
        let Some(text) = text.strip_prefix('$') else {
            return false;
        };
        let text = text.replace('[', ".[");
        let mut parts = text.split('.');
        let root = parts.next().unwrap();
        let step = |part: &str| match part.strip_prefix('[') {
            Some(index) => index
                .strip_suffix(']')
                .is_some_and(|index| index.parse::<u32>().is_ok()),
            None => !part.is_empty() && allowed(part),
        };
        return root.starts_with(|first: char| first.is_ascii_alphabetic())
            && allowed(root)
            && parts.all(step);
    }
    assert!(
        pattern.starts_with("^[a-z][a-z0-9-]*(@"),
        "unknown pattern {pattern}"
    );
    let callee = text.split('#').next().unwrap();
    let (name, version) = callee.split_once('@').unwrap_or((callee, "1"));
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && allowed(name)
        && version.parse::<u32>().is_ok_and(|number| number > 0)
        && !text.ends_with('#')
}
