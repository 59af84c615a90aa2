//! Workflows tried out: with outputs in place of nodes, and with other global parameters.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::{Answer, send};
use weft_tests::runs::{ended, save};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, fixture};

const START: &str = "application/vnd.weft.start+json";

/// Adds one to its argument twice, then what `$global.more` says; the second addition would trap.
async fn started() -> Server {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    server.api.deploy("trap", fixture("trap")).await;
    let text = "workflow: w\ninput: { a: u32 }\nparameters:\n  more: { type: u32, default: 10 }\n  less: { type: u32, default: 0 }\nnodes:\n  \
                first: { call: arith#add, with: { a: $input.a, b: 1 } }\n  crash: { call: trap#unreachable, after: [first] }\n  last: { call: \
                arith#add, with: { a: $first, b: $global.more }, after: [crash] }\noutput: $last\n";
    save(&server.api, "w", text).await.ok();
    server
}

async fn post(api: &Api, body: &Value, key: Option<&str>) -> Answer {
    let request = api.request(Method::POST, &Api::path("w", "/runs"));
    let request = request.header("content-type", START).body(body.to_string());
    send(match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    })
    .await
}

async fn result(api: &Api, body: &Value) -> Value {
    let started = post(api, body, None).await;
    assert_eq!(started.status, 202, "{}", started.text());
    ended(api, started.json()["run"].as_str().unwrap()).await
}

#[tokio::test]
async fn a_stub_takes_the_place_of_its_node() {
    let server = started().await;
    let api = &server.api;
    let run = result(
        api,
        &json!({"arguments": {"a": 1}, "stubs": {"crash": null, "first": 5}}),
    )
    .await;
    assert_eq!(
        (&run["status"], &run["result"]),
        (&json!("succeeded"), &json!(15))
    );
    let nodes = run["node-states"].as_array().unwrap().iter();
    let crash = nodes.clone().find(|node| node["name"] == "crash").unwrap();
    assert_eq!(
        (&crash["status"], &crash["reason"], &crash["attempt"]),
        (&json!("succeeded"), &json!("its output was given"), &json!(0)),
        "{crash}"
    );
    let run = result(api, &json!({"arguments": {"a": 1}})).await;
    assert_eq!(run["status"], "failed", "nothing stands in for the crash");
}

#[tokio::test]
async fn a_start_may_say_other_global_parameters() {
    let server = started().await;
    let stubs = json!({"crash": null});
    let run = result(
        &server.api,
        &json!({"arguments": [1], "stubs": stubs, "globals": {"more": 40}}),
    )
    .await;
    assert_eq!(run["result"], 42);
    let run = result(&server.api, &json!({"arguments": [1], "stubs": stubs})).await;
    assert_eq!(run["result"], 12, "as the definition says");
}

#[tokio::test]
async fn what_does_not_fit_is_told_by_its_place() {
    let server = started().await;
    for (body, kind, pointer) in [
        (
            json!({"arguments": {"a": 1}, "stubs": {"first": "x"}}),
            "invalid-arguments",
            "/stubs/first",
        ),
        (
            json!({"arguments": {"a": 1}, "stubs": {"nobody": 1}}),
            "invalid-arguments",
            "/stubs/nobody",
        ),
        (
            json!({"arguments": {"a": 1}, "stubs": {"crash": 1}}),
            "invalid-arguments",
            "/stubs/crash",
        ),
        (
            json!({"arguments": {"a": 1}, "globals": {"more": true}}),
            "invalid-arguments",
            "/globals/more",
        ),
        (json!({"arguments": {"a": "x"}}), "invalid-arguments", "/a"),
    ] {
        let problem = post(&server.api, &body, None).await.expect_problem(400, kind);
        assert_eq!(problem["pointer"], pointer, "{body}: {problem}");
    }
    let unknown = json!({"arguments": {"a": 1}, "globals": {"other": 1}});
    let problem = post(&server.api, &unknown, None)
        .await
        .expect_problem(400, "invalid-arguments");
    assert!(problem["detail"].as_str().unwrap().contains("other"), "{problem}");
    for body in [json!({"argument": {}}), json!([1])] {
        post(&server.api, &body, None)
            .await
            .expect_problem(400, "invalid-request");
    }
}

#[tokio::test]
async fn a_key_stands_for_the_stubs_as_well() {
    let server = started().await;
    let body = |first: u32| json!({"arguments": {"a": 1}, "stubs": {"crash": null, "first": first}});
    let run = post(&server.api, &body(5), Some("k")).await.ok();
    assert_eq!(
        post(&server.api, &body(5), Some("k")).await.ok()["run"],
        run["run"]
    );
    post(&server.api, &body(6), Some("k"))
        .await
        .expect_problem(422, "key-reused");
}

#[tokio::test]
async fn the_command_tries_workflows_out() {
    let server = started().await;
    let shell = Shell::at(&server.api.base);
    let arguments = [
        "run",
        "w",
        "a=1",
        "-f",
        "--stub",
        "crash=null",
        "--global",
        "more=40",
    ];
    assert_eq!(shell.ok(&arguments).await, "42");
    let (code, error) = shell.fails(&["run", "w", "a=1", "--stub", "first=no"]).await;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("/stubs/first"), "{error}");
}
