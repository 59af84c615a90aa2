//! Values in and out of guests.

use weft_function_engine::port::Tier;

use crate::harness::Guest;

const ORDER: &str = r#"{"order":{"id":"o-1","customer":"ada","items":[{"id":"1","name":"tea","qty":2,"price":1.5,"tags":["hot"]}],"note":null,"express":false}}"#;

#[tokio::test]
async fn answers_scalars() {
    let guest = Guest::load("fixtures/arith");
    assert_eq!(guest.call("add", r#"{"a":1,"b":2}"#).await.unwrap(), "3");
    assert_eq!(guest.call("add", "[4294967295, 2]").await.unwrap(), "1");
}

#[tokio::test]
async fn answers_records_and_typed_errors() {
    let guest = Guest::load("pricing");
    let answer = guest.call("quote", ORDER).await.unwrap();
    assert!(
        answer.starts_with(r#"{"ok":{"order-id":"o-1","total":3"#),
        "{answer}"
    );
    let empty = r#"{"order":{"id":"o","customer":"c","items":[],"express":false}}"#;
    assert_eq!(
        guest.call("quote", empty).await.unwrap(),
        r#"{"err":"empty-order"}"#
    );
}

#[tokio::test]
async fn every_tier_answers_alike() {
    for tier in [Tier::Baseline, Tier::Optimized, Tier::ExplicitBounds] {
        let guest = Guest::load_as("pricing", tier, 1, |_| {});
        let answer = guest.call("quote", ORDER).await.unwrap();
        assert!(
            answer.starts_with(r#"{"ok":{"order-id":"o-1","total":3"#),
            "{tier:?}: {answer}"
        );
    }
}

/// An export of the echo guest, arguments, and the answer where it is not the only argument.
#[tokio::test]
async fn echoes_every_shape() {
    let guest = Guest::load("fixtures/echo");
    let long = format!("\"{}\"", "long ".repeat(10_000));
    let cases = [
        ("text", "\"\"", None),
        ("text", "\"grüße\"", None),
        ("text", long.as_str(), None),
        ("bytes", "\"AAECAw==\"", None),
        ("yes", "true", None),
        ("letter", "\"ß\"", None),
        ("echo-point", r#"{"x":-1,"y":2,"name":"p"}"#, None),
        (
            "echo-point",
            r#"{"x":-1,"y":2}"#,
            Some(r#"{"x":-1,"y":2,"name":null}"#),
        ),
        ("echo-shape", r#""empty""#, None),
        ("echo-shape", r#"{"circle":1.5}"#, None),
        (
            "echo-shape",
            r#"{"polygon":[{"x":1,"y":2,"name":"a"},{"x":3,"y":4,"name":null}]}"#,
            None,
        ),
        ("echo-shape", r#"{"named":["n",7]}"#, None),
        ("echo-color", "\"dark-blue\"", None),
        ("echo-rights", r#"["read","run-as-root"]"#, None),
        ("echo-twenty", r#"["b0","b9","b19"]"#, None),
        ("maybe", "null", None),
        ("maybe", "\"x\"", None),
        ("maybe-maybe", "null", None),
        ("maybe-maybe", r#"{"some":null}"#, None),
        ("maybe-maybe", r#"{"some":3}"#, None),
        ("outcomes", r#"[{"ok":"a"},{"err":4}]"#, None),
        ("outcome", r#"{"ok":"fine"}"#, None),
        ("outcome", r#"{"err":{"at":{"x":1,"y":2,"name":null}}}"#, None),
        ("unit-ok", r#"{"ok":null}"#, None),
        ("unit-ok", r#"{"err":"no"}"#, None),
        ("unit-both", r#"{"err":null}"#, None),
        ("bytes-or-text", r#"{"ok":"AAE="}"#, None),
        ("pair", r#"[255,"x"]"#, None),
        ("numbers", "[1,2,4294967295]", None),
        ("numbers", "[]", None),
        ("names", r#"["a","","c"]"#, None),
        ("points", r#"[{"x":1,"y":2,"name":"a"}]"#, None),
        ("nested", "[[[1,2],[]],[],[[3]]]", None),
    ];
    for (export, value, answer) in cases {
        let arguments = format!(r#"{{"value":{value}}}"#);
        let found = guest.call(export, &arguments).await.unwrap();
        assert_eq!(found, answer.unwrap_or(value), "{export}");
    }
}

#[tokio::test]
async fn passes_many_parameters_through_memory() {
    let guest = Guest::load("fixtures/echo");
    let arguments = r#"[1,2,3,4,-5,-6,-7,"text",{"x":1,"y":2,"name":"p"},true,"!",[10,20],30,1.5]"#;
    let answer = guest.call("many", arguments).await.unwrap();
    assert_eq!(
        answer,
        r#"{"text":"text!","sum":53,"point":{"x":1,"y":2,"name":"p"},"last":1.5}"#
    );
}

#[tokio::test]
async fn passes_several_and_none() {
    let guest = Guest::load("fixtures/echo");
    assert_eq!(
        guest
            .call("integers", "[255,-128,65535,-32768,4294967295,-1]")
            .await
            .unwrap(),
        "[255,-128,65535,-32768,4294967295,-1]"
    );
    assert_eq!(
        guest
            .call("wide", "[18446744073709551615,-9007199254740993]")
            .await
            .unwrap(),
        r#"["18446744073709551615","-9007199254740993"]"#
    );
    assert_eq!(
        guest.call("floats", r#"[1.5,"NaN"]"#).await.unwrap(),
        r#"[1.5,"NaN"]"#
    );
    assert_eq!(guest.call("nothing", "{}").await.unwrap(), "");
    assert_eq!(guest.call("answer", "{}").await.unwrap(), "42");
}

#[tokio::test]
async fn runs_commands() {
    let guest = Guest::load("wordcount");
    let (export, signature) = guest.export("run");
    let text = b"one two\nthree\n";
    let arguments = weft_types::image::Image::of_raw(&signature.params, text).unwrap();
    let call = weft_function_engine::port::Call {
        export,
        arguments,
        attached: weft_types::image::Attached::default(),
        context: crate::harness::context(),
    };
    let reply = guest.instance().call(call).await.unwrap();
    let printed = reply
        .result
        .unwrap()
        .raw(signature.result.as_ref().unwrap())
        .unwrap();
    let printed = String::from_utf8(printed.to_vec()).unwrap();
    assert!(printed.contains('2') && printed.contains('3'), "{printed}");
}
