//! The published schema.

use std::path::Path;

use serde_json::{Value, json};
use weft_workflow::definition::{self, SCHEMA_PATH};

use crate::{read, validate::valid};

#[test]
fn what_is_published_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(SCHEMA_PATH);
    let schema = serde_json::to_string_pretty(&definition::schema()).unwrap() + "\n";
    if std::env::var_os("WEFT_BLESS").is_some() {
        std::fs::write(&path, schema).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == schema,
        "{SCHEMA_PATH} is not up to date: WEFT_BLESS=1 cargo test -p weft-workflow schema rewrites it"
    );
}

#[test]
fn every_key_has_a_form() {
    fn properties(schema: &Value, path: &str) {
        match schema {
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                assert!(
                    !path.ends_with("/properties") || member.is_object(),
                    "{path}/{key} is without form"
                );
                properties(member, &format!("{path}/{key}"));
            }),
            Value::Array(items) => items.iter().for_each(|item| properties(item, path)),
            _ => {}
        }
    }
    properties(&definition::schema(), "");
}

#[test]
fn reader_and_schema_agree_on_the_form() {
    let agree = |value: Value, expected: bool| {
        assert_eq!(valid(&definition::schema(), &value), expected, "{value}");
        assert_eq!(read(&value.to_string()).problems.is_empty(), expected, "{value}");
    };
    let node =
        |node: Value, expected: bool| agree(json!({ "workflow": "w", "nodes": { "n": node } }), expected);
    node(
        json!({ "call": "a@1#b", "with": { "x": ["$input.a", 1] }, "when": true, "after": ["m"] }),
        true,
    );
    node(
        json!({ "call": "a", "retry": 3, "for-each": [1], "concurrency": 2 }),
        true,
    );
    node(json!({ "sleep": "$input.a[0].b" }), true);
    node(
        json!({ "wait": null, "timeout": "1d", "catch": { "value": 1 } }),
        true,
    );
    node(json!({}), false);
    node(json!({ "call": "a", "sleep": "1s" }), false);
    node(json!({ "call": "A" }), false);
    node(json!({ "call": "a@0" }), false);
    node(json!({ "call": "a#" }), false);
    node(json!({ "sleep": "1s", "retry": 3 }), false);
    node(json!({ "sleep": 5 }), false);
    node(json!({ "sleep": "5" }), false);
    node(json!({ "sleep": "$5" }), false);
    node(json!({ "wait": 5 }), false);
    node(json!({ "call": "a", "concurrency": 2 }), false);
    node(json!({ "call": "a", "for-each": [1], "concurrency": 0 }), false);
    node(
        json!({ "call": "a", "for-each": [1], "on-item-failure": "stop" }),
        false,
    );
    node(json!({ "call": "a", "retry": { "on": ["cancelled"] } }), false);
    node(json!({ "call": "a", "retry": { "jitter": 2 } }), false);
    node(json!({ "call": "a", "retry": "often" }), false);
    node(json!({ "call": "a", "catch": {} }), false);
    node(
        json!({ "call": "a", "catch": { "value": 1, "node": "m" } }),
        false,
    );
    node(json!({ "call": "a", "limits": { "memory-bytes": 1 } }), false);
    node(json!({ "call": "a", "limits": { "timeout-ms": 1 } }), false);
    node(json!({ "call": "a", "after": ["m", "m"] }), false);
    node(json!({ "call": "a", "after": "m" }), false);
    node(json!({ "call": "a", "with": [] }), false);
    node(json!({ "call": "a", "priority": "urgent" }), false);
    node(json!("a"), false);
    agree(json!({ "workflow": "w", "nodes": {} }), false);
    agree(json!({ "workflow": "w" }), false);
    agree(json!({ "nodes": { "n": { "sleep": "1s" } } }), false);
    agree(json!([]), false);
    let top = |key: &str, value: Value, expected: bool| {
        agree(
            json!({ "workflow": "w", "nodes": { "n": { "sleep": "1s" } }, key: value }),
            expected,
        );
    };
    top("input", json!({ "a": "u8" }), true);
    top("input", json!({ "A": "u8" }), false);
    top("parameters", json!({ "a": { "type": "u8", "default": 1 } }), true);
    top("parameters", json!({ "a": { "type": "u8" } }), false);
    top(
        "defaults",
        json!({ "concurrency": 3, "timeout": "5m", "group": "big" }),
        true,
    );
    top("defaults", json!({ "concurrency": 0 }), false);
    top("durability", json!("express"), true);
    top("durability", json!("fast"), false);
    top("workflow", json!("W"), false);
    top("trigger", json!({}), false);
    top("output", json!({ "a": ["$n", { "b": null }] }), true);
}
