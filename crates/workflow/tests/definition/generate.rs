//! Definitions by chance, all of them right.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Map, Value, json};

/// A definition as a JSON value.
pub(crate) fn definition() -> impl Strategy<Value = Value> {
    let inputs = btree_map(name(), ty(), 0..3);
    let globals = btree_map(name(), (ty(), literal()), 0..3);
    let nodes = btree_map(
        name().prop_filter("reserved", |name| !reserved(name)),
        node(),
        1..5,
    );
    let optional = (
        proptest::option::of(Just("A text: with # signs\nand lines")),
        proptest::option::of(source()),
        proptest::option::of(prop_oneof![Just("durable"), Just("express")]),
        proptest::option::of(defaults()),
    );
    (name(), inputs, globals, nodes, optional).prop_map(|(name, inputs, globals, nodes, optional)| {
        let (description, output, durability, defaults) = optional;
        let globals = globals
            .into_iter()
            .map(|(name, (ty, default))| (name, json!({ "type": ty, "default": default })));
        let all = [
            ("workflow", Some(json!(name))),
            ("description", description.map(|text| json!(text))),
            (
                "types",
                Some(json!("record point { x: f64, y: f64 } type id = u64;")),
            ),
            ("input", Some(json!(inputs))),
            ("output-type", output.as_ref().map(|_| json!("list<point>"))),
            ("output", output),
            ("durability", durability.map(|word| json!(word))),
            ("defaults", defaults),
            ("parameters", Some(globals.collect())),
            ("nodes", Some(json!(nodes))),
        ];
        object(all)
    })
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let given = members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect())
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]([a-z0-9-]{0,8}[a-z0-9])?"
}

fn reserved(name: &str) -> bool {
    ["input", "item", "index", "global"].contains(&name)
}

fn ty() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "u8",
        "list<point>",
        "option<id>",
        "record { a: string, b: list<u8> }",
        "enum { a, b }",
    ])
}

fn duration() -> impl Strategy<Value = String> {
    (
        1..300_u32,
        proptest::sample::select(vec!["ms", "s", "m", "h", "d"]),
    )
        .prop_map(|(number, unit)| format!("{number}{unit}"))
}

fn defaults() -> impl Strategy<Value = Value> {
    let policy = proptest::sample::select(vec!["end", "continue"]);
    (policy, priority(), name(), duration(), 1..100_u32).prop_map(|(policy, priority, group, timeout, concurrency)| {
        json!({
            "on-failure": policy, "priority": priority, "group": group, "timeout": timeout, "concurrency": concurrency,
        })
    })
}

fn priority() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["highest", "high", "medium", "low", "lowest"])
}

fn node() -> impl Strategy<Value = Value> {
    let common = (vec(name(), 0..3), proptest::option::of(text()));
    (prop_oneof![call(), sleep(), wait()], common).prop_map(|(mut node, (mut after, when))| {
        after.sort_unstable();
        after.dedup();
        let members = node.as_object_mut().unwrap();
        members.insert("after".to_owned(), json!(after));
        members.extend(when.map(|text| ("when".to_owned(), json!(text))));
        node
    })
}

fn call() -> impl Strategy<Value = Value> {
    let callee = (
        name(),
        proptest::option::of(1..9_u32),
        proptest::option::of(name()),
    );
    let each = proptest::option::of((
        source(),
        1..100_u32,
        proptest::sample::select(vec!["end", "continue", "collect"]),
    ));
    let placed = (
        proptest::option::of(priority()),
        proptest::option::of(name()),
        proptest::option::of(duration()),
    );
    (
        callee,
        btree_map(name(), source(), 0..4),
        each,
        retry(),
        catch(),
        placed,
    )
        .prop_map(|(callee, with, each, retry, catch, placed)| {
            let (function, version, export) = callee;
            let version = version.map_or_else(String::new, |number| format!("@{number}"));
            let export = export.map_or_else(String::new, |name| format!("#{name}"));
            let (list, concurrency, failure) = match each {
                Some((list, concurrency, failure)) => {
                    (Some(list), Some(json!(concurrency)), Some(json!(failure)))
                }
                None => (None, None, None),
            };
            object([
                ("call", Some(json!(format!("{function}{version}{export}")))),
                ("with", Some(json!(with))),
                ("for-each", list),
                ("concurrency", concurrency),
                ("on-item-failure", failure),
                ("retry", retry),
                ("catch", catch),
                ("priority", placed.0.map(|word| json!(word))),
                ("profile", placed.1.map(|name| json!(name))),
                ("timeout", placed.2.clone().map(|text| json!(text))),
                ("cache", placed.2.map(|text| json!(text))),
                (
                    "limits",
                    Some(json!({ "cpu-time-ms": 10, "memory-bytes": 65536 })),
                ),
            ])
        })
}

