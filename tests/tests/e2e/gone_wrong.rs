//! Runs gone wrong: each is told by status, problem, and a detail that helps.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::case::Case;
use weft_tests::runs::{RUNS, ended, post, save, show, start, states};
use weft_tests::{Answer, Api, Server, eventually, fixture};

const ABSENT: &str = "blake3:0000000000000000000000000000000000000000000000000000000000000000";

/// Definitions by name.
const WORKFLOWS: [(&str, &str); 6] = [
    (
        "adds",
        "workflow: adds\ninput: { a: u32 }\noutput: $sum\nnodes:\n  sum: { call: arith#add, with: { a: $input.a, b: 2 } }\n",
    ),
    (
        "waits",
        "workflow: waits\ninput: { data: list<u8> }\noutput: $copy\nnodes:\n  first: { wait: u32 }\n  second: { wait: null, after: \
         [first] }\n  copy: { call: 'echo#bytes', with: { value: $input.data }, after: [second] }\n",
    ),
    (
        "traps",
        "workflow: traps\nnodes:\n  bad: { call: trap#unreachable, retry: { attempts: 3, backoff: 1ms, on: [trap] } }\n",
    ),
    (
        "nowhere",
        "workflow: nowhere\ndefaults: { group: gpu }\noutput: $sum\nnodes:\n  sum: { call: arith#add, with: { a: 1, b: 2 } }\n",
    ),
    (
        "gone",
        "workflow: gone\nnodes:\n  sum: { call: arith#add, with: { a: 1, b: 2 } }\n",
    ),
    (
        "awaits-bytes",
        "workflow: awaits-bytes\nnodes:\n  go: { wait: list<u8> }\n",
    ),
];

async fn started() -> Server {
    let server = Server::start().await;
    prepare(&server.api).await;
    server
}

async fn prepare(api: &Api) {
    for function in ["arith", "echo", "trap"] {
        api.deploy(function, fixture(function)).await;
    }
    for (name, text) in WORKFLOWS {
        let saved = save(api, name, text).await;
        assert!(saved.status.is_success(), "{name}: {}", saved.text());
    }
}

async fn store(api: &Api, project: &str, bytes: &[u8]) -> String {
    let request = api.request(Method::POST, &format!("/v1/projects/{project}/blobs"));
    let stored = send(request.body(bytes.to_vec())).await.ok();
    stored["digest"].as_str().unwrap().to_owned()
}

async fn awaits(api: &Api, run: &str, node: &str) {
    eventually("the event is awaited", || async {
        states(&show(api, run).await).contains(&(node, "running"))
    })
    .await;
}

async fn complete(api: &Api, run: &str, node: &str, value: &Value) -> Answer {
    post(api, &format!("{RUNS}/{run}/nodes/{node}/complete"), value).await
}

fn posted(what: &str, path: impl Into<String>, body: &Value) -> Case {
    let case = Case::new(what, "POST", path);
    case.header("content-type", "application/json")
        .body(body.to_string())
}

fn started_with(what: &str, workflow: &str, query: &str, body: &Value) -> Case {
    posted(what, Api::path(workflow, &format!("/runs{query}")), body)
}

