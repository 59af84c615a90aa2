//! Traces, sent to a collector.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use weft_tests::api::send;
use weft_tests::collector::Collector;
use weft_tests::{Server, example};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The trace of a caller goes through the request and on to the function that the function calls.
#[tokio::test]
async fn calls_and_the_calls_they_lead_to_are_traced() {
    let collector = Collector::start().await;
    let server = Server::builder()
        .arguments(["--otlp-endpoint", &collector.endpoint()])
        .start()
        .await;
    server.api.deploy("pricing", example("pricing")).await;
    server
        .api
        .deploy_with(
            "checkout",
            example("checkout"),
            json!({"grants": {"call": ["pricing"]}}),
        )
        .await;
    let order = json!({"order": {"id": "A-1", "customer": "Ada", "express": false, "items": [
        {"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}]}});
    let request = server
        .api
        .calling("checkout")
        .header(CONTENT_TYPE, "application/json")
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let answer = send(request.body(order.to_string())).await;
    answer.ok();
    let span = answer.header("traceparent").split('-').nth(2).unwrap().to_owned();
    // What waits to be sent is sent before the end.
    assert!(server.stop().await.success());
    assert_eq!(
        collector.count(&bytes(TRACE)),
        2,
        "the request and the call within it"
    );
    assert_eq!(
        collector.count(&bytes(&span)),
        2,
        "the id of the one is the parent of the other"
    );
    for name in ["/functions/{function}/invoke", "call pricing"] {
        assert!(collector.count(name.as_bytes()) > 0, "no span `{name}`");
    }
}

/// Who asks not to be traced is not; who says nothing is.
#[tokio::test]
async fn only_what_is_sampled_is_sent() {
    let collector = Collector::start().await;
    let server = Server::builder()
        .arguments(["--otlp-endpoint", &collector.endpoint()])
        .start()
        .await;
    let request = server.api.request(reqwest::Method::GET, "/healthz");
    let answer = send(request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-00"))).await;
    answer.ok();
    let fresh = server.api.get("/readyz").await;
    let trace = fresh.header("traceparent").split('-').nth(1).unwrap().to_owned();
    assert!(server.stop().await.success());
    assert_eq!(collector.count(&bytes(TRACE)), 0);
    assert_eq!(collector.count(&bytes(&trace)), 1);
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
