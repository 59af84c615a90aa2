//! The image format: golden files, what is refused, plain bytes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use weft_types::image::{Bounds, Image, RawBuilder, Written};
use weft_types::{Type, json};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 16,
    elements: 1000,
};

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

fn image(ty: &Type, json: &str) -> Image {
    json::parse(ty, json.as_bytes(), BOUNDS).unwrap()
}

/// The folder of the golden files of a format: `<name>.type`, `<name>.json` and `<name>.image` belong together. A format
/// is read for ever: files are added, never changed.
fn golden(format: u8) -> impl Iterator<Item = std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{format}"));
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "type"))
}

#[test]
fn golden_files_of_format_1() {
    let mut count = 0;
    for path in golden(1) {
        let text = |extension: &str| fs::read_to_string(path.with_extension(extension)).unwrap();
        let ty = ty(text("type").trim_end());
        let bytes = fs::read(path.with_extension("image")).unwrap();
        let name = path.display();
        assert_eq!(image(&ty, &text("json")).as_bytes(), &bytes, "{name}");
        let accepted = Image::from_bytes(bytes.into(), &ty, BOUNDS).unwrap();
        let mut printed = Vec::new();
        json::print(&ty, &accepted, &mut printed);
        assert_eq!(
            String::from_utf8(printed).unwrap(),
            text("json").trim_end(),
            "{name}"
        );
        count += 1;
    }
    assert_eq!(count, 12, "golden files are added, never taken away");
}

