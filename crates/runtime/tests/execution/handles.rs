//! Large bytes in and out by the handles of `weft:data`.

use bytes::Bytes;
use weft_function_engine::port::{Call, CallContext, Failure, Reply};
use weft_types::image::{Attached, Attachment};
use weft_types::signature::Callable;

use crate::harness::{Guest, context};

/// `length` bytes, each other than those around it.
fn pattern(length: usize) -> Bytes {
    (0..length).map(|i| (i % 251) as u8).collect::<Vec<_>>().into()
}

/// A call of an export whose parameters are blobs, with these attached, by parameter.
fn attaching(guest: &Guest, export: &str, arguments: &str, bytes: &[(usize, Bytes)]) -> Call {
    let mut call = guest.prepare(export, arguments, context());
    call.attached = Attached::from_iter(bytes.iter().map(|(parameter, bytes)| Attachment {
        parameter: *parameter,
        bytes: bytes.clone(),
    }));
    call
}

/// The bytes that an export answered.
fn raw(guest: &Guest, export: &str, reply: &Reply) -> Bytes {
    let ty = guest.export(export).1.result.as_ref().unwrap();
    reply.result.as_ref().unwrap().raw(ty).unwrap()
}

fn limited(output: u64) -> CallContext {
    CallContext { output, ..context() }
}

#[test]
fn handles_are_lists_of_bytes_to_callers() {
    let guest = Guest::load("fixtures/blobs");
    for (export, params, result) in [
        ("length", "record { b: list<u8> }", "u64"),
        ("copy", "record { b: list<u8> }", "list<u8>"),
        ("checked", "record { b: list<u8> }", "result<list<u8>, string>"),
        ("give", "record {}", "result<list<u8>>"),
    ] {
        let (_, signature) = guest.export(export);
        let params: weft_types::Type = params.parse().unwrap();
        assert_eq!(signature.params, params, "{export}");
        assert_eq!(signature.result, Some(result.parse().unwrap()), "{export}");
    }
    for (export, path, found) in [
        ("take", "params.b", "`own<blob>`"),
        ("within", "result.some", "`own<sink>`"),
    ] {
        let exports = &guest.record.inspection.exports;
        let export = exports.iter().find(|found| found.name == export).unwrap();
        let expected = Callable::No {
            path: path.to_owned(),
            found: found.to_owned(),
        };
        assert_eq!(export.callable, expected);
    }
    assert_eq!(guest.record.inspection.capabilities, [], "it needs no grant");
}

