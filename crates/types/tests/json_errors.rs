//! What is said about JSON that does not fit.
#![allow(clippy::unwrap_used)]

use weft_types::image::Bounds;
use weft_types::json::{self, Error, ErrorKind};
use weft_types::{Signature, Type};

const BOUNDS: Bounds = Bounds {
    bytes: 1000,
    elements: 10,
};

/// Reading fails with an error of this kind, at `pointer`, whose message has all of `words`.
fn check(of: &str, given: &[u8], kind: ErrorKind, pointer: &str, words: &[&str]) {
    let ty: Type = of.parse().unwrap();
    let error = json::parse(&ty, given, BOUNDS).unwrap_err();
    assert_error(&error, kind, pointer, words);
}

fn assert_error(error: &Error, kind: ErrorKind, pointer: &str, words: &[&str]) {
    assert_eq!((error.kind, &*error.pointer), (kind, pointer), "{error}");
    for word in words {
        assert!(error.message.contains(word), "{error} lacks {word:?}");
    }
}

fn wrong(of: &str, given: &str, pointer: &str, words: &[&str]) {
    check(of, given.as_bytes(), ErrorKind::Type, pointer, words);
}

#[test]
fn of_the_wrong_type() {
    wrong("bool", "1", "", &["integer `1`", "expected a bool"]);
    wrong(
        "u8",
        "true",
        "",
        &["boolean `true`", "u8, a whole number from 0 to 255"],
    );
    wrong("u8", "\"5\"", "", &["string \"5\"", "u8"]);
    wrong("u8", "{}", "", &["object", "u8"]);
    wrong("u8", "[]", "", &["array", "u8"]);
    wrong("u8", "null", "", &["null", "u8"]);
    wrong("f64", "\"1.5\"", "", &["string `\"1.5\"`", "f64", "NaN"]);
    wrong("f32", "{\"a\":[1]}", "", &["object", "f32"]);
    wrong("f64", "null", "", &["null", "f64"]);
    wrong("string", "1", "", &["integer `1`", "a string"]);
    wrong("char", "1", "", &["a char"]);
    wrong("list<u8>", "1", "", &["base64", "array"]);
    wrong("list<u16>", "\"AA==\"", "", &["a list, an array"]);
    wrong("tuple<u8>", "{}", "", &["an array of 1 values"]);
    wrong("record { a: u8 }", "[]", "", &["array", "an object of `a`"]);
    wrong("enum { a, b }", "1", "", &["one of `a`, `b`"]);
    wrong("flags { a, b }", "\"a\"", "", &["an array of `a`, `b`"]);
    wrong("variant { a, b(u8) }", "1", "", &["one of `a`, `b`"]);
    wrong("option<u8>", "\"x\"", "", &["u8"]);
    wrong("option<option<u8>>", "1", "", &["{\"some\": value}"]);
    wrong("result<u8>", "1", "", &["{\"ok\": value}"]);
}

#[test]
fn out_of_range() {
    wrong("u8", "256", "", &["256", "0 to 255"]);
    wrong("u8", "-1", "", &["-1", "0 to 255"]);
    wrong("s8", "128", "", &["-128 to 127"]);
    wrong("u32", "4294967296", "", &["4294967296"]);
    wrong("u32", "1.5", "", &["1.5", "whole number"]);
    wrong(
        "u64",
        "18446744073709551616",
        "",
        &["whole number", "string of digits"],
    );
    wrong("s64", "9223372036854775808", "", &["9223372036854775808"]);
    wrong("s64", "1e17", "", &["string of digits"]);
    wrong("u64", "\"+1\"", "", &["string of digits"]);
    wrong("u64", "\"-1\"", "", &["string of digits"]);
    wrong("u64", "\"1.0\"", "", &["string of digits"]);
    wrong("u64", "\"\"", "", &["string of digits"]);
    wrong("f64", "1e999", "", &["1e999", "a number it can hold"]);
    wrong("f32", "1e39", "", &["1e39", "f32"]);
    wrong("char", "\"\"", "", &["exactly one"]);
    wrong("char", "\"ab\"", "", &["exactly one"]);
    wrong("list<u8>", "[1,256]", "/1", &["256", "0 to 255"]);
    wrong("list<u8>", "\"AQI\"", "", &["base64", "padding"]);
    wrong("list<u8>", "\"A-_=\"", "", &["base64", "standard alphabet"]);
}

