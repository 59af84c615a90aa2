//! Values by address within JSON.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use weft_types::image::{Attached, Attachment, Bounds, Image};
use weft_types::json::{self, Blobs, ErrorKind};
use weft_types::{Digest, Signature, Type};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 10,
    elements: 100,
};

const PICTURE: &[u8] = b"not \"$blob\" at all";

fn signature() -> Signature {
    let params: Type =
        "record { picture: list<u8>, maybe: option<list<u8>>, sizes: list<record { w: u32, name: string }> }"
            .parse()
            .unwrap();
    Signature { params, result: None }
}

/// What the tests' texts may name: plain bytes and a value of the elements' type.
fn blobs() -> Blobs {
    let element: Type = "record { w: u32, name: string }".parse().unwrap();
    let image = json::parse(&element, br#"{"w":7,"name":"seven"}"#, BOUNDS).unwrap();
    let all = [
        Bytes::from_static(PICTURE),
        image.as_bytes().clone(),
        Bytes::from(vec![1; 2000]),
    ];
    all.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect()
}

fn picture() -> String {
    Digest::of(PICTURE).to_string()
}

fn element() -> String {
    let element: Type = "record { w: u32, name: string }".parse().unwrap();
    let image = json::parse(&element, br#"{"w":7,"name":"seven"}"#, BOUNDS).unwrap();
    Digest::of(image.as_bytes()).to_string()
}

fn parse(text: &str) -> Result<Image, json::Error> {
    json::parse_arguments_with_blobs(&signature(), text.as_bytes(), BOUNDS, blobs())
}

#[track_caller]
fn check(text: &str, same: &str) {
    let expected = json::parse_arguments(&signature(), same.as_bytes(), BOUNDS).unwrap();
    assert_eq!(parse(text).unwrap(), expected, "{text}");
}

#[track_caller]
fn check_error(text: &str, pointer: &str, message: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.pointer, pointer, "{error}");
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn blobs_stand_for_values_at_any_depth() {
    let base64 = r#""bm90ICIkYmxvYiIgYXQgYWxs""#;
    let (picture, element) = (picture(), element());
    check(
        &format!(
            r#"{{"picture": {{ "$blob" : "{picture}" }}, "sizes": [{{"w":1,"name":"one"}}, {{"$blob":"{element}"}}]}}"#
        ),
        &format!(r#"{{"picture": {base64}, "sizes": [{{"w":1,"name":"one"}}, {{"w":7,"name":"seven"}}]}}"#),
    );
    // Members in another order than the type's, and an option.
    check(
        &format!(
            r#"{{"sizes": [{{"$blob":"{element}"}}], "maybe": {{"$blob":"{picture}"}}, "picture": ""}}"#
        ),
        &format!(r#"{{"picture": "", "maybe": {base64}, "sizes": [{{"w":7,"name":"seven"}}]}}"#),
    );
    check(
        &format!(r#"[{{"$blob":"{picture}"}}, null, []]"#),
        &format!("[{base64}, null, []]"),
    );
}

#[test]
fn what_is_wrong_with_a_blob_is_said_where_it_stands() {
    let picture = picture();
    let absent = Digest::of(b"absent");
    check_error(
        &format!(r#"{{"picture": {{"$blob":"{absent}"}}, "sizes": []}}"#),
        "/picture",
        &format!("there is no blob {absent}"),
    );
    check_error(
        &format!(r#"{{"picture": "", "sizes": [{{"$blob":"{picture}"}}]}}"#),
        "/sizes/0",
        "the blob holds no value of the type `record",
    );
    check_error(
        r#"{"picture": {"$blob":"blake3:12"}, "sizes": []}"#,
        "/picture",
        "64 hexadecimal digits",
    );
    check_error(
        r#"{"picture": {"$blob":5}, "sizes": []}"#,
        "/picture",
        "holds a digest as a string",
    );
    check_error(
        &format!(r#"{{"picture": {{"$blob":"{picture}","more":1}}, "sizes": []}}"#),
        "/picture",
        "and nothing else",
    );
    check_error(
        r#"{"picture": "", "sizes": [{"w":1,"name":"a"}, {"w":-1,"name":"b"}]}"#,
        "/sizes/1/w",
        "-1",
    );
}

#[test]
fn blobs_count_like_what_they_stand_for() {
    let large = Digest::of(&[1; 2000]);
    let error = parse(&format!(r#"{{"picture": {{"$blob":"{large}"}}, "sizes": []}}"#)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
}

#[test]
fn texts_say_which_blobs_they_need() {
    let picture = picture();
    let text = format!(r#"{{"a": {{"$blob" : "{picture}"}}, "b": {{"$blob":"blake3:0"}}, "c": "$blob"}}"#);
    assert!(json::names_blobs(text.as_bytes()));
    assert_eq!(json::named_blobs(text.as_bytes()), [Digest::of(PICTURE)].into());
    assert!(!json::names_blobs(br#"{"a": "\"$blob\"", "blob": 1}"#));
}

#[test]
fn blobs_that_are_whole_parameters_can_be_attached() {
    let (picture, element) = (picture(), element());
    let attach = |text: &str| {
        let parsed = json::parse_arguments_attaching(&signature(), text.as_bytes(), BOUNDS, blobs());
        let (image, attached) = parsed.unwrap();
        let attached: Vec<_> = attached.iter().cloned().collect();
        (image, attached)
    };
    let expected = |same: &str| json::parse_arguments(&signature(), same.as_bytes(), BOUNDS).unwrap();
    let whole = Attachment {
        parameter: 0,
        bytes: Bytes::from_static(PICTURE),
    };
    for text in [
        format!(r#"{{"picture":{{"$blob":"{picture}"}},"sizes":[{{"$blob":"{element}"}}]}}"#),
        format!(r#"{{"sizes":[{{"$blob":"{element}"}}],"picture":{{"$blob":"{picture}"}}}}"#),
        format!(r#"[{{"$blob":"{picture}"}},null,[{{"$blob":"{element}"}}]]"#),
    ] {
        let (image, attached) = attach(&text);
        assert_eq!(attached, std::slice::from_ref(&whole), "{text}");
        assert_eq!(
            image,
            expected(r#"{"picture":"","sizes":[{"w":7,"name":"seven"}]}"#),
            "{text}"
        );
    }
    // What is within something else is copied.
    let (image, attached) = attach(&format!(
        r#"{{"picture":"AA==","maybe":{{"$blob":"{picture}"}},"sizes":[]}}"#
    ));
    assert_eq!(attached, []);
    let same = r#"{"picture":"AA==","maybe":"bm90ICIkYmxvYiIgYXQgYWxs","sizes":[]}"#;
    assert_eq!(image, expected(same));
}

#[test]
fn attachments_are_put_where_they_belong() {
    let params = signature().params;
    let image = json::parse_arguments(
        &signature(),
        br#"{"picture":"","maybe":"AAE=","sizes":[]}"#,
        BOUNDS,
    )
    .unwrap();
    let attach = |parameter, bytes: &'static [u8]| {
        let bytes = Bytes::from_static(bytes);
        Attached::from_iter([Attachment { parameter, bytes }])
    };
    let whole = attach(0, b"abc").put_into(&params, &image, BOUNDS).unwrap();
    let expected = json::parse_arguments(
        &signature(),
        br#"{"picture":"YWJj","maybe":"AAE=","sizes":[]}"#,
        BOUNDS,
    );
    assert_eq!(whole, expected.unwrap());
    assert_eq!(
        Attached::default().put_into(&params, &image, BOUNDS).unwrap(),
        image
    );
    for (attached, error) in [
        (attach(1, b"abc"), "an option is no list"),
        (attach(3, b"abc"), "there is no such parameter"),
        (attach(0, &[0; 2000]), "too large"),
    ] {
        attached.put_into(&params, &image, BOUNDS).expect_err(error);
    }
}