#[tokio::test]
async fn bytes_within_the_arguments_are_lent() {
    let guest = Guest::load("fixtures/blobs");
    for (export, arguments, answer) in [
        ("length", r#"{"b":"AAECAw=="}"#, "4"),
        ("length", r#"{"b":""}"#, "0"),
        ("sum", r#"{"b":"AAECAw=="}"#, "6"),
        ("copy", r#"{"b":"AAECAw=="}"#, r#""AAECAw==""#),
        ("copy", r#"{"b":""}"#, r#""""#),
        ("checked", r#"{"b":"AAE="}"#, r#"{"ok":"AAE="}"#),
        ("checked", r#"{"b":""}"#, r#"{"err":"there are no bytes"}"#),
        ("part", r#"{"b":"AAECAw==","offset":1,"length":2}"#, r#""AQI=""#),
        ("part", r#"{"b":"AAECAw==","offset":3,"length":9}"#, r#""Aw==""#),
        (
            "part",
            r#"{"b":"AAECAw==","offset":"18446744073709551615","length":4294967295}"#,
            r#""""#,
        ),
        (
            "join",
            r#"{"before":"-","first":"AQ==","between":"AA==","second":"Ag==","times":2}"#,
            r#""LQEAAi0BAAI=""#,
        ),
        ("many", r#"[1,"a","AAA=",2,"b",3,"c",4,"d",5,"AAAA",6]"#, "[9,21]"),
    ] {
        assert_eq!(
            guest.call(export, arguments).await.unwrap(),
            answer,
            "{export} {arguments}"
        );
    }
}

#[tokio::test]
async fn attached_bytes_are_lent_where_they_lie() {
    let guest = Guest::load("fixtures/blobs");
    let large = pattern(3 << 20);
    let call = attaching(&guest, "copy", r#"{"b":""}"#, &[(0, large.clone())]);
    let reply = guest.instance().call(call).await.unwrap();
    assert_eq!(raw(&guest, "copy", &reply), large);
    // Only this test has them now: what was lent is back.
    drop(reply);
    assert!(large.is_unique());

    // As the image has an empty list there, what is attached is what counts; a parameter that is no handle gets it, too.
    let arguments = r#"{"before":"-","first":"","between":"","second":"Ag==","times":1}"#;
    let bytes = [(1, Bytes::from_static(b"abc")), (2, Bytes::from_static(b"+"))];
    let call = attaching(&guest, "join", arguments, &bytes);
    let reply = guest.instance().call(call).await.unwrap();
    assert_eq!(raw(&guest, "join", &reply), &b"-abc+\x02"[..]);

    let echo = Guest::load("fixtures/echo");
    let call = attaching(&echo, "bytes", r#"{"value":""}"#, &[(0, large.clone())]);
    let reply = echo.instance().call(call).await.unwrap();
    assert_eq!(raw(&echo, "bytes", &reply), large);
}

#[tokio::test]
async fn one_reading_answers_a_mebibyte_at_most() {
    let guest = Guest::load("fixtures/blobs");
    let large = pattern((1 << 20) + 10);
    let call = attaching(
        &guest,
        "part",
        r#"{"b":"","offset":4,"length":4294967295}"#,
        &[(0, large.clone())],
    );
    let reply = guest.instance().call(call).await.unwrap();
    assert_eq!(raw(&guest, "part", &reply), large.slice(4..(1 << 20) + 4));
}

#[tokio::test]
async fn what_is_lent_ends_with_the_call() {
    let guest = Guest::reused("fixtures/blobs", 10_000);
    let mut instance = guest.instance();
    // More calls than there may be handles.
    for _ in 0..1500 {
        let call = attaching(&guest, "ignore", r#"{"b":""}"#, &[(0, pattern(10))]);
        let reply = instance.call(call).await.unwrap();
        assert_eq!(guest.print("ignore", &reply), "7");
        let copied = instance
            .call(guest.prepare("copy", r#"{"b":"AA=="}"#, context()))
            .await
            .unwrap();
        assert_eq!(guest.print("copy", &copied), r#""AA==""#);
    }
    assert!(instance.reusable());
}

#[tokio::test]
async fn what_sinks_hold_counts_as_output() {
    let guest = Guest::load("fixtures/blobs");
    let fill = async |bytes: u64| {
        let arguments = format!("[{bytes}]");
        guest.call_under("fill", &arguments, limited(100_000)).await
    };
    assert!(fill(100_000).await.is_ok());
    assert_eq!(fill(100_001).await, Err(Failure::OutputTooLarge(100_000)));
    // Sinks that are not answered are in memory all the same.
    assert_eq!(
        guest.call_under("keep", "[100001]", limited(100_000)).await,
        Err(Failure::OutputTooLarge(100_000))
    );
}

#[tokio::test]
async fn a_sink_may_be_answered_by_a_later_call() {
    let guest = Guest::reused("fixtures/blobs", 10);
    let mut instance = guest.instance();
    let mut call = async |export, arguments, limit| {
        let reply = instance
            .call(guest.prepare(export, arguments, limited(limit)))
            .await;
        reply.map(|reply| guest.print(export, &reply))
    };
    assert_eq!(call("keep", "[3]", 100).await.unwrap(), "1");
    assert_eq!(call("give", "[]", 100).await.unwrap(), r#"{"ok":"AQEB"}"#);
    assert_eq!(call("give", "[]", 100).await.unwrap(), r#"{"err":null}"#);
    assert_eq!(call("keep", "[90]", 100).await.unwrap(), "1");
    // What was kept counts until it is given, and against the limit of the call that gives it.
    assert_eq!(call("give", "[]", 89).await, Err(Failure::OutputTooLarge(89)));
}
