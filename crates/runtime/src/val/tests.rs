use weft_types::json;

use super::*;

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 100_000,
};

/// JSON values of a type survive the way through the dynamic form, and come out as the very same image.
fn check(ty: &str, values: &[&str]) {
    let ty: Type = ty.parse().expect(ty);
    for value in values {
        let image = json::parse(&ty, value.as_bytes(), BOUNDS).expect(value);
        let dynamic = from_image(&ty, &image, MAX_VALUES).expect(value);
        let back = to_image(&ty, &dynamic, BOUNDS).expect(value);
        assert_eq!(back, image, "{value} of {ty}: {dynamic:?}");
    }
}

#[test]
fn scalars_survive() {
    check("bool", &["true", "false"]);
    check("s8", &["-128", "127"]);
    check("u8", &["0", "255"]);
    check("s16", &["-32768", "32767"]);
    check("u16", &["65535"]);
    check("s32", &["-2147483648", "2147483647"]);
    check("u32", &["4294967295"]);
    check("s64", &["\"-9223372036854775808\"", "9007199254740991"]);
    check("u64", &["\"18446744073709551615\""]);
    check("f32", &["1.5", "-0.0", "\"NaN\"", "\"Infinity\""]);
    check("f64", &["1e300", "-0.0", "\"NaN\"", "\"-Infinity\""]);
    check("char", &["\"a\"", "\"é\"", "\"🦀\""]);
    check("string", &["\"\"", "\"ünï🦀\""]);
}

#[test]
fn compounds_survive() {
    check("list<u16>", &["[]", "[1, 2, 3]"]);
    check("list<list<string>>", &["[[], [\"a\", \"\"], [\"bc\"]]"]);
    check("list<u8>", &["\"\"", "\"AAEC/w==\""]);
    check("tuple<u8, u64, string>", &["[1, 2, \"three\"]"]);
    check(
        "record { a: u8, b: record { c: f64, d: list<bool> } }",
        &[r#"{"a": 1, "b": {"c": 2.5, "d": [true]}}"#],
    );
    check("enum { red, green }", &["\"red\"", "\"green\""]);
    check(
        "flags { read, write, execute }",
        &["[]", "[\"read\", \"execute\"]", "[\"write\"]"],
    );
    check("option<string>", &["null", "\"x\""]);
    check(
        "option<option<u8>>",
        &["null", r#"{"some": null}"#, r#"{"some": 7}"#],
    );
    check("result<u64, string>", &[r#"{"ok": 1}"#, r#"{"err": "no"}"#]);
    check("result", &[r#"{"ok": null}"#, r#"{"err": null}"#]);
    check(
        "variant { none, small(u8), large(u64), text(string) }",
        &[
            "\"none\"",
            r#"{"small": 1}"#,
            r#"{"large": "18446744073709551615"}"#,
            r#"{"text": "x"}"#,
        ],
    );
}

#[test]
fn types_of_many_members_survive() {
    let names = |count: usize| (0..count).map(|i| format!("n{i}")).collect::<Vec<_>>().join(", ");
    check(
        &format!("enum {{ {} }}", names(300)),
        &["\"n0\"", "\"n255\"", "\"n256\"", "\"n299\""],
    );
    for count in [8, 9, 16, 17, 32, 33, 70] {
        let last = format!("[\"n0\", \"n{}\"]", count - 1);
        check(&format!("flags {{ {} }}", names(count)), &["[]", &last]);
    }
}

#[test]
fn values_of_other_types_are_mismatches() {
    let cases = [
        ("u8", Val::U16(1)),
        ("string", Val::Char('x')),
        (
            "record { a: u8 }",
            Val::Record(vec![("b".to_owned(), Val::U8(1))]),
        ),
        ("record { a: u8 }", Val::Record(Vec::new())),
        ("tuple<u8, u8>", Val::Tuple(vec![Val::U8(1)])),
        ("enum { a }", Val::Enum("b".to_owned())),
        ("flags { a }", Val::Flags(vec!["b".to_owned()])),
        ("variant { a, b(u8) }", Val::Variant("b".to_owned(), None)),
        ("variant { a, b(u8) }", Val::Variant("c".to_owned(), None)),
        ("option<u8>", Val::Option(Some(Box::new(Val::U16(1))))),
        ("result<u8>", Val::Result(Ok(None))),
        ("result", Val::Result(Err(Some(Box::new(Val::U8(1)))))),
        ("list<u8>", Val::List(vec![Val::U8(1), Val::S8(1)])),
    ];
    for (ty, value) in cases {
        let ty: Type = ty.parse().expect(ty);
        let result = to_image(&ty, &value, BOUNDS);
        assert!(
            matches!(result, Err(Error::Mismatch(_))),
            "{value:?} as {ty}: {result:?}"
        );
    }
}

#[test]
fn bounds_hold() {
    let bounds = Bounds {
        bytes: 100,
        elements: 10,
    };
    let ty: Type = "list<u32>".parse().expect("a type");
    let many = |count| Val::List(vec![Val::U32(1); count]);
    assert!(to_image(&ty, &many(10), bounds).is_ok());
    assert!(matches!(to_image(&ty, &many(11), bounds), Err(Error::Lift(_))));
    assert!(matches!(
        to_image(&ty, &many(1_000), bounds),
        Err(Error::Lift(LiftError::TooLarge(100)))
    ));
}

/// An image becomes as many values as are counted, and none where fewer are allowed.
fn counts(ty: &str, value: &str, values: usize) {
    let ty: Type = ty.parse().expect(ty);
    let image = json::parse(&ty, value.as_bytes(), BOUNDS).expect(value);
    assert!(from_image(&ty, &image, values).is_some(), "{value} of {ty}");
    assert!(from_image(&ty, &image, values - 1).is_none(), "{value} of {ty}");
}

#[test]
fn every_value_counts() {
    counts("u64", "1", 1);
    counts("string", "\"many letters\"", 1);
    counts("list<u8>", "\"AAEC/w==\"", 5);
    counts("list<list<u16>>", "[[], [1, 2], [3]]", 7);
    counts(
        "list<record { a: u8, b: option<string> }>",
        r#"[{"a": 1}, {"a": 2, "b": "x"}]"#,
        8,
    );
    counts("list<tuple<bool, char>>", r#"[[true, "x"]]"#, 4);
    counts("list<enum { a, b }>", r#"["a", "b", "a"]"#, 4);
    counts("flags { a, b, c }", "[\"a\"]", 4);
    counts("variant { a, b(list<u8>) }", "\"a\"", 1);
    counts("variant { a, b(list<u8>) }", r#"{"b": "AAEC"}"#, 5);
    counts("result<list<u32>, string>", r#"{"ok": [1, 2, 3]}"#, 5);
    counts("result<list<u32>, string>", r#"{"err": "no"}"#, 2);
}

#[test]
fn arguments_are_the_fields_of_their_record() {
    let params: Type = "record { a: u8, b: string }".parse().expect("a type");
    let image = arguments(&params, &[Val::U8(7), Val::String("x".to_owned())], BOUNDS).expect("an image");
    assert_eq!(
        image,
        json::parse(&params, br#"{"a": 7, "b": "x"}"#, BOUNDS).expect("an image")
    );
    assert!(matches!(
        arguments(&params, &[Val::U8(7)], BOUNDS),
        Err(Error::Mismatch(_))
    ));
}
