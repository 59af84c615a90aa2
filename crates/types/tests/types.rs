//! The type language: text, layout, bounds.
#![allow(clippy::unwrap_used)]

use weft_types::Type;
use weft_types::ty::{ParseError, TypeError};

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

#[test]
fn text() {
    for text in [
        "bool",
        "list<option<string>>",
        "record { a: u8, b-c: record { D: char } }",
        "tuple<s8, s16, s32, s64, u8, u16, u32, u64, f32, f64>",
        "tuple<>",
        "record {}",
        "flags {}",
        "variant { none, some(list<u8>) }",
        "enum { a }",
        "flags { a, b }",
        "result",
        "result<u8>",
        "result<_, string>",
        "result<u8, string>",
    ] {
        assert_eq!(ty(text).to_string(), text);
        assert_eq!(serde_json::to_value(ty(text)).unwrap(), text);
    }
    assert_eq!(ty(" record{ a :u8 }").to_string(), "record { a: u8 }");
    assert_eq!(ty("record{}").fields().map(<[_]>::len), Some(0));
}

#[test]
fn what_is_no_type() {
    let refused = |text: &str, expected: &str, at: usize| {
        let Err(ParseError::Syntax {
            expected: found,
            at: place,
        }) = text.parse::<Type>()
        else {
            panic!("{text} is a type or not for its syntax");
        };
        assert_eq!((found, place), (expected, at), "{text}");
    };
    refused("", "a type", 0);
    refused("u7", "a type", 0);
    refused("own<file>", "a type", 0);
    refused("list", "`<`", 4);
    refused("list<>", "a type", 5);
    refused("list<u8", "`>`", 7);
    refused("u8 u8", "the end", 3);
    refused("record { a u8 }", "`:`", 11);
    refused("record { : u8 }", "a name", 9);
    refused("record { a: u8 b: u8 }", "`,` or `}`", 15);
    refused("tuple<u8 u8>", "`,` or `>`", 9);
    refused("result<_ u8>", "`,` or `>`", 9);
    refused("variant { a(u8 }", "`)`", 15);
    refused("enum { é }", "a name", 7);
}

#[test]
fn layouts() {
    let check = |text: &str, size: u32, align: u32, flat: u32| {
        let layout = ty(text).layout();
        assert_eq!(
            (layout.size, layout.align, layout.flat),
            (size, align, flat),
            "{text}"
        );
    };
    check("bool", 1, 1, 1);
    check("u64", 8, 8, 1);
    check("char", 4, 4, 1);
    check("string", 8, 4, 2);
    check("list<u64>", 8, 4, 2);
    check("record { a: u8, b: u64, c: u8 }", 24, 8, 3);
    check("tuple<u8, u16, u8>", 6, 2, 3);
    check("tuple<>", 0, 1, 0);
    check("option<u8>", 2, 1, 2);
    check("option<u64>", 16, 8, 2);
    check("result", 1, 1, 1);
    check("result<string, u8>", 12, 4, 3);
    check("variant { a, b(f64), c(tuple<u8, u8, u8>) }", 16, 8, 4);
    check("flags { a }", 1, 1, 1);
    let names: Vec<_> = (0..300).map(|i| format!("n{i}")).collect();
    check(&format!("enum {{ {} }}", names[..256].join(",")), 1, 1, 1);
    check(&format!("enum {{ {} }}", names[..257].join(",")), 2, 2, 1);
    check(&format!("flags {{ {} }}", names[..9].join(",")), 2, 2, 1);
    check(&format!("flags {{ {} }}", names[..32].join(",")), 4, 4, 1);
    check(&format!("flags {{ {} }}", names[..33].join(",")), 8, 4, 2);
}

#[test]
fn digests_follow_equality() {
    let (one, two) = (ty("record { a: u8, b: u8 }"), ty("record { b: u8, a: u8 }"));
    assert_eq!(one.digest(), ty("record { a: u8, b: u8 }").digest());
    assert_ne!(one.digest(), two.digest());
    assert_ne!(one, two);
    assert_eq!(one.clone().digest(), one.digest());
}

