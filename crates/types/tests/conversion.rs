//! Which types convert into which, what values become, and what is said where nothing fits.
#![allow(clippy::unwrap_used)]

use weft_types::image::{Bounds, Conversion, Difference, Image, Piece};
use weft_types::{Type, json};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 16,
    elements: 1000,
};

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

/// A value of `from` becomes this value of `to`.
fn converts(from: &str, to: &str, value: &str, expected: &str) {
    let (from, to) = (ty(from), ty(to));
    let conversion = Conversion::between(&from, &to).unwrap();
    assert_eq!(conversion.is_identity(), from == to, "{from} into {to}");
    let image = json::parse(&from, value.as_bytes(), BOUNDS).unwrap();
    let piece = Piece::View(image.view(&from), &conversion);
    let converted = Image::assemble(&to, &piece, BOUNDS).unwrap();
    let expected = json::parse(&to, expected.as_bytes(), BOUNDS).unwrap();
    assert_eq!(converted, expected, "{value} of {from} into {to}");
    let accepted = Image::from_bytes(converted.as_bytes().clone(), &to, BOUNDS);
    assert_eq!(accepted.as_ref(), Ok(&converted));
}

/// Nothing of `from` becomes anything of `to`, for this reason.
fn differ(from: &str, to: &str, message: &str) {
    let mismatch = Conversion::between(&ty(from), &ty(to)).unwrap_err();
    assert_eq!(mismatch.to_string(), message, "{from} into {to}");
}

#[test]
fn every_pair_of_numbers() {
    let all = ["s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64"];
    let wider = |from| match from {
        "s8" => &["s16", "s32", "s64", "f32", "f64"][..],
        "u8" => &["s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64"],
        "s16" => &["s32", "s64", "f32", "f64"],
        "u16" => &["s32", "u32", "s64", "u64", "f32", "f64"],
        "s32" => &["s64", "f64"],
        "u32" => &["s64", "u64", "f64"],
        "f32" => &["f64"],
        _ => &[],
    };
    for from in all {
        for to in all {
            let found = Conversion::between(&ty(from), &ty(to));
            match found {
                Ok(conversion) if conversion.is_identity() => assert_eq!(from, to),
                Ok(_) => assert!(wider(from).contains(&to), "{from} into {to}"),
                Err(mismatch) => {
                    assert!(from != to && !wider(from).contains(&to), "{from} into {to}");
                    assert_eq!(mismatch.difference, Difference::Lossy);
                }
            }
        }
    }
}

#[test]
fn numbers_stay_what_they_are() {
    for to in ["s16", "s32", "s64", "f32", "f64"] {
        converts("s8", to, "-128", "-128");
        converts("s8", to, "127", "127");
    }
    for to in ["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"] {
        converts("u8", to, "255", "255");
    }
    for to in ["s32", "s64", "f32", "f64"] {
        converts("s16", to, "-32768", "-32768");
    }
    for to in ["u32", "s32", "u64", "s64", "f32", "f64"] {
        converts("u16", to, "65535", "65535");
    }
    converts("s32", "s64", "-2147483648", "-2147483648");
    converts("s32", "f64", "-2147483648", "-2147483648");
    converts("u32", "u64", "4294967295", "4294967295");
    converts("u32", "s64", "4294967295", "4294967295");
    converts("u32", "f64", "4294967295", "4294967295");
    converts("f32", "f64", "0.1", "0.10000000149011612");
    converts("f32", "f64", "1e-45", "1.401298464324817e-45");
    converts("f32", "f64", "-0.0", "-0.0");
    for special in [r#""NaN""#, r#""Infinity""#, r#""-Infinity""#] {
        converts("f32", "f64", special, special);
    }
}

