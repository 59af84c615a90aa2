//! Values by address in calls: blobs that arguments name, and results that stay where they are.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use weft_tests::api::{Answer, send};
use weft_tests::runs::{RUNS, ended, post, save, start};
use weft_tests::{Api, Server, fixture};

const BLOBS: &str = "/v1/projects/default/blobs";
/// A workflow that hands bytes on, through a function and beside it.
const HAND_ON: &str = "
workflow: hand-on
input: { picture: list<u8> }
nodes:
  copy: { call: 'echo#bytes', with: { value: $input.picture } }
output: { copy: $copy, same: $input.picture }
";

async fn store(api: &Api, project: &str, bytes: Vec<u8>) -> String {
    let request = api.request(Method::POST, &format!("/v1/projects/{project}/blobs"));
    let stored = send(request.body(bytes)).await.ok();
    stored["digest"].as_str().unwrap().to_owned()
}

async fn download(api: &Api, digest: &Value) -> Answer {
    api.get(&format!("{BLOBS}/{}", digest.as_str().unwrap())).await
}

fn named(digest: &str) -> Value {
    json!({ "$blob": digest })
}

#[tokio::test]
async fn a_blob_stands_for_an_argument() {
    let server = Server::start().await;
    server.api.deploy("echo", fixture("echo")).await;
    let digest = store(&server.api, "default", b"hello".to_vec()).await;
    let answer = server
        .api
        .call("echo?export=bytes", &json!({ "value": named(&digest) }))
        .await;
    assert_eq!(answer.ok(), "aGVsbG8=");
    let within = json!({"value": {"err": "no"}});
    assert_eq!(
        server.api.call("echo?export=bytes-or-text", &within).await.status,
        422
    );
    let within = json!({"value": {"ok": named(&digest)}});
    let answer = server.api.call("echo?export=bytes-or-text", &within).await;
    assert_eq!(answer.ok(), "aGVsbG8=");
}

/// A workflow that answers what it is called with.
const PASS: &str = "
workflow: pass
input: { value: 'result<list<u8>, string>', more: list<u8> }
nodes:
  copy: { call: 'echo#bytes', with: { value: $input.more } }
output: $input.value
";

#[tokio::test]
async fn a_large_err_of_a_workflow_is_no_result() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("echo", fixture("echo")).await;
    save(api, "pass", PASS).await.ok();
    let pass = async |value: Value| {
        api.call("pass?inline-bytes=1000", &json!({"value": value, "more": ""}))
            .await
    };
    // Runs keep the larger one, not the smaller one, by address.
    for length in [2_000, 40_000] {
        let text = "e".repeat(length);
        let problem = pass(json!({"err": text})).await;
        assert_eq!(problem.expect_problem(422, "function-error")["error"], text);
        let bytes = vec![7; length];
        let digest = store(api, "default", bytes.clone()).await;
        let answer = pass(json!({"ok": named(&digest)})).await;
        assert_eq!(answer.header("weft-blob"), digest);
        assert_eq!(answer.ok(), named(&digest), "{length}");
    }
}

#[tokio::test]
async fn a_large_result_is_answered_by_address() {
    let server = Server::start().await;
    server.api.deploy("echo", fixture("echo")).await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let digest = store(&server.api, "default", bytes.clone()).await;
    let arguments = json!({ "value": named(&digest) });
    let answer = server
        .api
        .call("echo?export=bytes&inline-bytes=1000", &arguments)
        .await;
    assert_eq!(answer.header("weft-blob"), digest);
    assert_eq!(answer.ok(), named(&digest));
    assert_eq!(download(&server.api, &json!(digest)).await.body, bytes);

    // A value of any type can be handed on by the address it was answered by.
    let points: Vec<Value> = (0..100)
        .map(|x| json!({"x": x, "y": -x, "name": "corner"}))
        .collect();
    let arguments = json!({ "value": points });
    let answer = server
        .api
        .call("echo?export=points&inline-bytes=1000", &arguments)
        .await;
    let kept = answer.ok();
    let again = server
        .api
        .call("echo?export=points", &json!({ "value": kept }))
        .await;
    assert_eq!(again.ok(), json!(points));

    let small = server
        .api
        .call("echo?export=maybe&inline-bytes=1000", &json!({"value": "small"}))
        .await;
    assert_eq!(small.ok(), "small");
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_told_by_its_place() {
    let server = Server::start().await;
    server.api.deploy("echo", fixture("echo")).await;
    let digest = store(&server.api, "default", b"hello".to_vec()).await;
    send(server.api.request(Method::PUT, "/v1/projects/other"))
        .await
        .ok();
    let foreign = store(&server.api, "other", b"somebody else's".to_vec()).await;
    let absent = format!("blake3:{}", "0".repeat(64));
    let cases = [
        (
            "bytes",
            json!({ "value": named(&absent) }),
            "/value",
            "there is no blob",
        ),
        // Whether others have it is not told.
        (
            "bytes",
            json!({ "value": named(&foreign) }),
            "/value",
            "there is no blob",
        ),
        (
            "bytes",
            json!({ "value": named("12") }),
            "/value",
            "64 hexadecimal digits",
        ),
        (
            "bytes",
            json!({"value": {"$blob": digest, "length": 5}}),
            "/value",
            "nothing else",
        ),
        (
            "points",
            json!({ "value": [named(&digest)] }),
            "/value/0",
            "holds no value of the type",
        ),
        (
            "names",
            json!({ "value": ["a", named(&digest)] }),
            "/value/1",
            "holds no value of the type",
        ),
    ];
    for (export, arguments, pointer, detail) in cases {
        let answer = server
            .api
            .call(&format!("echo?export={export}"), &arguments)
            .await;
        let problem = answer.json();
        assert_eq!(problem["type"], "/problems/invalid-arguments", "{problem}");
        assert_eq!(problem["pointer"], pointer, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
}

#[tokio::test]
async fn a_workflow_hands_on_what_is_kept() {
    let server = Server::start().await;
    server.api.deploy("echo", fixture("echo")).await;
    let request = server.api.request(Method::PUT, &Api::path("hand-on", ""));
    let request = request.header(CONTENT_TYPE, "application/yaml");
    send(request.body(HAND_ON)).await.ok();
    let bytes = vec![7; 100_000];
    let digest = store(&server.api, "default", bytes.clone()).await;
    let arguments = json!({ "picture": named(&digest) });
    let answer = server.api.call("hand-on?inline-bytes=1000", &arguments).await;
    let result = answer.ok();
    let kept = download(&server.api, &result["$blob"]).await;
    assert_eq!(kept.status, 200);
    let again = server.api.call("hand-on", &arguments).await.ok();
    assert_eq!(again["copy"], again["same"]);
}

#[tokio::test]
async fn an_event_brings_its_value_by_address() {
    let server = Server::start().await;
    let text = "workflow: asks\noutput: $picture\nnodes:\n  picture: { wait: list<u8> }\n";
    save(&server.api, "asks", text).await.ok();
    let digest = store(&server.api, "default", b"hello".to_vec()).await;
    let run = start(&server.api, "asks", &json!({})).await;
    let path = format!("{RUNS}/{run}/nodes/picture/complete");
    let answer = post(&server.api, &path, &named(&digest)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let record = ended(&server.api, &run).await;
    assert_eq!(record["result"], "aGVsbG8=", "{record}");
}