#[test]
fn members_and_cases() {
    wrong(
        "record { a: u8, b: u8 }",
        "{\"a\":1}",
        "",
        &["missing field `b`", "expected u8"],
    );
    wrong(
        "record { a: u8 }",
        "{\"a\":1,\"c\":1}",
        "/c",
        &["unknown field `c`", "`a`"],
    );
    wrong(
        "record { a: u8 }",
        "{\"a\":1,\"a\":1}",
        "/a",
        &["`a` stands twice"],
    );
    wrong("record { }", "{\"a\":1}", "/a", &["unknown field `a`", "nothing"]);
    wrong("tuple<u8, u8>", "[1]", "", &["invalid length 1", "2 values"]);
    wrong("tuple<u8>", "[1,2]", "/1", &["one too many", "at most 1 values"]);
    wrong("enum { a, b }", "\"c\"", "", &["\"c\"", "one of `a`, `b`"]);
    wrong(
        "flags { a, b }",
        "[\"a\",\"c\"]",
        "/1",
        &["\"c\"", "one of `a`, `b`"],
    );
    wrong("flags { a, b }", "[\"a\",\"a\"]", "/1", &["`a` stands twice"]);
    wrong("flags { a, b }", "[1]", "/0", &["integer `1`"]);
    wrong(
        "variant { a, b(u8) }",
        "\"b\"",
        "",
        &["carries a value", "{\"b\": u8}"],
    );
    wrong(
        "variant { a, b(u8) }",
        "{\"a\":null}",
        "/a",
        &["carries no value", "the string \"a\""],
    );
    wrong(
        "variant { a, b(u8) }",
        "{\"c\":1}",
        "/c",
        &["unknown case `c`", "`a`, `b`"],
    );
    wrong(
        "variant { a, b(u8) }",
        "\"c\"",
        "",
        &["unknown case `c`", "`a`, `b`"],
    );
    wrong("variant { a, b(u8) }", "{}", "", &["empty object", "`a`, `b`"]);
    wrong(
        "variant { a(u8), b(u8) }",
        "{\"a\":1,\"b\":1}",
        "",
        &["more than one", "exactly one"],
    );
    wrong(
        "option<option<u8>>",
        "{\"none\":1}",
        "/none",
        &["\"none\"", "`some`"],
    );
    wrong("option<option<u8>>", "{}", "", &["empty object", "some"]);
    wrong("option<option<u8>>", "{\"some\":1,\"x\":1}", "", &["exactly one"]);
    wrong("result<u8>", "{\"some\":1}", "/some", &["`ok`, `err`"]);
    wrong("result<u8>", "{\"err\":1}", "/err", &["null", "no value"]);
    wrong("result<u8>", "{\"ok\":1,\"err\":null}", "", &["exactly one"]);
    wrong("result<u8>", "{}", "", &["empty object"]);
}

#[test]
fn the_pointer_leads_through_everything() {
    wrong("list<list<u8>>", "[[1],[2,true]]", "/1/1", &[]);
    wrong("list<list<u16>>", "[[1],[2,3,true]]", "/1/2", &[]);
    wrong(
        "record { a: tuple<u8, record { b: u8 }> }",
        "{\"a\":[1,{\"b\":-1}]}",
        "/a/1/b",
        &[],
    );
    wrong("variant { a(list<u16>) }", "{\"a\":[1,null]}", "/a/1", &[]);
    wrong(
        "result<u8, record { x: u8 }>",
        "{\"err\":{\"x\":\"\"}}",
        "/err/x",
        &[],
    );
    wrong("option<record { x: option<u8> }>", "{\"x\":false}", "/x", &[]);
    wrong(
        "option<option<option<u8>>>",
        "{\"some\":{\"some\":\"\"}}",
        "/some/some",
        &[],
    );
    wrong(
        "list<record { a: u8 }>",
        "[{\"a\":1},{}]",
        "/1",
        &["missing field `a`"],
    );
    wrong("list<f32>", "[1,{}]", "/1", &[]);
    wrong("list<record { a: u8 }>", "[{\"~/x\":1}]", "/0/~0~1x", &[]);
    let long = format!("[{{\"{}\":1}}]", "x".repeat(1000));
    wrong("list<record { a: u8 }>", &long, "/0", &["unknown field `xxx"]);
}

#[test]
fn not_json() {
    let syntax = |of: &str, given: &[u8], pointer: &str| check(of, given, ErrorKind::Syntax, pointer, &[]);
    syntax("u8", b"", "");
    syntax("u8", b"1 2", "");
    syntax("u8", b"01", "");
    syntax("u8", b"nul", "");
    syntax("string", b"\"abc", "");
    syntax("string", b"\"\\x\"", "");
    syntax("string", b"\"\\ud800\"", "");
    syntax("string", b"\"\n\"", "");
    syntax("string", b"\"\xff\"", "");
    syntax("f64", b"1.", "");
    syntax("f64", b"NaN", "");
    syntax("list<u16>", b"[1,2", "");
    syntax("list<u16>", b"[1,]", "");
    syntax("list<u16>", b"[1 2]", "");
    syntax("list<u16>", b"[1,2x]", "");
    syntax("list<u16>", b"[1,x]", "/1");
    syntax("record { a: u8 }", b"{\"a\":1,}", "");
    syntax("record { a: u8 }", b"{\"a\" 1}", "");
    syntax("record { a: u8 }", b"{\"a\":1", "");
    syntax("record { a: list<string> }", b"{\"a\":[\"\\q\"]}", "/a/0");
    check("u8", b"\xff", ErrorKind::Syntax, "", &["not UTF-8 from byte 0"]);
    check(
        "list<u16>",
        b"[1\n,?]",
        ErrorKind::Syntax,
        "/1",
        &["line 2 column 2"],
    );
}

