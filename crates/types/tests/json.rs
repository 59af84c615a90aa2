//! The JSON mapping, both ways.
#![allow(clippy::unwrap_used)]

use weft_types::image::{Bounds, Image, Outcome};
use weft_types::json;
use weft_types::{Signature, Type};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 10_000,
};

fn text(ty: &Type, image: &Image) -> String {
    let mut out = Vec::new();
    json::print(ty, image, &mut out);
    String::from_utf8(out).unwrap()
}

/// `given` is read as a value of the type and printed as `printed`; what is printed reads as the same image.
fn check(of: &str, given: &str, printed: &str) {
    let ty: Type = of.parse().unwrap();
    let image = json::parse(&ty, given.as_bytes(), BOUNDS).unwrap_or_else(|e| panic!("{of} {given}: {e}"));
    assert_eq!(text(&ty, &image), printed, "{of} {given}");
    let checked = Image::from_bytes(image.as_bytes().clone(), &ty, BOUNDS);
    assert_eq!(checked.as_ref(), Ok(&image), "{of} {given}");
    let again = json::parse(&ty, printed.as_bytes(), BOUNDS);
    assert_eq!(again.as_ref(), Ok(&image), "{of} {given}");
}

/// As [`check`], for a text that is printed as it was.
fn same(of: &str, text: &str) {
    check(of, text, text);
}

#[test]
fn scalars() {
    same("bool", "true");
    same("bool", "false");
    same("u8", "255");
    same("s8", "-128");
    same("u16", "65535");
    same("s16", "-32768");
    same("u32", "4294967295");
    same("s32", "-2147483648");
    same("u64", "9007199254740991");
    same("u64", "\"9007199254740992\"");
    same("u64", "\"18446744073709551615\"");
    same("s64", "-9007199254740991");
    same("s64", "\"-9223372036854775808\"");
    check("u64", "18446744073709551615", "\"18446744073709551615\"");
    check("s64", "-9223372036854775808", "\"-9223372036854775808\"");
    check("u64", "\"7\"", "7");
    check("u32", "3.0", "3");
    check("s8", "-1.2e1", "-12");
    check("u8", "-0", "0");
    same("char", "\"ß\"");
    same("char", "\"\\\"\"");
    check("char", "\"\\ud83d\\ude00\"", "\"😀\"");
}

#[test]
fn floats() {
    same("f64", "9.99");
    same("f64", "0.1");
    same("f64", "\"NaN\"");
    same("f64", "\"Infinity\"");
    same("f32", "\"-Infinity\"");
    same("f32", "0.1");
    same("f32", "16777216.0");
    check("f32", "16777217", "16777216.0");
    check("f64", "42", "42.0");
    check("f64", "-0", "-0.0");
    check("f64", "0.000", "0.0");
    // Between two floats, closer to the upper one by less than a double can tell.
    check("f32", "1.00000005960464477539062500000000001", "1.0000001");
    check("f64", "9007199254740993.0000000000000001", "9007199254740994.0");
}

#[test]
fn strings_and_bytes() {
    same("string", "\"\"");
    same("string", "\"Grüße, 世界 and a text longer than eight bytes\"");
    same("string", "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f/\"");
    check("string", "\"\\u00e9\\/\"", "\"é/\"");
    same("list<u8>", "\"\"");
    same("list<u8>", "\"AQID\"");
    check("list<u8>", "[1,2,3]", "\"AQID\"");
    check("list<u8>", "[]", "\"\"");
    check("list<u8>", "\"AQI\\u0044\"", "\"AQID\"");
}

#[test]
fn compounds() {
    same("list<u32>", "[]");
    same("list<u32>", "[1,2,3]");
    same("list<list<string>>", "[[],[\"a\"],[\"b\",\"\"]]");
    same("tuple<u8, string>", "[1,\"a\"]");
    same("record { a: u8, b: string }", "{\"a\":1,\"b\":\"x\"}");
    let reordered = "{\"a\":\"y\",\"b\":[\"x\"]}";
    check(
        "record { a: string, b: list<string> }",
        "{\"b\":[\"x\"],\"a\":\"y\"}",
        reordered,
    );
    check(
        "record { a: option<u8>, b: bool }",
        "{\"b\":true}",
        "{\"a\":null,\"b\":true}",
    );
    same("variant { none, some(u8), other(string) }", "\"none\"");
    same("variant { none, some(u8), other(string) }", "{\"some\":1}");
    same("variant { none, some(u8), other(string) }", "{\"other\":\"x\"}");
    same("enum { red, green }", "\"green\"");
    same("flags { a, b, c }", "[]");
    check("flags { a, b, c }", "[\"c\",\"a\"]", "[\"a\",\"c\"]");
    same("option<u8>", "null");
    same("option<u8>", "1");
    same("option<option<u8>>", "null");
    same("option<option<u8>>", "{\"some\":null}");
    same("option<option<u8>>", "{\"some\":1}");
    same("option<option<option<u8>>>", "{\"some\":{\"some\":null}}");
    same("result<u8, string>", "{\"ok\":1}");
    same("result<u8, string>", "{\"err\":\"no\"}");
    same("result", "{\"ok\":null}");
    same("result", "{\"err\":null}");
    same("list<record { }>", "[{},{}]");
    same("list<tuple<>>", "[[],[],[]]");
    same("list<flags { }>", "[[]]");
}