/// The payload is refused as one of the type, with this reason at this byte.
fn refused(of: &str, payload: &[u8], what: &str, at: usize) {
    let ty = ty(of);
    let mut bytes = vec![Image::FORMAT, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(ty.digest().as_bytes());
    bytes.extend_from_slice(payload);
    let error = Image::from_bytes(bytes.into(), &ty, BOUNDS).unwrap_err();
    assert_eq!((error.what, error.at), (what, at), "{of} {payload:?}");
}

#[test]
fn broken_rules() {
    refused("u32", &[0; 3], "the root value is cut short", 3);
    refused("u32", &[0; 5], "bytes behind the last block", 4);
    refused("bool", &[2], "a bool that is neither 0 nor 1", 0);
    refused(
        "f32",
        &[1, 0, 0xc0, 0x7f],
        "a NaN that is not the canonical one",
        0,
    );
    refused(
        "f64",
        &[0, 0, 0, 0, 0, 0, 0xf8, 0xff],
        "a NaN that is not the canonical one",
        0,
    );
    refused(
        "char",
        &[0, 0xd8, 0, 0],
        "a char that is not a Unicode scalar value",
        0,
    );
    refused("enum { a, b }", &[2], "a case that does not exist", 0);
    refused("flags { a, b, c }", &[8], "an unused bit of flags is set", 0);
    refused("variant { a, b(u8) }", &[0, 1], "padding that is not zero", 1);
    refused("option<u16>", &[1, 1, 0, 0], "padding that is not zero", 1);
    refused("option<u16>", &[2, 0, 0, 0], "a case that does not exist", 0);
    refused("tuple<u8, u16>", &[1, 1, 2, 0], "padding that is not zero", 1);
    refused("tuple<u16, u8>", &[1, 0, 2, 1], "padding that is not zero", 3);
    refused("result<u8, u16>", &[0, 0, 1, 1], "padding that is not zero", 3);
    refused(
        "string",
        &[8, 0, 0, 0, 0, 0, 0, 0],
        "a pointer to nothing that is not 0",
        0,
    );
    refused(
        "string",
        &[8, 0, 0, 0, 1, 0, 0, 0],
        "a pointer to beyond the end",
        0,
    );
    refused(
        "string",
        &[7, 0, 0, 0, 1, 0, 0, 0, 65],
        "a pointer to a block of another value",
        0,
    );
    refused(
        "string",
        &[9, 0, 0, 0, 1, 0, 0, 0, 0, 65],
        "a block out of its place",
        0,
    );
    refused("string", &[8, 0, 0, 0, 2, 0, 0, 0, 65, 255], "not UTF-8", 9);
    refused(
        "list<u32>",
        &[8, 0, 0, 0, 255, 255, 255, 255],
        "a pointer to beyond the end",
        0,
    );
    refused(
        "list<tuple<>>",
        &[0, 0, 0, 0, 0, 4, 0, 0],
        "more elements than allowed",
        0,
    );
    let padded = [9, 0, 0, 0, 1, 0, 0, 0, 1, 65];
    refused("tuple<string>", &padded, "a block out of its place", 0);
    let shared = [8, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 65];
    refused(
        "tuple<string, string>",
        &shared,
        "a pointer to a block of another value",
        0,
    );
    let gap = [
        16, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 65, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ];
    refused("tuple<string, list<u64>>", &gap, "padding that is not zero", 17);
}

#[test]
fn parents_behind_their_children() {
    let ty = ty("list<string>");
    let image = image(&ty, "[\"ab\",\"c\"]");
    let pointers = [12, 0, 0, 0, 2, 0, 0, 0];
    let strings = [8, 0, 0, 0, 2, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(image.payload(), [&pointers[..], b"abc\0", &strings].concat());
    refused(
        "list<string>",
        &[8, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 65],
        "a block out of its place",
        8,
    );
}

#[test]
fn headers() {
    let ty = ty("u8");
    let good = image(&ty, "7").as_bytes().to_vec();
    let check = |change: &dyn Fn(&mut Vec<u8>), what: &str| {
        let mut bytes = good.clone();
        change(&mut bytes);
        let error = Image::from_bytes(bytes.into(), &ty, BOUNDS).unwrap_err();
        assert_eq!(error.what, what);
    };
    check(&|bytes| bytes[0] = 2, "an unknown format");
    check(&|bytes| bytes[7] = 1, "reserved bytes of the header are not zero");
    check(&|bytes| bytes[39] ^= 1, "the image is of another type");
    check(&|bytes| bytes.truncate(39), "the header is cut short");
    check(&|bytes| bytes.truncate(40), "the root value is cut short");
    check(&|bytes| bytes.resize(1 << 20, 0), "more bytes than allowed");
    let bounds = Bounds { bytes: 0, ..BOUNDS };
    assert!(Image::from_bytes(good.clone().into(), &ty, bounds).is_err());
}

#[test]
fn plain_bytes() {
    for of in ["list<u8>", "record { body: list<u8> }"] {
        for data in [&b""[..], b"\0", b"any bytes at all"] {
            let ty = ty(of);
            let raw = Image::of_raw(&ty, data).unwrap();
            assert_eq!(
                Image::from_bytes(raw.as_bytes().clone(), &ty, BOUNDS).as_ref(),
                Ok(&raw)
            );
            assert_eq!(raw.raw(&ty).unwrap(), data);
            let mut pieces = RawBuilder::new(&ty, 4).unwrap();
            assert!(pieces.is_empty());
            data.chunks(3).for_each(|piece| pieces.extend(piece));
            assert_eq!(pieces.len(), data.len());
            assert_eq!(pieces.finish().as_ref(), Some(&raw));
        }
    }
}

#[test]
fn what_is_not_plain_bytes() {
    for of in [
        "string",
        "list<u16>",
        "record { }",
        "record { a: list<u8>, b: u8 }",
        "option<list<u8>>",
        "result<list<u8>>",
    ] {
        assert_eq!(Image::of_raw(&ty(of), b""), None, "{of}");
    }
    let check = |of: &str, json: &str, expected: Option<&[u8]>| {
        let ty = ty(of);
        assert_eq!(image(&ty, json).raw(&ty).as_deref(), expected, "{of} {json}");
    };
    check("string", "\"x\"", None);
    check("result<list<u8>, string>", "{\"ok\":[1,2]}", Some(&[1, 2]));
    check("result<list<u8>, string>", "{\"ok\":[]}", Some(&[]));
    check("result<list<u8>, list<u8>>", "{\"err\":[1,2]}", None);
    check("result<string, list<u8>>", "{\"ok\":\"x\"}", None);
}

#[test]
fn bytes_are_not_copied() {
    let ty = ty("list<u8>");
    let image = Image::of_raw(&ty, &[7; 100]).unwrap();
    assert!(
        image
            .as_bytes()
            .as_ptr_range()
            .contains(&image.raw(&ty).unwrap().as_ptr())
    );
}

#[test]
fn written_bytes_become_the_result_that_carries_them() {
    let large = format!("result<list<u8>, tuple<{}>>", vec!["u64"; 40].join(", "));
    let types = [
        "list<u8>",
        "result<list<u8>>",
        "result<list<u8>, string>",
        "result<list<u8>, u64>",
        &large,
    ];
    for (text, data) in types
        .into_iter()
        .flat_map(|text| [(text, &b""[..]), (text, b"abcd")])
    {
        let ty: Type = text.parse().unwrap();
        let mut written = Written::default();
        assert!(written.is_empty());
        for piece in data.chunks(3) {
            written.extend(piece);
        }
        assert_eq!(written.len(), data.len());
        let image = written.finish(&ty).unwrap();
        assert_eq!(image.raw(&ty).unwrap(), data, "{text}");
        let bounds = Bounds {
            bytes: 1000,
            elements: 0,
        };
        assert_eq!(
            Image::from_bytes(image.as_bytes().clone(), &ty, bounds).as_ref(),
            Ok(&image),
            "{text}"
        );
    }
    for text in [
        "string",
        "list<u16>",
        "result<string, list<u8>>",
        "record { a: list<u8> }",
    ] {
        assert_eq!(Written::default().finish(&text.parse().unwrap()), None, "{text}");
    }
}
