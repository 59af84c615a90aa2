//! What holds for every type and every value.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};
use weft_types::image::{Bounds, Image};
use weft_types::{Signature, Type, guest, json, json_schema};

mod generate;
mod memory;
mod parts;
mod schema;
mod wider;

use generate::Entropy;
use memory::Memory;

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 10_000,
};

fn any_value() -> impl Strategy<Value = (Type, String)> {
    any_value_of(generate::ty())
}

fn any_value_of(ty: impl Strategy<Value = Type>) -> impl Strategy<Value = (Type, String)> {
    let entropy = proptest::collection::vec(any::<u8>(), 0..300);
    (ty, entropy).prop_map(|(ty, entropy)| {
        let json = generate::value(&ty, &mut Entropy(&entropy)).to_string();
        (ty, json)
    })
}

fn print(ty: &Type, image: &Image) -> String {
    let mut out = Vec::new();
    json::print(ty, image, &mut out);
    String::from_utf8(out).unwrap()
}

/// Replaces the `place`-th part of `value`, counted from the outside, by `other`.
fn replace(value: &mut Value, place: &mut usize, other: &Value) {
    if *place == 0 {
        *value = other.clone();
    }
    *place = place.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, place, other)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| replace(member, place, other)),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(3.0),
        json!(1.5),
        json!(256),
        json!(70_000),
        json!(-3_000_000_000_i64),
        json!(1e300),
        json!(""),
        json!("a"),
        json!("12"),
        json!("-12"),
        json!("NaN"),
        json!("AAA="),
        json!("m999"),
        json!([]),
        json!([1]),
        json!(["m999"]),
        json!(["m999", "m999"]),
        json!({}),
        json!({ "ok": null }),
        json!({ "some": null }),
        json!({ "m999": 1 }),
        json!({ "m999": 1, "other": 2 }),
    ])
}