#[test]
fn many_members() {
    let names: Vec<String> = (0..200).map(|i| format!("member-{i}")).collect();
    let record = Type::record(names.iter().map(|name| (&**name, "string".parse().unwrap()))).unwrap();
    let backwards: Vec<String> = names
        .iter()
        .rev()
        .map(|name| format!("{name:?}:{name:?}"))
        .collect();
    let image = json::parse(&record, format!("{{{}}}", backwards.join(",")).as_bytes(), BOUNDS).unwrap();
    let forwards: Vec<String> = names.iter().map(|name| format!("{name:?}:{name:?}")).collect();
    assert_eq!(text(&record, &image), format!("{{{}}}", forwards.join(",")));
    same(&format!("enum {{ {} }}", names.join(", ")), "\"member-199\"");
    same(
        &format!("flags {{ {} }}", names.join(", ")),
        "[\"member-0\",\"member-33\",\"member-199\"]",
    );
}

fn signature(params: &str) -> Signature {
    Signature {
        params: params.parse().unwrap(),
        result: None,
    }
}

#[test]
fn arguments() {
    let check = |params: &str, given: &str, printed: &str| {
        let signature = signature(params);
        let image = json::parse_arguments(&signature, given.as_bytes(), BOUNDS).unwrap();
        assert_eq!(text(&signature.params, &image), printed, "{params} {given}");
    };
    check(
        "record { a: u8, b: string }",
        "{\"b\":\"x\",\"a\":1}",
        "{\"a\":1,\"b\":\"x\"}",
    );
    check(
        "record { a: u8, b: string }",
        "[1,\"x\"]",
        "{\"a\":1,\"b\":\"x\"}",
    );
    check(
        "record { a: u8, b: option<u8> }",
        "{\"a\":1}",
        "{\"a\":1,\"b\":null}",
    );
    check("record { a: u8, b: option<u8> }", "[1]", "{\"a\":1,\"b\":null}");
    for nothing in ["{}", "[]", "", " \n"] {
        check("record { }", nothing, "{}");
        check("record { a: option<u8> }", nothing, "{\"a\":null}");
    }
}

#[test]
fn results() {
    let check = |of: &str, json: &str, outcome: Outcome, printed: &str| {
        let ty: Type = of.parse().unwrap();
        let image = json::parse(&ty, json.as_bytes(), BOUNDS).unwrap();
        let mut out = Vec::new();
        let told = json::print_result_within(&ty, &image, usize::MAX, &mut out);
        assert_eq!(told.ok(), Some(outcome));
        assert_eq!(String::from_utf8(out).unwrap(), printed);
        assert_eq!(image.outcome(&ty), outcome);
    };
    check(
        "result<list<string>, u8>",
        "{\"ok\":[\"x\"]}",
        Outcome::Ok,
        "[\"x\"]",
    );
    check(
        "result<u64, list<string>>",
        "{\"err\":[\"x\"]}",
        Outcome::Err,
        "[\"x\"]",
    );
    check("result<_, u8>", "{\"ok\":null}", Outcome::Ok, "");
    check("result", "{\"err\":null}", Outcome::Err, "");
    check("u8", "1", Outcome::Ok, "1");
}

#[test]
fn answers_stay_within_their_bound() {
    let check = |of: &str, json: &str, most: usize, fits: bool| {
        let ty: Type = of.parse().unwrap();
        let image = json::parse(&ty, json.as_bytes(), BOUNDS).unwrap();
        let mut out = Vec::new();
        let printed = json::print_result_within(&ty, &image, most, &mut out);
        assert_eq!(printed.is_ok(), fits, "{of} {json}");
        assert!(out.len() <= most + 20, "{of} {json}: {}", out.len());
    };
    check(
        "list<record { a-long-name: u8 }>",
        "[{\"a-long-name\":1}]",
        20,
        true,
    );
    let many = format!("[{}{{\"a-long-name\":1}}]", "{\"a-long-name\":1},".repeat(1000));
    check("list<record { a-long-name: u8 }>", &many, 1000, false);
    check(
        "result<list<record { a-long-name: u8 }>>",
        &format!("{{\"ok\":{many}}}"),
        1000,
        false,
    );
    check(
        "option<tuple<list<flags { a-long-name }>>>",
        &format!("[[{}[]]]", "[\"a-long-name\"],".repeat(99)),
        1000,
        false,
    );
}
