//! The schema of nodes.

use serde_json::{Value, json};

use super::{ItemFailure, Priority, choice, described, kind, object, reference, whole, with};
use crate::definition::bounds::Bounds;
use crate::definition::node::COMMON;

/// A node has the key of one kind, and beside it only keys that go with it.
pub(super) fn schema() -> Value {
    let kinds = kind::KINDS.iter().map(|parser| {
        let further = COMMON.iter().chain(parser.keys);
        let keys: Vec<&str> = std::iter::once(&parser.key).chain(further).copied().collect();
        json!({ "required": [parser.key], "propertyNames": { "enum": keys } })
    });
    let node = object(&kind::KEYS, key, &[]);
    with(
        node,
        [
            ("oneOf", kinds.collect()),
            // What is executed once per item, and only that, has these.
            (
                "dependentRequired",
                json!({ "concurrency": ["for-each"], "on-item-failure": ["for-each"] }),
            ),
        ],
    )
}

fn key(key: &str) -> Value {
    if let Some(parser) = kind::KINDS.iter().find(|parser| parser.key == key) {
        return (parser.schema)();
    }
    match key {
        "after" => described(
            "Nodes that must be over before.",
            json!({ "type": "array", "items": { "$ref": "#/$defs/name" }, "uniqueItems": true }),
        ),
        "when" => described(
            "A condition; the node is skipped where it is false.",
            json!({ "type": ["string", "boolean"] }),
        ),
        "with" => described(
            "The arguments, by parameter.",
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/source" } }),
        ),
        "for-each" => described(
            "A list: the node is executed once for each of its items.",
            reference("source"),
        ),
        "concurrency" => described("Items at once at most.", whole(1, Bounds::MAX_CONCURRENCY)),
        "on-item-failure" => described("What a failed item means.", choice::<ItemFailure>()),
        "retry" => described("What follows a failed attempt.", reference("retry")),
        "catch" => described(
            "What takes the place of the output after a failure for good.",
            reference("catch"),
        ),
        "timeout" => described("How long an attempt, or a wait, may take.", reference("duration")),
        "priority" => described("How urgent it is; otherwise as its run.", choice::<Priority>()),
        "profile" => described("The pool profile to execute in.", reference("name")),
        "group" => described(
            "The label that its pool must carry; otherwise as its run.",
            reference("name"),
        ),
        "limits" => described("Tighter bounds than the version's own.", reference("limits")),
        "cache" => described(
            "How long a result is reused for equal arguments.",
            reference("duration"),
        ),
        _ => Value::Bool(true),
    }
}