fn sleep() -> impl Strategy<Value = Value> {
    prop_oneof![duration(), reference()].prop_map(|length| json!({ "sleep": length }))
}

fn wait() -> impl Strategy<Value = Value> {
    (proptest::option::of(ty()), duration(), catch()).prop_map(|(ty, timeout, catch)| {
        let wait = Some(ty.map_or(Value::Null, |ty| json!(ty)));
        object([
            ("wait", wait),
            ("timeout", Some(json!(timeout))),
            ("catch", catch),
        ])
    })
}

fn retry() -> impl Strategy<Value = Option<Value>> {
    let on = proptest::sample::subsequence(vec!["trap", "timeout", "function-error", "limit"], 0..4);
    let map = (1..100_u32, 100..200_u32, 0..100_u32, on).prop_map(|(attempts, factor, jitter, on)| {
        json!({
            "attempts": attempts, "backoff": "10ms", "factor": f64::from(factor) / 100.0, "max-backoff": "1m",
            "jitter": f64::from(jitter) / 100.0, "on": on,
        })
    });
    prop_oneof![
        Just(None),
        (1..100_u32).prop_map(|attempts| Some(json!(attempts))),
        map.prop_map(Some)
    ]
}

fn catch() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        source().prop_map(|value| Some(json!({ "value": value }))),
        name().prop_map(|node| Some(json!({ "node": node }))),
    ]
}

/// A value, with references at any depth.
fn source() -> impl Strategy<Value = Value> {
    structured(prop_oneof![3 => scalar(), 1 => reference().prop_map(Value::String)].boxed())
}

fn literal() -> impl Strategy<Value = Value> {
    structured(scalar().boxed())
}

fn structured(leaf: proptest::strategy::BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(3, 12, 4, |inner| {
        let keys = text().prop_map(|text| text.trim_start_matches('$').to_owned());
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map(keys, inner, 0..4).prop_map(|members: BTreeMap<String, Value>| {
                Value::Object(members.into_iter().collect::<Map<_, _>>())
            }),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| json!(number)),
        text().prop_map(|text| match text.starts_with('$') {
            true => json!(format!("${text}")),
            false => json!(text),
        }),
        Just(json!({ "$blob": weft_types::Digest::of(b"x").to_string() })),
    ]
}

fn reference() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[a-z][a-zA-Z0-9-]{0,3}",
        (0..9_u32).prop_map(|index| format!("[{index}]"))
    ];
    let root = prop_oneof![Just("input".to_owned()), Just("item".to_owned()), name()];
    (root, vec(step, 0..4)).prop_map(|(root, steps)| format!("${root}{}", steps.concat()))
}

/// Texts that mean something to YAML, and others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 ._/-]{0,12}",
        "[ -~]{0,12}",
        "\\PC{0,8}",
        any::<String>(),
        proptest::sample::select(vec![
            "null",
            "true",
            "~",
            "5",
            "1e5",
            ".inf",
            "0x10",
            "- a",
            "a: b",
            "# no",
            "[",
            "{}",
            "'",
            "\"",
            "\\",
            "|",
            ">",
            "&a",
            "*a",
            "!t",
            "%",
            "@",
            "`",
            "?",
            ":",
            "-",
            "---",
            "...",
            "$$",
            "$a[0]",
            "<<",
            "line\nline",
            "a\n\n b\n",
            "\t",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "😀",
            " a ",
            "a #b",
            "",
        ])
        .prop_map(str::to_owned),
    ]
}
