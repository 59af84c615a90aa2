//! Arguments that do not fit: at every level of nesting, with where.

use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = malformed();
    cases.extend(shapes());
    cases.extend(numbers());
    cases.extend(texts());
    cases.extend(choices());
    cases.extend(nested());
    cases
}

/// What is not even JSON.
fn malformed() -> Vec<Case> {
    let call = |what: &str, json: &[u8]| Case::call(what, "arith", json).refused(400, "invalid-json", "");
    vec![
        call("half an object", b"{\"a\": 1,"),
        call("text behind the arguments", b"{\"a\": 1, \"b\": 2} x"),
        call("a key without quotes", b"{a: 1, b: 2}"),
        call("a comma too many", b"{\"a\": 1, \"b\": 2,}"),
        call("invalid UTF-8", b"{\"a\": 1, \"\xff\": 2}"),
        call("a number with a leading zero", b"{\"a\": 01, \"b\": 2}"),
        call("NaN as a number", b"[NaN, 1]"),
        call("a comment", b"{\"a\": 1 /* one */, \"b\": 2}"),
        call("a control character in a string", b"{\"a\x01\": 1}"),
    ]
}

fn shapes() -> Vec<Case> {
    let call = |what: &str, json: &str| Case::call(what, "arith", json).refused(400, "invalid-arguments", "");
    vec![
        call("no arguments where two are needed", "").and("a"),
        call("arguments that are a text", "\"a\"").at(""),
        call("arguments that are a number", "5").at(""),
        call("arguments that are null", "null").at(""),
        call("a parameter too few by name", "{\"a\": 1}").and("`b`"),
        call("a parameter too few by position", "[1]").and("b"),
        call("a parameter too many by position", "[1, 2, 3]"),
        call("an unknown parameter", "{\"a\": 1, \"b\": 2, \"c\": 3}").and("`c`"),
        call("a text for a number", "{\"a\": \"one\", \"b\": 2}")
            .and("u32")
            .at("/a"),
        call("a parameter twice", "{\"a\": 1, \"b\": 2, \"a\": 3}")
            .and("twice")
            .at("/a"),
        call("null for a number", "[null, 2]").and("u32").at("/0"),
        call("an object for a number", "[{}, 2]").and("u32").at("/0"),
    ]
}

fn numbers() -> Vec<Case> {
    let integers = |what: &str, json: &str, at| {
        Case::call(what, "echo?export=integers", json)
            .refused(400, "invalid-arguments", "")
            .at(at)
    };
    let wide = |what: &str, json: &str, at| {
        Case::call(what, "echo?export=wide", json)
            .refused(400, "invalid-arguments", "")
            .at(at)
    };
    vec![
        integers("u8 overflow", "[256, 0, 0, 0, 0, 0]", "/0").and("u8"),
        integers("s8 underflow", "[0, -129, 0, 0, 0, 0]", "/1").and("s8"),
        integers("u16 below zero", "[0, 0, -1, 0, 0, 0]", "/2").and("u16"),
        integers("s16 overflow", "[0, 0, 0, 32768, 0, 0]", "/3").and("s16"),
        integers("u32 overflow", "[0, 0, 0, 0, 4294967296, 0]", "/4").and("u32"),
        integers("a fraction for an integer", "[0, 0, 0, 0, 0, 1.5]", "/5").and("s32"),
        wide("u64 overflow", "[18446744073709551616, 0]", "/0").and("u64"),
        wide("u64 overflow as text", "[\"18446744073709551616\", 0]", "/0").and("u64"),
        wide("s64 underflow", "[0, -9223372036854775809]", "/1").and("s64"),
        wide("a text that is no number", "[0, \"12a\"]", "/1").and("s64"),
        Case::call("a float that overflows", "echo?export=floats", "[0, 1e999]")
            .refused(400, "invalid-arguments", "f64")
            .at("/1"),
        Case::call("a float as a word", "echo?export=floats", "[\"nan\", 0]")
            .refused(400, "invalid-arguments", "f32")
            .at("/0"),
    ]
}

