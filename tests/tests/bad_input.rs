//! Whatever is sent, the server says what is wrong, where, and what would be right; and goes on.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weft_tests::wait::within;
use weft_tests::{Api, Server, bad_input, eventually, fixture, socket};

#[tokio::test]
async fn every_bad_request_is_refused_with_its_reason() {
    let server = Server::start().await;
    bad_input::deploy(&server.api).await;
    let cases = bad_input::all();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(case.check(&server.api).await);
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert_eq!(server.api.call("arith", &json!([20, 22])).await.ok(), json!(42));
}

/// Nothing of an upload that broke off is left, and the name is free.
#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start().await;
    let code = fixture("echo");
    for sent in [0, 1, 1000, code.len() - 1] {
        let mut stream = socket::connect(&server.api.base).await;
        let head = head(
            &server.api,
            "PUT",
            &Api::path("f", ""),
            "application/wasm",
            code.len(),
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&code[..sent]).await.unwrap();
        drop(stream);
    }
    let scratch = server.data().join("artifacts/tmp");
    eventually("the temporary files are gone", || async {
        std::fs::read_dir(&scratch).is_ok_and(|entries| entries.count() == 0)
    })
    .await;
    server
        .api
        .get(&Api::path("f", ""))
        .await
        .expect_problem(404, "not-found-function");
    assert_eq!(server.api.deploy("f", code).await["version"], 1);
}

/// The peer stops sending, but still listens: it is told that its upload was not whole.
#[tokio::test]
async fn an_upload_that_ends_early_is_incomplete() {
    let server = Server::start().await;
    let mut stream = socket::connect(&server.api.base).await;
    let request = format!(
        "{}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        head(&server.api, "PUT", &Api::path("f", ""), "application/wasm", 0)
            .replace("content-length: 0\r\n\r\n", "")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = within("an answer", socket::answer(&mut stream)).await.unwrap();
    answer.expect_problem(400, "upload-incomplete");
}

/// Who is refused before its body was read is told that no other request can follow; behind a small body one can.
#[tokio::test]
async fn a_refusal_before_a_long_body_ends_the_connection() {
    let server = Server::start().await;
    let refused = |length: u64| {
        head(&server.api, "PUT", &Api::path("f", ""), "text/plain", 0)
            .replace("connection: close\r\n", "")
            .replace("content-length: 0", &format!("content-length: {length}"))
            + "0123456789"
    };
    let mut stream = socket::connect(&server.api.base).await;
    stream.write_all(refused(65 << 20).as_bytes()).await.unwrap();
    let answer = within("an answer", socket::answer(&mut stream)).await.unwrap();
    answer.expect_problem(415, "unsupported-media-type");
    assert_eq!(answer.header("connection"), "close");

    let mut stream = socket::connect(&server.api.base).await;
    let next = head(&server.api, "GET", "/healthz", "text/plain", 0);
    stream.write_all((refused(10) + &next).as_bytes()).await.unwrap();
    let mut answers = String::new();
    within("both answers", stream.read_to_string(&mut answers))
        .await
        .unwrap();
    assert!(
        answers.starts_with("HTTP/1.1 415 ") && answers.contains("HTTP/1.1 200 "),
        "{answers}"
    );
}

/// Many connections that never finish their request keep nobody out.
#[tokio::test]
async fn slow_clients_keep_nobody_out() {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = socket::connect(&server.api.base).await;
        let request = match number % 3 {
            0 => "POST /v1/projects".to_owned(),
            1 => format!(
                "GET /healthz HTTP/1.1\r\nhost: {}\r\nx-slow: ",
                socket::authority(&server.api.base)
            ),
            _ => {
                head(
                    &server.api,
                    "POST",
                    &Api::path("arith", "/invoke"),
                    "application/json",
                    100,
                ) + "[1"
            }
        };
        stream.write_all(request.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    for number in 0..50 {
        assert_eq!(
            server.api.call("arith", &json!([number, 1])).await.ok(),
            json!(number + 1)
        );
    }
    drop(slow);
}

fn head(api: &Api, method: &str, path: &str, kind: &str, length: usize) -> String {
    let host = socket::authority(&api.base);
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
    )
}
