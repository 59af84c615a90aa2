//! Blobs that nothing refers to go, all others stay.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, post, save, show, start};
use weft_tests::server::Builder;
use weft_tests::{Api, Server, eventually, fixture};

use crate::postgres::database;

/// What nobody asked for in this time goes. Long enough for whatever a test does with a blob that it just stored.
const SHORT: [&str; 4] = ["--blob-keep-for", "5s", "--blob-collect-every", "250ms"];

const ECHO: &str = "workflow: copies\ninput: { data: list<u8> }\noutput: $copy\nnodes:\n  copy: { call: 'echo#bytes', with: { value: \
                    $input.data } }\n";
const WAITS: &str = "workflow: waits\ninput: { data: list<u8> }\noutput: $copy\nnodes:\n  go: { wait: null }\n  copy: { call: \
                     'echo#bytes', with: { value: $input.data }, after: [go] }\n";

async fn store(api: &Api, bytes: Vec<u8>) -> String {
    let request = api.request(Method::POST, "/v1/projects/default/blobs");
    let stored = send(request.body(bytes)).await.ok();
    stored["digest"].as_str().unwrap().to_owned()
}

async fn download(api: &Api, digest: &str) -> Vec<u8> {
    let answer = api.get(&format!("/v1/projects/default/blobs/{digest}")).await;
    answer.body
}

/// Where a server keeps a blob. To ask the server for it would keep it.
fn file(data: &Path, digest: &str) -> PathBuf {
    let hex = digest.strip_prefix("blake3:").unwrap();
    data.join("blobs/data").join(&hex[..2]).join(hex)
}

async fn gone(data: &Path, digest: &str) {
    let file = file(data, digest);
    eventually("the blob goes", || async { !file.exists() }).await;
}

async fn blobs_stay_as_long_as_they_are_referred_to(data: &Path, server: impl Fn() -> Builder<'static>) {
    let running = server().data(data).arguments(SHORT).start().await;
    let api = &running.api;
    api.deploy("echo", fixture("echo")).await;
    save(api, "copies", ECHO).await.ok();
    save(api, "waits", WAITS).await.ok();

    // A run that has ended, one that waits, a definition, and a run whose record is deleted.
    let (kept, result) = run_of(api, "copies", 1).await;
    let (open, input) = run_of(api, "waits", 2).await;
    let named = store(api, sample(3)).await;
    let definition = format!(
        "workflow: names\noutput: $copy\nnodes:\n  copy: {{ call: 'echo#bytes', with: {{ value: {{ $blob: '{named}' }} }} }}\n"
    );
    save(api, "names", definition).await.ok();
    ended(api, &kept).await;
    let (forgotten, deleted) = run_of(api, "copies", 4).await;
    ended(api, &forgotten).await;
    let delete = api.request(Method::DELETE, &format!("{RUNS}/{forgotten}"));
    assert_eq!(send(delete).await.status, 204);

    // What was stored last goes last: all the others were old before.
    let stray = store(api, sample(5)).await;
    gone(data, &stray).await;
    gone(data, &deleted).await;
    for digest in [&result, &input, &named] {
        assert!(file(data, digest).exists(), "{digest}");
    }
    eventually("both are counted", || async {
        api.metric("weft_blobs_collected_total", &[]).await >= 2.0
    })
    .await;
    let lost = api.get(&format!("/v1/projects/default/blobs/{stray}")).await;
    lost.expect_problem(404, "not-found-blob");
    assert_eq!(show(api, &kept).await["result"], json!({ "$blob": result }));
    running.kill().await;

    // The record goes, and with it what only it refers to.
    let running = server()
        .data(data)
        .arguments(SHORT)
        .arguments(["--runs-keep-for", "1ms", "--runs-sweep-every", "50ms"])
        .start()
        .await;
    let api = &running.api;
    gone(data, &result).await;
    let lost = api.get(&format!("{RUNS}/{kept}")).await;
    lost.expect_problem(404, "not-found-run");
    for digest in [&input, &named] {
        assert!(file(data, digest).exists(), "{digest}");
    }
    assert_eq!(api.call("names", &json!({})).await.ok(), told(3));
    running.kill().await;

    let running = server().data(data).arguments(SHORT).start().await;
    let api = &running.api;
    let complete = format!("{RUNS}/{open}/nodes/go/complete");
    assert_eq!(post(api, &complete, &Value::Null).await.status, 204);
    assert_eq!(ended(api, &open).await["result"], json!({ "$blob": input }));
    assert_eq!(download(api, &input).await, sample(2));
}

/// Starts a run with a sample that was uploaded before; answers both.
async fn run_of(api: &Api, workflow: &str, n: usize) -> (String, String) {
    let blob = store(api, sample(n)).await;
    let run = start(api, workflow, &json!({"data": {"$blob": blob}})).await;
    (run, blob)
}

/// Bytes that are too many to be kept with a run, and different for each number.
fn sample(n: usize) -> Vec<u8> {
    vec![0; 90_000 + 3 * n]
}

/// How JSON tells them.
fn told(n: usize) -> Value {
    json!("A".repeat(sample(n).len() / 3 * 4))
}

#[tokio::test]
async fn what_nothing_refers_to_goes() {
    let data = tempfile::tempdir().unwrap();
    blobs_stay_as_long_as_they_are_referred_to(data.path(), Server::builder).await;
}

#[tokio::test]
async fn runs_in_postgres_refer_to_blobs_as_well() {
    let data = tempfile::tempdir().unwrap();
    let (url, schema) = database();
    let server = || Server::builder().arguments(["--runs-database", &url, "--runs-schema", &schema]);
    blobs_stay_as_long_as_they_are_referred_to(data.path(), server).await;
}

#[tokio::test]
async fn nothing_goes_where_that_is_not_wanted() {
    let server = Server::builder()
        .arguments(["--blob-keep-for", "1ms", "--blob-collect-every", "0s"])
        .start()
        .await;
    let digest = store(&server.api, b"stays".to_vec()).await;
    assert_eq!(download(&server.api, &digest).await, b"stays");
}
