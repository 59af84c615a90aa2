//! Large bytes in and out by the handles of `weft:data`, from outside: callers see lists of bytes.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::{Api, Server, fixture};

const BLOBS: &str = "/v1/projects/default/blobs";
const OCTETS: &str = "application/octet-stream";
/// A workflow whose nodes take and give handles, and lists of bytes where others give and take handles.
const PASS: &str = "
workflow: pass
input: { data: list<u8>, text: string }
nodes:
  length: { call: 'blobs#length', with: { b: $input.data } }
  copy: { call: 'blobs#copy', with: { b: $input.data } }
  echoed: { call: 'echo#bytes', with: { value: $copy } }
  sum: { call: 'blobs#sum', with: { b: $echoed } }
  joined:
    call: 'blobs#join'
    with: { before: $input.text, first: $copy, between: $echoed, second: $input.data, times: 1 }
  end: { call: 'blobs#length', with: { b: $joined } }
output: { length: $length, sum: $sum, end: $end }
";

async fn deployed() -> Server {
    let server = Server::start().await;
    server.api.deploy("blobs", fixture("blobs")).await;
    server
}

fn pattern(length: u32) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().copied().map(u64::from).sum()
}

async fn store(api: &Api, bytes: Vec<u8>) -> Value {
    let stored = send(api.request(Method::POST, BLOBS).body(bytes)).await.ok();
    json!({ "$blob": stored["digest"] })
}

#[tokio::test]
async fn a_blob_is_lent_to_a_function() {
    let server = deployed().await;
    let bytes = pattern(3_000_000);
    let blob = store(&server.api, bytes.clone()).await;
    let arguments = json!({ "b": blob });
    for (export, answer) in [
        ("length", json!(3_000_000)),
        ("sum", json!(sum(&bytes))),
        ("ignore", json!(7)),
    ] {
        let answered = server
            .api
            .call(&format!("blobs?export={export}"), &arguments)
            .await;
        assert_eq!(answered.ok(), answer, "{export}");
    }
    // Written bytes are the same value, so they have the same address.
    for export in ["copy", "checked"] {
        let path = format!("blobs?export={export}&inline-bytes=1000");
        assert_eq!(server.api.call(&path, &arguments).await.ok(), blob, "{export}");
    }
}

#[tokio::test]
async fn other_bytes_are_lent_as_well() {
    let server = deployed().await;
    let text = json!({ "b": "AAECAw==" });
    assert_eq!(server.api.call("blobs?export=sum", &text).await.ok(), 6);
    assert_eq!(server.api.call("blobs?export=copy", &text).await.ok(), "AAECAw==");
    let bytes = pattern(200_000);
    let request = server
        .api
        .request(Method::POST, &Api::path("blobs", "/invoke?export=copy"));
    let request = request.header(CONTENT_TYPE, OCTETS).header(ACCEPT, OCTETS);
    let answer = send(request.body(bytes.clone())).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, bytes));
}

#[tokio::test]
async fn what_is_wrong_is_told_as_for_any_value() {
    let server = deployed().await;
    let none = server
        .api
        .call("blobs?export=checked", &json!({ "b": "" }))
        .await
        .json();
    assert_eq!(
        (&none["type"], &none["error"]),
        (&json!("/problems/function-error"), &json!("there are no bytes"))
    );
    let absent = json!({ "b": { "$blob": format!("blake3:{}", "0".repeat(64)) } });
    let problem = server.api.call("blobs?export=length", &absent).await.json();
    assert_eq!(
        (&problem["type"], &problem["pointer"]),
        (&json!("/problems/invalid-arguments"), &json!("/b"))
    );
    let owned = server
        .api
        .call("blobs?export=take", &json!({ "b": "" }))
        .await
        .json();
    assert!(owned["detail"].as_str().unwrap().contains("own<blob>"), "{owned}");
}

#[tokio::test]
async fn nodes_pass_handles_and_lists_to_each_other() {
    let server = deployed().await;
    server.api.deploy("echo", fixture("echo")).await;
    let request = server.api.request(Method::PUT, &Api::path("pass", ""));
    let request = request.header(CONTENT_TYPE, "application/yaml");
    send(request.body(PASS)).await.ok();
    // Short ones are values in memory, long ones are held by address.
    for length in [0, 10, 300_000] {
        let bytes = pattern(length);
        let data = store(&server.api, bytes.clone()).await;
        let answer = server
            .api
            .call("pass", &json!({ "data": data, "text": "ab" }))
            .await;
        let expected = json!({ "length": length, "sum": sum(&bytes), "end": 3 * length + 2 });
        assert_eq!(answer.ok(), expected, "{length}");
    }
}
