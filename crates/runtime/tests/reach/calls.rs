//! Functions that call functions: `checkout` imports what `pricing` exports.

use std::collections::BTreeSet;

use weft_function_engine::port::Failure;
use weft_types::Grants;

use crate::platform::{Platform, TOO_DEEP};

fn calling(callee: &str) -> Grants {
    let call = BTreeSet::from([callee.parse().expect("a name")]);
    Grants {
        call,
        ..Grants::default()
    }
}

fn order(items: &str) -> String {
    format!(r#"{{"order": {{"id": "A-1", "customer": "Ada", "express": false, "items": [{items}]}}}}"#)
}

#[tokio::test]
async fn a_typed_import_is_answered_by_another_function() {
    let platform = Platform::new();
    platform.load("pricing", Grants::default());
    platform.load("checkout", calling("pricing"));
    let pen = r#"{"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": ["blue", "ünïcode"]}"#;
    let answer = platform
        .call("checkout", "checkout", &order(pen))
        .await
        .expect("a receipt");
    assert_eq!(
        answer,
        r#"{"ok":{"order-id":"A-1","customer":"Ada","lines":["pen: 4.50"],"total":4.5}}"#
    );
}

#[tokio::test]
async fn a_typed_error_of_the_callee_reaches_the_caller() {
    let platform = Platform::new();
    platform.load("pricing", Grants::default());
    platform.load("checkout", calling("pricing"));
    let answer = platform
        .call("checkout", "checkout", &order(""))
        .await
        .expect("an answer");
    assert_eq!(answer, r#"{"err":"empty-order"}"#);
}

/// Exports and imports `t:t/api`, so that it can be its own callee.
const RELAY: &str = r#"(component
    (import "t:t/api" (instance $api (export "f" (func (param "x" u32) (result u32)))))
    (core func $next (canon lower (func $api "f")))
    (core module $m
        (import "host" "next" (func $next (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (call $next (local.get 0))))
    (core instance $i (instantiate $m (with "host" (instance (export "next" (func $next))))))
    (func $f (param "x" u32) (result u32) (canon lift (core func $i "f")))
    (instance $out (export "f" (func $f)))
    (export "t:t/api" (instance $out)))"#;

/// Exports what `RELAY` imports, and traps.
const STOP: &str = r#"(component
    (core module $m (func (export "f") (param i32) (result i32) unreachable))
    (core instance $i (instantiate $m))
    (func $f (param "x" u32) (result u32) (canon lift (core func $i "f")))
    (instance $out (export "f" (func $f)))
    (export "t:t/api" (instance $out)))"#;

#[tokio::test]
async fn a_failing_callee_ends_its_caller_with_the_reason() {
    let platform = Platform::new();
    platform.load_bytes(
        "stop",
        &wat::parse_str(STOP).expect("a component"),
        Grants::default(),
    );
    platform.load_bytes(
        "relay",
        &wat::parse_str(RELAY).expect("a component"),
        calling("stop"),
    );
    match platform.call("relay", "f", "[1]").await {
        Err(Failure::Trap { message, .. }) => {
            let expected =
                "the call of `t:t/api#f`, which function `stop` answers, failed: the function trapped";
            assert!(message.starts_with(expected), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn calls_that_nest_too_deep_fail_as_that() {
    let platform = Platform::new();
    platform.load_bytes(
        "relay",
        &wat::parse_str(RELAY).expect("a component"),
        calling("relay"),
    );
    let answer = platform.call("relay", "f", "[1]").await;
    assert_eq!(answer, Err(Failure::CallLimit(TOO_DEEP.to_owned())));
}

/// Answers a `list<u8>` of so many bytes.
fn giant(length: u32) -> String {
    format!(
        r#"(component
            (core module $m
                (memory (export "mem") 80)
                (data (i32.const 0) "\10\00\00\00")
                (func (export "f") (result i32) (i32.store (i32.const 4) (i32.const {length})) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $f (result (list u8)) (canon lift (core func $i "f") (memory (core memory $i "mem"))))
            (instance $out (export "f" (func $f)))
            (export "t:t/bytes" (instance $out)))"#
    )
}

/// Asks for a `list<u8>` and answers its length.
const MEASURE: &str = r#"(component
    (import "t:t/bytes" (instance $api (export "f" (func (result (list u8))))))
    (core module $libc
        (memory (export "mem") 100)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $api "f") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (core module $m
        (import "host" "f" (func $f (param i32)))
        (import "libc" "mem" (memory 1))
        (func (export "length") (result i32) (call $f (i32.const 8)) (i32.load (i32.const 12))))
    (core instance $i (instantiate $m
        (with "host" (instance (export "f" (func $f))))
        (with "libc" (instance $libc))))
    (func (export "length") (result u32) (canon lift (core func $i "length"))))"#;

/// What a guest answers costs forty times as much on its way to another guest: a callee's limit alone would not do.
#[tokio::test]
async fn what_a_callee_answers_is_bounded_for_its_caller() {
    let measure = async |length: u32| {
        let platform = Platform::new();
        let parse = |text: &str| wat::parse_str(text).expect("a component");
        platform.load_bytes("giant", &parse(&giant(length)), Grants::default());
        platform.load_bytes("measure", &parse(MEASURE), calling("giant"));
        platform.call("measure", "length", "[]").await
    };
    assert_eq!(measure(3_000_000).await, Ok("3000000".to_owned()));
    match measure(4_000_000).await {
        Err(Failure::Trap { message, .. }) => {
            assert!(message.contains("its result holds more than"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}
