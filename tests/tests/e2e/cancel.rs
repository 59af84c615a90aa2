//! Whoever goes away takes the call along.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use weft_tests::{Api, Server, eventually, fixture, socket};

#[tokio::test]
async fn a_disconnect_cancels_the_call() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("spin", fixture("spin")).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut stream = socket::connect(&api.base).await;
        let path = Api::path("spin", "/invoke?export=spin");
        let host = socket::authority(&api.base);
        let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
        stream
            .write_all(format!("{head}content-length: 2\r\n\r\n{{}}").as_bytes())
            .await
            .unwrap();
        clients.push(stream);
    }
    eventually("the calls execute", || async {
        api.executing("spin").await >= 4.0
    })
    .await;
    drop(clients);
    eventually("the calls are cancelled", || async {
        api.metric("faas_errors_total", &["spin", "cancelled"]).await >= 4.0
    })
    .await;
}

#[tokio::test]
async fn a_client_that_gives_up_cancels_too() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("spin", fixture("spin")).await;
    let request = api
        .calling("spin?export=spin")
        .header(CONTENT_TYPE, "application/json")
        .body("{}");
    let call = tokio::spawn(request.send());
    // Only a call that has begun can be cancelled, and only by somebody who has not yet given up.
    eventually("the call executes", || async {
        api.executing("spin").await >= 1.0
    })
    .await;
    call.abort();
    eventually("the call is cancelled", || async {
        api.metric("faas_errors_total", &["spin", "cancelled"]).await >= 1.0
    })
    .await;
    assert_eq!(
        api.call("spin?export=rounds", &json!([10])).await.status.as_u16(),
        200
    );
}