async fn check(api: &Api, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(case.check(api).await);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let server = started().await;
    let api = &server.api;
    send(api.request(Method::PUT, "/v1/projects/other")).await.ok();
    let foreign = store(api, "other", b"somebody else's").await;
    let named = |digest: &str| json!({"data": {"$blob": digest}});
    let cases = vec![
        started_with("an argument of another type", "adds", "", &json!({"a": "x"}))
            .refused(400, "invalid-arguments", "u32")
            .at("/a"),
        started_with("no argument", "adds", "", &json!({}))
            .refused(400, "invalid-arguments", "a")
            .at(""),
        started_with("something else than arguments", "adds", "", &json!(7))
            .refused(400, "invalid-arguments", "at the root")
            .at(""),
        started_with(
            "a version that is not there",
            "adds",
            "?version=9",
            &json!({"a": 1}),
        )
        .refused(404, "not-found-version", "9"),
        started_with("a workflow that is not there", "subs", "", &json!({"a": 1})).refused(
            404,
            "not-found-function",
            "subs",
        ),
        started_with("a blob that is not there", "waits", "", &named(ABSENT))
            .refused(400, "invalid-arguments", "there is no blob")
            .at("/data"),
        started_with("a blob of another project", "waits", "", &named(&foreign))
            .refused(400, "invalid-arguments", "there is no blob")
            .at("/data"),
        started_with("a group without pools", "adds", "?group=gpu", &json!({"a": 1}))
            .refused(400, "invalid-query", "no pool profile carries the label `gpu`")
            .and("`default`"),
    ];
    check(api, cases).await;
    let runs = api.get(RUNS).await.ok();
    assert_eq!(runs["items"], json!([]), "nothing has started");
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_run_says_why() {
    let server = started().await;
    let api = &server.api;
    send(api.request(Method::PUT, "/v1/projects/other")).await.ok();
    let foreign = store(api, "other", b"somebody else's").await;
    let over = start(api, "adds", &json!({"a": 1})).await;
    ended(api, &over).await;
    let open = start(api, "waits", &json!({"data": "aGk="})).await;
    awaits(api, &open, "first").await;
    assert_eq!(complete(api, &open, "first", &json!(1)).await.status, 204);
    awaits(api, &open, "second").await;
    let bytes = start(api, "awaits-bytes", &json!({})).await;
    awaits(api, &bytes, "go").await;
    let at = |run: &str, below: &str| format!("{RUNS}/{run}/{below}");
    let node = |node: &str| at(&open, &format!("nodes/{node}/complete"));
    let cases = vec![
        posted("a wait that has its value", node("first"), &json!(2))
            .refused(409, "run-state", "`first`")
            .and("completed already"),
        posted("a node that does not wait", node("copy"), &json!(2))
            .refused(409, "run-state", "`copy`")
            .and("no `wait`"),
        posted("a node that is not there", node("third"), &json!(2)).refused(
            404,
            "not-found-node",
            "`third`",
        ),
        posted("a value of another type", node("second"), &json!("x")).refused(
            400,
            "invalid-arguments",
            "null",
        ),
        posted(
            "the address of a blob that is not there",
            at(&bytes, "nodes/go/complete"),
            &json!({"$blob": ABSENT}),
        )
        .refused(400, "invalid-arguments", "there is no blob")
        .at(""),
        posted("cancelling what is over", at(&over, "cancel"), &json!({}))
            .refused(409, "run-over", "is over")
            .and("succeeded"),
        posted("pausing what is over", at(&over, "pause"), &json!({})).refused(409, "run-over", "succeeded"),
        posted("resuming what is not paused", at(&open, "resume"), &json!({})).refused(
            409,
            "run-state",
            "not paused",
        ),
        posted("repeating no node", at(&over, "rerun"), &json!({"from": []})).refused(
            400,
            "invalid-request",
            "`from` is empty",
        ),
        posted("repeating what is open", at(&open, "rerun"), &json!({})).refused(
            409,
            "run-open",
            "has not ended",
        ),
        Case::new("deleting what is open", "DELETE", format!("{RUNS}/{open}")).refused(
            409,
            "run-open",
            "has not ended",
        ),
        Case::new(
            "a blob of another project",
            "GET",
            format!("/v1/projects/default/blobs/{foreign}"),
        )
        .refused(404, "not-found-blob", "there is no blob"),
    ];
    check(api, cases).await;
    assert_eq!(
        states(&show(api, &open).await),
        [("first", "succeeded"), ("second", "running"), ("copy", "waiting")]
    );
}

#[tokio::test]
async fn a_run_outlives_its_workflow_but_cannot_be_repeated_without_it() {
    let server = started().await;
    let api = &server.api;
    let run = start(api, "gone", &json!({})).await;
    ended(api, &run).await;
    let deleted = send(api.request(Method::DELETE, &Api::path("gone", ""))).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let told = api.get(&format!("{RUNS}/{run}")).await.ok();
    assert_eq!(told["status"], "succeeded", "{told}");
    let cases = vec![
        posted(
            "repeating it",
            format!("{RUNS}/{run}/rerun"),
            &json!({"what": "whole"}),
        )
        .refused(404, "not-found-version", "`gone`"),
        started_with("starting it", "gone", "", &json!({})).refused(404, "not-found-function", "gone"),
    ];
    check(api, cases).await;
}

#[tokio::test]
async fn what_fails_says_where_and_why() {
    let server = started().await;
    let api = &server.api;
    let failed = async |workflow: &str| {
        let problem = api.call(workflow, &json!({})).await;
        let problem = problem.expect_problem(500, "run-failed");
        let run = show(api, problem["run"].as_str().unwrap()).await;
        (problem, run)
    };
    let (problem, run) = failed("traps").await;
    assert_eq!(
        (&problem["node"], &problem["code"]),
        (&json!("bad"), &json!("trap"))
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("unreachable"), "{detail}");
    assert_eq!(run["error"]["node"], "bad");
    let node = api
        .get(&format!("{RUNS}/{}/nodes/bad", run["run"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(node["attempts"].as_array().unwrap().len(), 3, "{node}");

    let (problem, _) = failed("nowhere").await;
    assert_eq!(
        (&problem["node"], &problem["code"]),
        (&json!("sum"), &json!("unavailable"))
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("no pool profile has the label `gpu`"), "{detail}");
}

#[tokio::test]
async fn a_definition_names_only_blobs_that_its_project_has() {
    let server = started().await;
    let api = &server.api;
    send(api.request(Method::PUT, "/v1/projects/other")).await.ok();
    let foreign = store(api, "other", b"somebody else's").await;
    let names = |digest: &str| {
        format!(
            "workflow: names\noutput: $copy\nnodes:\n  copy:\n    call: echo#bytes\n    with: {{ value: {{ $blob: '{digest}' }} }}\n"
        )
    };
    for digest in [ABSENT, &foreign] {
        let refused = save(api, "names", names(digest)).await;
        let refused = refused.expect_problem(400, "invalid-definition");
        let problem = &refused["problems"][0];
        assert_eq!(
            (&problem["code"], &problem["line"], &problem["path"]),
            (&json!("blob"), &json!(6), &json!("nodes.copy.with.value")),
            "{refused}"
        );
        assert!(problem["message"].as_str().unwrap().contains(digest), "{problem}");
    }
    // Told among all that is wrong.
    let worse = names(ABSENT).replace("output: $copy", "output: $copied");
    let refused = save(api, "names", worse)
        .await
        .expect_problem(400, "invalid-definition");
    assert_eq!(refused["problems"].as_array().unwrap().len(), 2, "{refused}");

    let own = store(api, "default", b"hello").await;
    save(api, "names", names(&own)).await.ok();
    assert_eq!(api.call("names", &json!({})).await.ok(), "aGVsbG8=");
    // Its bytes are looked at where they are used.
    let wrong = names(&own).replace("echo#bytes", "echo#names");
    save(api, "wrong", wrong).await.ok();
    let problem = api
        .call("wrong", &json!({}))
        .await
        .expect_problem(500, "run-failed");
    assert_eq!(
        (&problem["node"], &problem["code"]),
        (&json!("copy"), &json!("evaluation"))
    );
    assert!(problem["detail"].as_str().unwrap().contains(&own), "{problem}");
}

#[tokio::test]
async fn a_blob_that_vanished_is_named() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    prepare(&server.api).await;
    let blob = store(&server.api, "default", &[7; 100_000]).await;
    let run = start(&server.api, "waits", &json!({"data": {"$blob": blob}})).await;
    awaits(&server.api, &run, "first").await;
    server.kill().await;
    lose(data.path(), &blob);

    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    for (node, value) in [("first", json!(1)), ("second", json!(null))] {
        awaits(api, &run, node).await;
        assert_eq!(complete(api, &run, node, &value).await.status, 204);
    }
    let told = ended(api, &run).await;
    assert_eq!(
        (&told["status"], &told["error"]["node"], &told["error"]["code"]),
        (&json!("failed"), &json!("copy"), &json!("evaluation")),
        "{told}"
    );
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("there is no blob {blob}")), "{message}");
    let lost = api.get(&format!("/v1/projects/default/blobs/{blob}")).await;
    lost.expect_problem(404, "not-found-blob");
}

/// As if somebody had removed the file.
fn lose(data: &Path, digest: &str) {
    let hex = digest.strip_prefix("blake3:").unwrap();
    let file = data.join("blobs/data").join(&hex[..2]).join(hex);
    std::fs::remove_file(file).unwrap();
}