#[test]
fn into_options() {
    converts("u8", "option<u8>", "7", "7");
    converts("u8", "option<u64>", "7", "7");
    converts("u8", "option<option<u16>>", "7", r#"{"some":7}"#);
    converts("string", "option<string>", r#""a""#, r#""a""#);
    converts("option<u8>", "option<u8>", "null", "null");
    converts("option<u8>", "option<u16>", "null", "null");
    converts("option<u8>", "option<u16>", "9", "9");
    converts("option<u8>", "option<option<u8>>", "null", "null");
    converts("option<u8>", "option<option<u8>>", "9", r#"{"some":9}"#);
    converts(
        "list<string>",
        "list<option<string>>",
        r#"["a","","b"]"#,
        r#"["a","","b"]"#,
    );
}

#[test]
fn through_structures() {
    converts("list<u8>", "list<u16>", r#""AQL/""#, "[1,2,255]");
    converts("list<u8>", "list<u8>", r#""AQL/""#, "[1,2,255]");
    converts("list<tuple<>>", "list<option<tuple<>>>", "[[],[]]", "[[],[]]");
    converts(
        "record { a: string, b: u8, c: list<list<string>> }",
        "record { a: option<string>, b: u64, c: list<list<string>> }",
        r#"{"a":"x","b":1,"c":[["y","zz"],[]]}"#,
        r#"{"a":"x","b":1,"c":[["y","zz"],[]]}"#,
    );
    converts(
        "tuple<u8, list<f32>, string>",
        "tuple<f64, list<f64>, string>",
        r#"[1,[0.5,"NaN"],"s"]"#,
        r#"[1,[0.5,"NaN"],"s"]"#,
    );
    for value in [r#""a""#, r#"{"b":[1,2]}"#, r#"{"c":"x"}"#] {
        converts(
            "variant { a, b(list<u16>), c(string) }",
            "variant { a, b(list<u64>), c(option<string>) }",
            value,
            value,
        );
    }
    for value in [r#"{"ok":3}"#, r#"{"err":"x"}"#] {
        converts("result<u8, string>", "result<u32, string>", value, value);
    }
    for value in [r#"{"ok":null}"#, r#"{"err":1}"#] {
        converts("result<_, u8>", "result<_, f32>", value, value);
    }
    converts("enum { a, b }", "option<enum { a, b }>", r#""b""#, r#""b""#);
    converts("flags { a, b }", "option<flags { a, b }>", r#"["b"]"#, r#"["b"]"#);
}

#[test]
fn what_is_said() {
    differ("string", "u32", "found string, expected u32");
    differ("s64", "u32", "found s64, expected u32: not every s64 fits");
    differ(
        "u64",
        "option<f64>",
        "found u64, expected option<f64>: not every u64 fits",
    );
    differ(
        "option<u8>",
        "u8",
        "found option<u8>, expected u8: it may be none",
    );
    differ(
        "record { items: list<record { price: f64 }> }",
        "record { items: list<record { price: f32 }> }",
        "found f64, expected f32 at `.items[].price`: not every f64 fits",
    );
    differ(
        "tuple<u8, option<result<u8, variant { a, b(char) }>>>",
        "tuple<u8, option<result<u8, variant { a, b(string) }>>>",
        "found char, expected string at `.1?(err)(b)`",
    );
    differ(
        "record { a: u64 }",
        "option<record { a: u8 }>",
        "found u64, expected u8 at `.a`: not every u64 fits",
    );
    differ(
        "tuple<u8>",
        "tuple<u8, u8>",
        "found tuple<u8>, expected tuple<u8, u8>: 1 slots instead of 2",
    );
    differ(
        "record { a: u8 }",
        "tuple<u8>",
        "found record { a: u8 }, expected tuple<u8>",
    );
}

#[test]
fn what_is_said_of_names() {
    differ(
        "record { x: record { a: u8, b: u8 } }",
        "record { x: record { b: u8, a: u8 } }",
        "found record { a: u8, b: u8 }, expected record { b: u8, a: u8 } at `.x`: \
         the fields are the same in another order, which is significant",
    );
    differ(
        "record { a: u8 }",
        "record { a: u8, b: option<u8>, c: u8 }",
        "found record { a: u8 }, expected record { a: u8, b: option<u8>, c: u8 }: missing fields `b`, `c`",
    );
    differ(
        "record { a: u8, b: u8 }",
        "record { a: u8 }",
        "found record { a: u8, b: u8 }, expected record { a: u8 }: unknown field `b`",
    );
    differ(
        "record { a: u8 }",
        "record { b: u8 }",
        "found record { a: u8 }, expected record { b: u8 }: missing field `b`, unknown field `a`",
    );
    differ(
        "enum { a, b }",
        "enum { a, b, c }",
        "found enum { a, b }, expected enum { a, b, c }: missing case `c`",
    );
    differ(
        "flags { a, b }",
        "flags { b, a }",
        "found flags { a, b }, expected flags { b, a }: the flags are the same in another order, which is significant",
    );
    differ(
        "variant { a, b(u8) }",
        "variant { a(u8), b(u8) }",
        "found variant { a, b(u8) }, expected variant { a(u8), b(u8) }: `a` carries nothing and should carry a value",
    );
    differ(
        "result<u8>",
        "result",
        "found result<u8>, expected result: `ok` carries a value and should carry none",
    );
}

#[test]
fn long_types_are_cut_and_long_lists_of_names_too() {
    let many = Type::record((0..4000).map(|index| (format!("f{index}"), ty("u8")))).unwrap();
    let message = Conversion::between(&many, &ty("record { }"))
        .unwrap_err()
        .to_string();
    assert!(message.starts_with("found record { f0: u8, f1: u8,"), "{message}");
    assert!(message.contains("…, expected record {}"), "{message}");
    assert!(message.ends_with("`f11` and 3988 more"), "{message}");
    assert!(message.len() < 500, "{message}");
}
