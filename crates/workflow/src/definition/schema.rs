//! The JSON Schema (draft 2020-12) of the language, for editors and other programs.
//!
//! It says how a definition is put together, not what it means: names, references and types are checked by Weft alone.

use serde_json::{Map, Value, json};

use super::reader::Choice;
use super::{bounds::Bounds, catch, kind, limits, retry, workflow};
use crate::event::ErrorCode;
use crate::plan::ItemFailure;
use weft_types::{Durability, FailurePolicy, Limits, Priority};

mod node;

/// Where the schema is published, relative to the repository.
pub const PATH: &str = "docs/workflow.schema.json";

/// The JSON Schema of definitions.
#[must_use]
pub fn schema() -> Value {
    let top = object(&workflow::KEYS, top, &["workflow", "nodes"]);
    with(
        top,
        [
            ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
            ("title", json!("Weft workflow")),
            ("$defs", definitions()),
        ],
    )
}

/// The value of a key at the top.
fn top(key: &str) -> Value {
    match key {
        "workflow" => described("What the workflow calls itself.", reference("name")),
        "description" => described("For people.", json!({ "type": "string" })),
        "types" => described(
            "Types that others name: WIT declarations, such as `record line { sku: string }`.",
            json!({ "type": "string" }),
        ),
        "input" => described("The parameters and their types.", map("name", reference("type"))),
        "output" => described(
            "What the workflow answers; a map makes a record.",
            reference("source"),
        ),
        "output-type" => described(
            "The type of the output, where it is not to be inferred.",
            reference("type"),
        ),
        "durability" => described("Whether runs survive a crash.", choice::<Durability>()),
        "defaults" => described(
            "What applies to runs that say nothing else.",
            object(&workflow::DEFAULTS, defaults, &[]),
        ),
        "parameters" => described(
            "Values that nodes read as `$global.name` and that a start may replace.",
            map("name", object(&workflow::GLOBAL, global, &workflow::GLOBAL)),
        ),
        "nodes" => described(
            "The steps.",
            with(map("name", reference("node")), [("minProperties", json!(1))]),
        ),
        _ => Value::Bool(true),
    }
}

fn defaults(key: &str) -> Value {
    match key {
        "on-failure" => choice::<FailurePolicy>(),
        "priority" => choice::<Priority>(),
        "group" => reference("name"),
        "timeout" => reference("duration"),
        "concurrency" => whole(1, Bounds::MAX_CONCURRENCY),
        _ => Value::Bool(true),
    }
}

fn global(key: &str) -> Value {
    match key {
        "type" => reference("type"),
        "default" => reference("source"),
        _ => Value::Bool(true),
    }
}

fn definitions() -> Value {
    json!({
        "name": { "type": "string", "pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$" },
        "type": described("A WIT type, such as `list<string>`, or a name that `types` declares.", json!({ "type": "string" })),
        "duration": { "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" },
        "reference": { "type": "string", "pattern": "^\\$[A-Za-z][A-Za-z0-9-]*(\\.[A-Za-z0-9-]+|\\[[0-9]+\\])*$" },
        "source": described(
            "A value. A text that begins with `$` is a reference, at any depth; one that begins with `$$` begins with `$`.",
            Value::Object(Map::new()),
        ),
        "node": node::schema(),
        "retry": retry_schema(),
        "catch": with(object(&catch::KEYS, catch_key, &[]), [("minProperties", json!(1)), ("maxProperties", json!(1))]),
        "limits": object(&limits::KEYS, limit, &[]),
    })
}

fn retry_schema() -> Value {
    let attempts = whole(1, Bounds::MAX_ATTEMPTS);
    json!({ "anyOf": [attempts, object(&retry::KEYS, retry_key, &[])] })
}

fn retry_key(key: &str) -> Value {
    match key {
        "attempts" => described("Attempts in all.", whole(1, Bounds::MAX_ATTEMPTS)),
        "backoff" => described("Time before the second attempt.", reference("duration")),
        "factor" => described(
            "What that time is multiplied with for each further one.",
            json!({ "type": "number", "minimum": 1, "maximum": Bounds::MAX_FACTOR_PERCENT / 100 }),
        ),
        "max-backoff" => described("The longest such time.", reference("duration")),
        "jitter" => described(
            "By which part such a time varies at most.",
            json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        ),
        "on" => described(
            "Failures that are worth another attempt, beside `unavailable` and `platform`, which always are.",
            json!({ "type": "array", "items": choice::<ErrorCode>() }),
        ),
        _ => Value::Bool(true),
    }
}

fn catch_key(key: &str) -> Value {
    match key {
        "value" => described("This takes the place of the output.", reference("source")),
        "node" => described(
            "The output of this node, executed only then, does.",
            reference("name"),
        ),
        _ => Value::Bool(true),
    }
}

fn limit(key: &str) -> Value {
    let least = if key == "memory-bytes" {
        Limits::MIN_MEMORY_BYTES
    } else {
        1
    };
    json!({ "type": "integer", "minimum": least })
}

/// An object with these keys and no others.
fn object(keys: &[&str], value: impl Fn(&str) -> Value, required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), value(key))).collect();
    let object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    match required {
        [] => object,
        required => with(object, [("required", json!(required))]),
    }
}

/// An object with any keys of one form.
fn map(keys: &str, values: Value) -> Value {
    json!({ "type": "object", "propertyNames": reference(keys), "additionalProperties": values })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn choice<C: Choice>() -> Value {
    json!({ "enum": C::words() })
}

fn whole(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn described(description: &str, schema: Value) -> Value {
    with(schema, [("description", json!(description))])
}

/// A schema with further members.
fn with<const N: usize>(mut schema: Value, members: [(&str, Value); N]) -> Value {
    if let Value::Object(object) = &mut schema {
        object.extend(members.map(|(key, value)| (key.to_owned(), value)));
    }
    schema
}
