//! Every example function does what its documentation says.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::{Server, example};

/// Function, target of the call, arguments, answer.
fn typed() -> Vec<(&'static str, &'static str, Value, Value)> {
    vec![
        (
            "pricing",
            "pricing",
            json!({"order": order(true)}),
            json!({"order-id": "A-1", "total": 9.5, "lines": [{"name": "pen", "total": 4.5}], "express": true}),
        ),
        (
            "markdown",
            "markdown",
            json!({"text": "# Hello\n*you*"}),
            json!("<h1>Hello</h1>\n<p><em>you</em></p>\n"),
        ),
        (
            "jq",
            "jq",
            json!({"program": ".a[] + 1", "input": "{\"a\": [1, 2]}"}),
            json!(["2", "3"]),
        ),
        (
            "template",
            "template",
            json!({"template": "Dear {{ name }},", "values": "{\"name\": \"Ada\"}", "escaping": "none"}),
            json!("Dear Ada,"),
        ),
        (
            "csv-stats",
            "csv-stats",
            json!({"csv": "name,age\nAda,36\nAlan,41", "options": {"header": true}}),
            csv_table(),
        ),
    ]
}

fn csv_table() -> Value {
    json!({"rows": 2, "columns": [
        {"name": "name", "filled": 2, "empty": 0, "longest": 4, "numbers": null},
        {"name": "age", "filled": 2, "empty": 0, "longest": 2, "numbers": {
            "count": 2, "min": 36.0, "max": 41.0, "sum": 77.0, "mean": 38.5, "deviation": 2.5,
        }},
    ]})
}

fn order(express: bool) -> Value {
    json!({"id": "A-1", "customer": "Ada", "express": express, "items": [
        {"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": ["office"]},
    ]})
}

#[tokio::test]
async fn typed_examples_answer() {
    let server = Server::start().await;
    for (function, target, arguments, expected) in typed() {
        server.api.deploy(function, example(function)).await;
        let answer = server.api.call(target, &arguments).await;
        assert_eq!(answer.ok(), expected, "{function}");
    }
}

#[tokio::test]
async fn a_command_turns_bytes_into_bytes() {
    let server = Server::start().await;
    let deployed = server.api.deploy("wordcount", example("wordcount")).await;
    assert_eq!(deployed["flavor"], "command");
    let request = server
        .api
        .calling("wordcount")
        .header(CONTENT_TYPE, "application/octet-stream");
    let answer = send(
        request
            .header(ACCEPT, "application/octet-stream")
            .body("a b\nc\n"),
    )
    .await;
    assert!(answer.status.is_success(), "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!({"lines": 2, "words": 3, "characters": 6, "bytes": 6})
    );
}

#[tokio::test]
async fn an_http_function_answers_requests() {
    let server = Server::start().await;
    let deployed = server.api.deploy("hello-http", example("hello-http")).await;
    assert_eq!(deployed["flavor"], "http");
    for (path, text) in [
        ("hello-http/", "Hello, world!"),
        ("hello-http/?name=Ada", "Hello, Ada!"),
    ] {
        let answer = send(server.api.function(Method::GET, path)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text().trim()),
            (200, text),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_picture_is_resized_as_bytes() {
    let server = Server::start().await;
    server.api.deploy("image-resize", example("image-resize")).await;
    let request = server
        .api
        .calling("image-resize?export=thumbnail")
        .header(CONTENT_TYPE, "application/octet-stream");
    let answer = send(request.header(ACCEPT, "application/octet-stream").body(png())).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..4]),
        (200, b"\x89PNG".as_slice()),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    let arguments = json!({"image": "AAAA"});
    let refused = server.api.call("image-resize?export=thumbnail", &arguments).await;
    assert_eq!(
        refused.expect_problem(422, "function-error")["error"],
        "unknown-format"
    );
}

#[tokio::test]
async fn one_function_calls_another() {
    let server = Server::start().await;
    server.api.deploy("pricing", example("pricing")).await;
    let settings = json!({"grants": {"call": ["pricing"]}});
    server
        .api
        .deploy_with("checkout", example("checkout"), settings)
        .await;
    let answer = server.api.call("checkout", &json!({"order": order(false)})).await;
    assert_eq!(
        answer.ok(),
        json!({"order-id": "A-1", "customer": "Ada", "lines": ["pen: 4.50"], "total": 4.5})
    );
    let mut empty = order(false);
    empty["items"] = json!([]);
    let refused = server.api.call("checkout", &json!({"order": empty})).await;
    assert_eq!(
        refused.expect_problem(422, "function-error")["error"],
        "empty-order"
    );
}

#[tokio::test]
async fn a_counter_counts() {
    let server = Server::start().await;
    let settings = json!({"grants": {"keyvalue": ["default"]}});
    server
        .api
        .deploy_with("counter", example("counter"), settings)
        .await;
    for sum in [2, 4, 6] {
        let answer = server
            .api
            .call("counter?export=add", &json!({"name": "visits", "by": 2}))
            .await;
        assert_eq!(answer.ok(), json!(sum));
    }
    assert_eq!(
        server.api.call("counter?export=names", &json!({})).await.ok(),
        json!(["visits"])
    );
}

/// A picture of one red pixel.
fn png() -> Vec<u8> {
    const HEX: &str = "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00\
        050001ff89993d1d0000000049454e44ae426082";
    (0..HEX.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&HEX[at..at + 2], 16).unwrap())
        .collect()
}