fn texts() -> Vec<Case> {
    let call = |what: &str, export: &str, json: &str| {
        Case::call(what, &format!("echo?export={export}"), json)
            .refused(400, "invalid-arguments", "")
            .at("/value")
    };
    vec![
        call("two letters for one", "letter", r#"{"value": "ab"}"#).and("char"),
        call("no letter", "letter", r#"{"value": ""}"#).and("char"),
        call("a number for a text", "maybe", r#"{"value": 5}"#).and("string"),
        call("bytes that are not base64", "bytes", r#"{"value": "*"}"#).and("base64"),
        Case::call(
            "half a surrogate pair",
            "echo?export=letter",
            r#"{"value": "\ud800"}"#,
        )
        .refused(400, "invalid-json", ""),
        Case::call(
            "a byte too large",
            "echo?export=bytes",
            r#"{"value": [1, 2, 300]}"#,
        )
        .refused(400, "invalid-arguments", "u8")
        .at("/value/2"),
        Case::call("one for true", "echo?export=yes", "[1]")
            .refused(400, "invalid-arguments", "bool")
            .at("/0"),
    ]
}

fn choices() -> Vec<Case> {
    let call = |what: &str, export: &str, value: &str, at| {
        let json = format!("{{\"value\": {value}}}");
        Case::call(what, &format!("echo?export={export}"), json)
            .refused(400, "invalid-arguments", "")
            .at(at)
    };
    vec![
        call("an unknown case of an enum", "echo-color", "\"blue\"", "/value").and("dark-blue"),
        call("a number for an enum", "echo-color", "2", "/value"),
        call(
            "an unknown flag",
            "echo-rights",
            "[\"read\", \"fly\"]",
            "/value/1",
        )
        .and("run-as-root"),
        call(
            "an unknown case of a variant",
            "echo-shape",
            "{\"square\": 1}",
            "/value/square",
        )
        .and("polygon"),
        call("a case without its payload", "echo-shape", "\"circle\"", "/value"),
        call(
            "a payload where there is none",
            "echo-shape",
            "{\"empty\": 1}",
            "/value/empty",
        ),
        call(
            "two cases at once",
            "echo-shape",
            "{\"circle\": 1, \"empty\": null}",
            "/value",
        ),
        call("neither ok nor err", "outcome", "{\"fine\": 1}", "/value/fine"),
        call("a tuple too short", "pair", "[1]", "/value"),
        call("a tuple too long", "pair", "[1, \"a\", 2]", "/value/2"),
        call("an object for a list", "numbers", "{}", "/value").and("list"),
    ]
}

fn nested() -> Vec<Case> {
    let call = |what: &str, export: &str, value: &str, at| {
        let json = format!("{{\"value\": {value}}}");
        Case::call(what, &format!("echo?export={export}"), json)
            .refused(400, "invalid-arguments", "")
            .at(at)
    };
    vec![
        call("a wrong element", "numbers", "[1, 2, \"3x\", 4]", "/value/2"),
        call(
            "a wrong field of an element",
            "points",
            "[{\"x\": 1, \"y\": 2}, {\"x\": 1, \"y\": null}]",
            "/value/1/y",
        ),
        call(
            "a missing field of an element",
            "points",
            "[{\"x\": 1}]",
            "/value/0",
        )
        .and("`y`"),
        call(
            "an unknown field of an element",
            "points",
            "[{\"x\": 1, \"y\": 2, \"z\": 3}]",
            "/value/0/z",
        )
        .and("`z`"),
        call(
            "a wrong element three levels down",
            "nested",
            "[[[1], [2, 70000]]]",
            "/value/0/1/1",
        ),
        call(
            "a wrong payload of a case",
            "echo-shape",
            "{\"named\": [\"n\", -1]}",
            "/value/named/1",
        ),
        call(
            "a wrong field in a case",
            "echo-shape",
            "{\"polygon\": [{\"x\": \"\", \"y\": 0}]}",
            "/value/polygon/0/x",
        ),
        call("a wrong ok", "outcomes", "[{\"ok\": 1}]", "/value/0/ok"),
        call(
            "a wrong err",
            "outcomes",
            "[{\"ok\": \"a\"}, {\"err\": \"b\"}]",
            "/value/1/err",
        ),
        call("a wrong some", "maybe-maybe", "{\"some\": \"x\"}", "/value/some"),
        Case::call(
            "a wrong field of an order",
            "pricing",
            r#"{"order": {"id": "1", "customer": "c", "express": true, "items": [
                {"id": 1, "name": "n", "qty": -3, "price": 1, "tags": []}]}}"#,
        )
        .refused(400, "invalid-arguments", "u32")
        .at("/order/items/0/qty"),
    ]
}