/// An image is what its own JSON is read as.
fn is_canonical(ty: &Type, image: &Image) -> bool {
    let text = print(ty, image);
    json::parse(ty, text.as_bytes(), BOUNDS).as_ref() == Ok(image)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn types_survive_their_text(ty in generate::ty()) {
        let parsed: Type = ty.to_string().parse().unwrap();
        prop_assert_eq!(&parsed, &ty);
        let text = serde_json::to_string(&ty).unwrap();
        let back: Type = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back.layout(), ty.layout());
        prop_assert_eq!(back, ty);
    }

    #[test]
    fn json_and_images_are_two_forms_of_one_value((ty, text) in any_value()) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        prop_assert!(is_canonical(&ty, &image));
        let accepted = Image::from_bytes(image.as_bytes().clone(), &ty, BOUNDS);
        prop_assert_eq!(accepted.as_ref(), Ok(&image));
    }

    #[test]
    fn guests_give_back_what_they_were_given((ty, text) in any_value()) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let mut memory = Memory(vec![0xa5; 16]);
        let Ok(root) = guest::lower(&ty, &image, &mut memory);
        let lifted = guest::lift(&ty, &memory.0, &root, BOUNDS);
        prop_assert_eq!(lifted.as_ref(), Ok(&image));
        let layout = ty.layout();
        if layout.flat <= 16 {
            let mut flat = [0; 16];
            prop_assert_eq!(guest::flatten(&ty, &root, &mut flat), layout.flat as usize);
            if layout.flat == 1 {
                let unflat = guest::unflatten(&ty, flat[0]).unwrap();
                let lifted = guest::lift(&ty, &memory.0, &unflat, BOUNDS);
                prop_assert_eq!(lifted.as_ref(), Ok(&image));
            }
        }
    }

    #[test]
    fn changed_images_are_refused_or_canonical((ty, text) in any_value(), flip in 1..=255u8) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let bytes = image.as_bytes().to_vec();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            if let Ok(image) = Image::from_bytes(changed.into(), &ty, BOUNDS) {
                prop_assert!(at >= Image::HEADER && is_canonical(&ty, &image), "byte {at}");
            }
        }
        for length in 0..bytes.len() {
            let short = bytes[..length].to_vec();
            prop_assert!(Image::from_bytes(short.into(), &ty, BOUNDS).is_err(), "{length} bytes");
        }
        let mut long = bytes;
        long.push(0);
        prop_assert!(Image::from_bytes(long.into(), &ty, BOUNDS).is_err());
    }

    #[test]
    fn hostile_payloads_never_panic(
        ty in generate::ty(),
        payload in proptest::collection::vec(0..64u8, 0..400),
    ) {
        let start = json::parse(&"u8".parse().unwrap(), b"0", BOUNDS).unwrap();
        let mut bytes = start.as_bytes()[..8].to_vec();
        bytes.extend_from_slice(ty.digest().as_bytes());
        bytes.extend_from_slice(&payload);
        if let Ok(image) = Image::from_bytes(bytes.into(), &ty, BOUNDS) {
            prop_assert!(is_canonical(&ty, &image));
        }
    }

    #[test]
    fn hostile_memory_never_panics_nor_grows(
        ty in generate::ty(),
        memory in proptest::collection::vec(prop_oneof![4 => Just(0u8), 4 => 0..64u8, 1 => any::<u8>()], 0..400),
        at in 0..200usize,
        bytes in 0..2000usize,
    ) {
        let root = memory.get(at..).unwrap_or_default();
        let bounds = Bounds { bytes, elements: 100 };
        if let Ok(image) = guest::lift(&ty, &memory, root, bounds) {
            prop_assert!(image.payload().len() <= bytes);
            let accepted = Image::from_bytes(image.as_bytes().clone(), &ty, bounds);
            prop_assert_eq!(accepted.as_ref(), Ok(&image));
        }
    }

    #[test]
    fn any_json_is_read_or_refused(ty in generate::ty(), text in "[\\[\\]{}:,\"a-z0-9.\\\\ -]{0,40}") {
        if let Ok(image) = json::parse(&ty, text.as_bytes(), BOUNDS) {
            prop_assert!(is_canonical(&ty, &image));
        }
    }

    #[test]
    fn schemas_say_what_is_read((ty, text) in any_value(), place in 0..20usize, other in any_json()) {
        let schema = json_schema::of(&ty);
        let mut value: Value = serde_json::from_str(&text).unwrap();
        prop_assert!(schema::valid(&schema, &value), "{schema} {value}");
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let printed: Value = serde_json::from_str(&print(&ty, &image)).unwrap();
        prop_assert!(schema::valid(&schema, &printed), "{schema} {printed}");
        replace(&mut value, &mut place.clone(), &other);
        let read = json::parse(&ty, value.to_string().as_bytes(), BOUNDS);
        prop_assert_eq!(schema::valid(&schema, &value), read.is_ok(), "{} {} {:?}", ty, value, read);
    }

    #[test]
    fn schemas_of_arguments_say_what_is_read(
        types in proptest::collection::vec(generate::ty(), 0..4),
        arguments in proptest::collection::vec(any_json(), 0..5),
    ) {
        let params = Type::record(types.into_iter().enumerate().map(|(i, ty)| (format!("p{i}"), ty))).unwrap();
        let signature = Signature { params, result: None };
        let schema = json_schema::of_arguments(&signature);
        let by_name = arguments.iter().enumerate().map(|(i, argument)| (format!("p{i}"), argument.clone()));
        for given in [Value::Object(by_name.collect()), Value::Array(arguments.clone())] {
            let read = json::parse_arguments(&signature, given.to_string().as_bytes(), BOUNDS);
            prop_assert_eq!(schema::valid(&schema, &given), read.is_ok(), "{} {:?}", given, read);
        }
    }

    #[test]
    fn every_float_survives(bits in any::<u64>()) {
        for ty in ["f32", "f64"] {
            let ty: Type = ty.parse().unwrap();
            let root = bits.to_le_bytes();
            let image = guest::lift(&ty, &[], &root, BOUNDS).unwrap();
            prop_assert!(is_canonical(&ty, &image));
        }
    }
}
