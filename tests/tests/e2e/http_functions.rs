//! Functions that answer HTTP requests themselves, on the listener that is theirs.

use std::time::Duration;

use futures_util::stream;
use reqwest::{Body, Method};
use tokio::sync::mpsc;
use weft_tests::api::send;
use weft_tests::wait::within;
use weft_tests::{Server, eventually, fixture};

async fn streaming() -> Server {
    let server = Server::start().await;
    server.api.deploy("http-stream", fixture("http-stream")).await;
    server
}

#[tokio::test]
async fn a_response_comes_piece_by_piece() {
    let server = streaming().await;
    let request = server.api.function(Method::GET, "http-stream/drip?count=4&ms=30");
    let mut response = within("the head", request.send()).await.unwrap();
    let (mut pieces, mut text) = (0, String::new());
    while let Some(chunk) = within("a piece", response.chunk()).await.unwrap() {
        pieces += 1;
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert_eq!(text, "0\n1\n2\n3\n");
    assert!(pieces > 1, "all came at once");
}

/// The first piece is answered before the second is sent.
#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let server = streaming().await;
    let (sender, pieces) = mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = Body::wrap_stream(stream::unfold(pieces, async |mut pieces| {
        Some((pieces.recv().await?, pieces))
    }));
    let answer = tokio::spawn(
        server
            .api
            .function(Method::POST, "http-stream/echo")
            .body(body)
            .send(),
    );
    sender.send(Ok(b"first".to_vec())).await.unwrap();
    let mut response = within("the head", answer).await.unwrap().unwrap();
    let first = within("the first piece", response.chunk())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.as_ref(), b"first");
    sender.send(Ok(b" second".to_vec())).await.unwrap();
    drop(sender);
    let mut rest = Vec::new();
    while let Some(chunk) = within("the rest", response.chunk()).await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    assert_eq!(rest, b" second");
}

#[tokio::test]
async fn a_large_body_passes() {
    let server = streaming().await;
    let bytes: Vec<u8> = (0..8_u32 << 20).map(|i| (i % 253) as u8).collect();
    let answer = send(
        server
            .api
            .function(Method::POST, "http-stream/echo")
            .body(bytes.clone()),
    )
    .await;
    assert!(
        answer.body == bytes,
        "{}: {} bytes",
        answer.status,
        answer.body.len()
    );
}

#[tokio::test]
async fn the_function_sees_the_path_behind_its_prefix() {
    let server = streaming().await;
    let request = server
        .api
        .function(Method::GET, "http-stream/a/b/request?x=1&y=%20");
    let text = send(request.header("x-own", "kept")).await.text();
    assert!(text.contains("/a/b/request?x=1&y=%20"), "{text}");
    let lower = text.to_lowercase();
    assert!(
        lower.contains("x-own: kept") && lower.contains("weft-base-path: /default/http-stream"),
        "{text}"
    );
    assert!(lower.contains("traceparent: 00-"), "{text}");
}

#[tokio::test]
async fn an_abandoned_response_stops_the_function() {
    let server = streaming().await;
    let mut response = server
        .api
        .function(Method::GET, "http-stream/endless")
        .send()
        .await
        .unwrap();
    assert!(within("a piece", response.chunk()).await.unwrap().is_some());
    drop(response);
    let api = &server.api;
    eventually("the call has ended", || async {
        api.metric("faas_invocations_total", &["http-stream"]).await >= 1.0
    })
    .await;
}

#[tokio::test]
async fn functions_that_answer_badly_are_told_apart() {
    let server = Server::start().await;
    let settings = serde_json::json!({"limits": {"timeout-ms": 300}});
    server
        .api
        .deploy_with("hasty", fixture("http-trap"), settings)
        .await;
    // Those that end by themselves have all the time they need on a busy machine.
    server.api.deploy("bad", fixture("http-trap")).await;
    for (path, status, problem) in [
        ("bad/trap", 500, "function-trapped"),
        ("bad/silent", 502, "no-response"),
        ("bad/silent-late", 502, "no-response"),
        ("hasty/spin", 504, "call-timeout"),
        ("hasty/hang", 504, "call-timeout"),
    ] {
        let answer = send(server.api.function(Method::GET, path)).await;
        answer.expect_problem(status, problem);
    }
    let fine = send(server.api.function(Method::GET, "bad/anything")).await;
    assert_eq!((fine.status.as_u16(), fine.text().trim()), (200, "fine"));
    let cut = server
        .api
        .function(Method::GET, "bad/trap-in-body")
        .send()
        .await
        .unwrap();
    assert!(
        cut.bytes().await.is_err(),
        "a body that breaks off must not look whole"
    );
}

#[tokio::test]
async fn unknown_functions_and_kinds_are_problems_here_too() {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    send(server.api.function(Method::GET, "nobody/"))
        .await
        .expect_problem(404, "not-found-function");
    send(server.api.function(Method::GET, "arith/"))
        .await
        .expect_problem(400, "not-callable");
}

/// Long enough that it cannot end by itself while the test looks.
#[tokio::test]
async fn calls_are_cut_off_at_their_timeout_though_the_body_goes_on() {
    let server = Server::start().await;
    let settings = serde_json::json!({"limits": {"timeout-ms": 3_000}});
    server
        .api
        .deploy_with("http-stream", fixture("http-stream"), settings)
        .await;
    let request = server
        .api
        .function(Method::GET, "http-stream/drip?count=1000&ms=50");
    let response = within("the head", request.timeout(Duration::from_secs(20)).send())
        .await
        .unwrap();
    assert!(
        within("the end", response.bytes()).await.is_err(),
        "a body that is cut off must not look whole"
    );
}