#[test]
fn bombs() {
    let refused = |text: &str, expected: &dyn Fn(&TypeError) -> bool| match text.parse::<Type>() {
        Err(ParseError::Type(error)) if expected(&error) => {}
        other => panic!("{other:?}"),
    };
    let nested = |open: &str, depth: usize| format!("{}u8{}", open.repeat(depth), ">".repeat(depth));
    assert!(nested("list<", 63).parse::<Type>().is_ok());
    refused(&nested("list<", 64), &|error| {
        matches!(error, TypeError::TooDeep(65))
    });
    refused(&nested("option<", 1_000_000), &|error| {
        matches!(error, TypeError::TooDeep(_))
    });
    let double = (0..20).fold("u64".to_owned(), |inner, _| format!("tuple<{inner}, {inner}>"));
    refused(&double, &|error| matches!(error, TypeError::TooManyNodes(_)));
    let wide = (0..14).fold(ty("u64"), |inner, _| {
        Type::tuple([inner.clone(), inner]).unwrap_or(ty("u8"))
    });
    assert!(wide.layout().nodes <= Type::MAX_NODES);
    let members = vec!["u64"; 5000].join(", ");
    refused(&format!("tuple<{members}>"), &|error| {
        matches!(error, TypeError::TooManyMembers(5000))
    });
    refused("record { a: u8, a: u8 }", &|error| {
        *error == TypeError::DuplicateName("a".into())
    });
    refused("enum { }", &|error| *error == TypeError::Empty("enum"));
    refused("variant { }", &|error| *error == TypeError::Empty("variant"));
    let name = Type::enumeration(["a b"]).unwrap_err();
    assert_eq!(name, TypeError::Name("a b".into()));
    assert_eq!(Type::flags([""]).unwrap_err(), TypeError::Name(String::new()));
}

#[test]
fn shared_parts_count_each_time() {
    let flags = Type::flags((0..4096).map(|i| format!("f{i}"))).unwrap();
    assert_eq!(flags.layout().size, 512);
    assert!(Type::tuple(vec![flags.clone(); 4]).is_ok());
    assert_eq!(
        Type::tuple(vec![flags; 5]),
        Err(TypeError::TooManyNodes(5 * 4097 + 1))
    );
    let name = |length: usize| Type::enumeration(["a".repeat(length)]);
    assert!(name(256).is_ok());
    assert!(matches!(name(257), Err(TypeError::Name(_))));
}

#[test]
fn values_stay_below_their_size() {
    let numbers = |count: usize| Type::tuple(vec![ty("u64"); count]).unwrap();
    assert!(Type::tuple([numbers(4096), numbers(4096)]).is_ok());
    let error = Type::tuple([numbers(4096), numbers(4096), numbers(1)]);
    assert_eq!(error, Err(TypeError::TooLarge(65_544)));
}

#[test]
fn the_deepest_type_survives_json() {
    let deepest = (0..31).fold(ty("u8"), |inner, _| {
        let record = Type::record([("a", inner)]).unwrap();
        Type::variant([("b", Some(record))]).unwrap()
    });
    assert_eq!(deepest.layout().depth, 63);
    let text = serde_json::to_string(&deepest).unwrap();
    assert_eq!(serde_json::from_str::<Type>(&text).unwrap(), deepest);
}

#[test]
fn names_are_looked_up() {
    let named = |text: &str| {
        let mut asked = Vec::new();
        let read = Type::parse_prefix(text, &mut |name, at| {
            asked.push((name.to_owned(), at));
            (name == "line").then(|| ty("record { sku: string }"))
        });
        (read, asked)
    };
    let (read, asked) = named(" list<line> ; rest");
    assert_eq!(read.unwrap(), (ty("list<record { sku: string }>"), 12));
    assert_eq!(asked, [("line".to_owned(), 6)]);

    let (read, asked) = named("tuple<line, lin>");
    assert!(matches!(
        read,
        Err(ParseError::Syntax {
            expected: "a type",
            at: 12
        })
    ));
    assert_eq!(asked.len(), 2);
}

#[test]
fn members_are_written_as_in_wit() {
    assert_eq!(
        ty("record { %type: u8, b: u8, }").to_string(),
        "record { type: u8, b: u8 }"
    );
    assert!("record { , }".parse::<Type>().is_err());
    assert!("record { a: u8,, }".parse::<Type>().is_err());
}
