//! What guests print.

use std::sync::Arc;

use uuid::Uuid;
use weft_function_engine::port::{CallContext, Failure, Stream};

use crate::harness::{Collected, Guest, logging};

#[tokio::test]
async fn lines_go_to_the_log() {
    let guest = Guest::load("fixtures/log-flood");
    let logs = Arc::new(Collected::default());
    let invocation = Uuid::from_u128(5);
    let context = CallContext {
        invocation,
        ..logging(logs.clone())
    };
    guest.call_under("flood", "[3, 4]", context).await.unwrap();
    let expected = [
        (Stream::Stdout, "0..."),
        (Stream::Stderr, "1..."),
        (Stream::Stdout, "2..."),
    ];
    assert_eq!(
        logs.lines(),
        expected.map(|(stream, text)| (invocation, stream, text.to_owned()))
    );
}

#[tokio::test]
async fn long_partial_and_malformed_lines() {
    let guest = Guest::load("fixtures/log-flood");
    let logs = Arc::new(Collected::default());
    // `a`, an invalid byte, an end of line, `b`.
    guest
        .call_under("raw", r#"["Yf8KYg=="]"#, logging(logs.clone()))
        .await
        .unwrap();
    assert_eq!(logs.texts(), ["a\u{fffd}", "b"]);
    let logs = Arc::new(Collected::default());
    guest
        .call_under("flood", "[1, 10000]", logging(logs.clone()))
        .await
        .unwrap();
    let [line] = &logs.texts()[..] else {
        panic!("one line")
    };
    assert_eq!(line.len(), 8192 + '…'.len_utf8());
}

#[tokio::test]
async fn a_panic_leaves_its_message() {
    let guest = Guest::load("fixtures/trap");
    let logs = Arc::new(Collected::default());
    let answer = guest
        .call_under("panic", r#"["oh no"]"#, logging(logs.clone()))
        .await;
    assert!(matches!(answer, Err(Failure::Trap { .. })), "{answer:?}");
    assert!(
        logs.texts().iter().any(|line| line.contains("oh no")),
        "{:?}",
        logs.texts()
    );
}