#[test]
fn too_large() {
    let large = |of: &str, given: &str, pointer: &str, words: &[&str]| {
        check(of, given.as_bytes(), ErrorKind::TooLarge, pointer, words);
    };
    let text = format!("\"{}\"", "a".repeat(993));
    large("string", &text, "", &["larger than 1000 bytes"]);
    large(
        "list<u8>",
        &format!("\"{}\"", "A".repeat(4 * 331)),
        "",
        &["larger than 1000 bytes"],
    );
    let bytes = format!("[{}0]", "0,".repeat(992));
    large("list<u8>", &bytes, "/992", &["larger than 1000 bytes"]);
    let twelve = "[1,1,1,1,1,1,1,1,1,1,1,1]";
    large("list<u16>", twelve, "/10", &["more than 10 elements"]);
    large(
        "list<list<u16>>",
        &format!("[{twelve}]"),
        "/0/9",
        &["more than 10 elements"],
    );
    large(
        "record { a: list<tuple<>> }",
        "{\"a\":[[],[],[],[],[],[],[],[],[],[],[]]}",
        "/a/10",
        &[],
    );
    let names: Vec<_> = (0..200).map(|i| format!("a{i}: option<u64>")).collect();
    let wide = format!("record {{ {} }}", names.join(", "));
    large(&wide, "{}", "", &["larger than 1000 bytes"]);
    large(
        &format!("list<{wide}>"),
        "[{}]",
        "/0",
        &["larger than 1000 bytes"],
    );
}

#[test]
fn the_bounds_themselves_are_allowed() {
    let ty: Type = "string".parse().unwrap();
    let text = format!("\"{}\"", "a".repeat(992));
    assert_eq!(
        json::parse(&ty, text.as_bytes(), BOUNDS).unwrap().payload().len(),
        1000
    );
    let ty: Type = "list<u8>".parse().unwrap();
    let text = format!("\"{}=\"", "A".repeat(4 * 331 - 1));
    assert_eq!(
        json::parse(&ty, text.as_bytes(), BOUNDS).unwrap().payload().len(),
        1000
    );
    let ty: Type = "list<u16>".parse().unwrap();
    assert!(json::parse(&ty, b"[1,1,1,1,1,1,1,1,1,1]", BOUNDS).is_ok());
}

#[test]
fn messages_stay_short() {
    let ty: Type = "u8".parse().unwrap();
    let error = json::parse(&ty, format!("\"{}\"", "ß".repeat(100_000)).as_bytes(), BOUNDS).unwrap_err();
    assert!(error.message.len() < 2000, "{}", error.message.len());
    assert!(error.message.contains("expected u8"), "{error}");
}

#[test]
fn arguments() {
    let check = |params: &str, given: &str, pointer: &str, words: &[&str]| {
        let signature = Signature {
            params: params.parse().unwrap(),
            result: None,
        };
        let error = json::parse_arguments(&signature, given.as_bytes(), BOUNDS).unwrap_err();
        assert_error(&error, ErrorKind::Type, pointer, words);
    };
    let two = "record { a: u8, b: string }";
    check(two, "", "", &["missing parameter `a`", "expected u8"]);
    check(
        two,
        "{\"a\":1}",
        "",
        &["missing parameter `b`", "expected string"],
    );
    check(two, "[1]", "", &["missing parameter `b`"]);
    check(two, "[1,\"\",2]", "/2", &["one too many", "at most 2 arguments"]);
    check(two, "[1,2]", "/1", &["a string"]);
    check(two, "{\"c\":1}", "/c", &["unknown parameter `c`", "`a`, `b`"]);
    check(
        two,
        "{\"a\":1,\"a\":1}",
        "/a",
        &["the parameter `a` stands twice"],
    );
    check(two, "null", "", &["null", "an object of `a`, `b` or an array"]);
    check(two, "1", "", &["an object of `a`, `b` or an array"]);
    check("record { }", "[1]", "/0", &["one too many", "at most 0"]);
    check(
        "record { }",
        "{\"a\":1}",
        "/a",
        &["unknown parameter `a`, expected nothing"],
    );
}

/// The examples of `docs/types.md` are what is said.
#[test]
fn documented() {
    let documentation = include_str!("../../../docs/types.md");
    let rows = documentation.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        <[&str; 4]>::try_from(cells)
            .ok()
            .filter(|cells| cells[3].contains("expected"))
    });
    let mut count = 0;
    for [of, given, pointer, message] in rows {
        let code = |cell: &str| cell.trim_matches('`').to_owned();
        let ty: Type = code(of).parse().unwrap();
        let error = json::parse(&ty, code(given).as_bytes(), BOUNDS).unwrap_err();
        let pointer = if pointer == "(the whole)" {
            String::new()
        } else {
            code(pointer)
        };
        assert_eq!(
            (error.pointer, error.message),
            (pointer, message.replace("\\`", "`"))
        );
        count += 1;
    }
    assert_eq!(count, 6);
}
