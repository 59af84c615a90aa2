//! Reading the parts of values in images.
#![allow(clippy::unwrap_used)]

use weft_types::image::{Bounds, Image};
use weft_types::{Type, json};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 16,
    elements: 1000,
};

fn value(of: &str, json: &str) -> (Type, Image) {
    let ty: Type = of.parse().unwrap();
    let image = json::parse(&ty, json.as_bytes(), BOUNDS).unwrap();
    (ty, image)
}

#[test]
fn members_by_name_and_by_place() {
    let (ty, image) = value(
        "record { id: u64, lines: list<record { name: string, price: f64 }>, at: tuple<u8, s16> }",
        r#"{"id":7,"lines":[{"name":"a","price":1.5},{"name":"bb","price":-2}],"at":[1,-2]}"#,
    );
    let view = image.view(&ty);
    assert_eq!(view.field("id").unwrap().as_integer(), Some(7));
    assert_eq!(view.member(0).unwrap().as_integer(), Some(7));
    let lines = view.field("lines").unwrap();
    assert_eq!(lines.length(), Some(2));
    let names: Vec<_> = lines
        .elements()
        .unwrap()
        .map(|line| line.field("name").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "bb"]);
    let price = lines.element(1).unwrap().member(1).unwrap();
    assert_eq!(price.as_float(), Some(-2.0));
    assert_eq!(price.ty().to_string(), "f64");
    let at = view.field("at").unwrap();
    assert_eq!(at.member(1).unwrap().as_integer(), Some(-2));
    assert!(view.field("name").is_none());
    assert!(view.member(3).is_none());
    assert!(at.member(2).is_none());
    assert!(at.field("id").is_none());
    assert!(lines.element(2).is_none());
}

#[test]
fn scalars() {
    let (ty, image) = value(
        "tuple<bool, s8, u64, s64, f32, f64, char, string, list<u8>, enum { red, green }>",
        r#"[true,-128,"18446744073709551615","-9223372036854775808",0.5,"NaN","ß","Grüße","AQI=","green"]"#,
    );
    let view = image.view(&ty);
    let member = |index| view.member(index).unwrap();
    assert_eq!(member(0).as_bool(), Some(true));
    assert_eq!(member(1).as_integer(), Some(-128));
    assert_eq!(member(2).as_integer(), Some(u64::MAX.into()));
    assert_eq!(member(3).as_integer(), Some(i64::MIN.into()));
    assert_eq!(member(4).as_float(), Some(0.5));
    assert!(member(5).as_float().unwrap().is_nan());
    assert_eq!(member(6).as_char(), Some('ß'));
    assert_eq!(member(7).as_str(), Some("Grüße"));
    assert_eq!(member(8).as_bytes(), Some(&[1, 2][..]));
    assert_eq!(member(8).element(1).unwrap().as_integer(), Some(2));
    let green = member(9).choice().unwrap();
    assert_eq!((green.index, green.name), (1, "green"));
    assert!(green.payload.is_none());
}

#[test]
fn choices() {
    let check = |of: &str, json: &str, index: usize, name: &str, payload: Option<i128>| {
        let (ty, image) = value(of, json);
        let choice = image.view(&ty).choice().unwrap();
        assert_eq!((choice.index, choice.name), (index, name), "{of} {json}");
        let carried = choice.payload.map(|payload| payload.as_integer().unwrap());
        assert_eq!(carried, payload, "{of} {json}");
        assert_eq!(image.view(&ty).payload().is_some(), payload.is_some());
    };
    check("option<u32>", "null", 0, "none", None);
    check("option<u32>", "5", 1, "some", Some(5));
    check("result<u8, u64>", r#"{"ok":1}"#, 0, "ok", Some(1));
    check("result<u8, u64>", r#"{"err":2}"#, 1, "err", Some(2));
    check("result<_, u64>", r#"{"ok":null}"#, 0, "ok", None);
    check("result<u8>", r#"{"err":null}"#, 1, "err", None);
    check("variant { a, b(s16), c(u64) }", r#""a""#, 0, "a", None);
    check("variant { a, b(s16), c(u64) }", r#"{"b":-7}"#, 1, "b", Some(-7));
}

#[test]
fn flags() {
    let names: Vec<_> = (0..40).map(|index| format!("f{index}")).collect();
    let (ty, image) = value(&format!("flags {{ {} }}", names.join(", ")), r#"["f39","f1"]"#);
    let view = image.view(&ty);
    assert_eq!(view.flags().unwrap().collect::<Vec<_>>(), ["f1", "f39"]);
    let set: Vec<_> = (0..41).map(|index| view.flag(index)).collect();
    assert_eq!(set[..3], [Some(false), Some(true), Some(false)]);
    assert_eq!(set[39..], [Some(true), None]);
}

#[test]
fn what_a_type_does_not_have_is_not_there() {
    for (of, json) in [
        ("record { a: u8 }", r#"{"a":1}"#),
        ("list<u16>", "[1]"),
        ("string", r#""a""#),
    ] {
        let (ty, image) = value(of, json);
        let view = image.view(&ty);
        assert_eq!(view.as_bool(), None);
        assert_eq!(view.as_integer(), None);
        assert_eq!(view.as_float(), None);
        assert_eq!(view.as_char(), None);
        assert_eq!(view.as_bytes(), None);
        assert_eq!(view.flag(0), None);
        assert!(view.flags().is_none() && view.choice().is_none() && view.payload().is_none());
        assert_eq!(view.as_str().is_some(), of == "string");
        assert_eq!(view.length().is_some(), of == "list<u16>");
        assert_eq!(view.elements().is_some(), of == "list<u16>");
        assert_eq!(view.member(0).is_some(), of == "record { a: u8 }");
    }
}

#[test]
#[should_panic(expected = "is no image of s8")]
fn an_image_of_another_type() {
    let (_, image) = value("u8", "1");
    let _ = image.view(&"s8".parse().unwrap());
}
