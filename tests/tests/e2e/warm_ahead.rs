//! Instances that are started while the node before executes.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::{Api, Server, eventually, fixture};

/// A chain of functions of which each waits for the one before.
const CHAIN: &str = "workflow: chain\ninput: { a: u32 }\noutput: $third\nnodes:\n\
    \x20 first: { call: one#add, with: { a: $input.a, b: 1 } }\n\
    \x20 second: { call: two#add, with: { a: $first, b: 1 } }\n\
    \x20 third: { call: three#add, with: { a: $second, b: 1 } }\n";

async fn save(api: &Api, name: &str, definition: &str) {
    let request = api.request(Method::PUT, &Api::path(name, ""));
    let saved = send(
        request
            .header("content-type", "application/yaml")
            .body(definition.to_owned()),
    )
    .await;
    assert!(saved.status.is_success(), "{}", saved.text());
}

/// The pool of a function; null where it has none.
async fn pool(api: &Api, function: &str) -> Value {
    let pools = api.get(&format!("/v1/pools?function={function}")).await.ok();
    pools["items"][0].clone()
}

#[tokio::test]
async fn what_follows_is_started_while_a_node_executes_and_goes_when_it_is_not_used() {
    let server = Server::start().await;
    let api = &server.api;
    let request = api.request(Method::PUT, "/v1/profiles/short");
    let profile = "level = \"process\"\n[scaling]\ngrace-ms = 1000\ninterval-ms = 100\n";
    send(request.header("content-type", "application/toml").body(profile))
        .await
        .ok();
    for (function, code) in [("one", "spin"), ("two", "arith"), ("three", "arith")] {
        api.deploy_with(function, fixture(code), json!({"profile": "short"}))
            .await;
    }
    let definition = "workflow: waits\nnodes:\n\
        \x20 first: { call: one#spin, timeout: 60s }\n\
        \x20 second: { call: two#add, after: [first], with: { a: 1, b: 1 } }\n\
        \x20 third: { call: three#add, with: { a: $second, b: 1 } }\n";
    save(api, "waits", definition).await;
    let started = send(api.request(Method::POST, &Api::path("waits", "/runs")))
        .await
        .ok();
    let run = started["run"].as_str().unwrap().to_owned();
    eventually("the second node's process is there", || async {
        pool(api, "two").await["instances"]["idle"] == 1
    })
    .await;
    assert_eq!(pool(api, "one").await["in-flight"], 1, "the first node executes");
    assert_eq!(
        pool(api, "three").await["started"].as_u64().unwrap_or(0),
        0,
        "that is too far ahead"
    );
    let cancel = api.request(Method::POST, &format!("/v1/projects/default/runs/{run}/cancel"));
    assert_eq!(send(cancel).await.status, 202);
    eventually("it has gone, as nobody called it", || async {
        pool(api, "two").await["instances"]["idle"] == 0
    })
    .await;
    assert_eq!(pool(api, "two").await["started"], 1);
}

#[tokio::test]
async fn nothing_is_started_beyond_the_budget() {
    let server = Server::builder()
        .arguments(["--run-warm-instances", "1"])
        .start()
        .await;
    let api = &server.api;
    api.deploy_with("one", fixture("spin"), json!({})).await;
    for function in ["two", "three"] {
        api.deploy_with(function, fixture("arith"), json!({"profile": "process"}))
            .await;
    }
    let definition = "workflow: forks\ninput: { go: bool }\nnodes:\n\
        \x20 first: { call: one#spin, timeout: 60s }\n\
        \x20 perhaps: { call: three#add, when: $input.go, after: [first], with: { a: 1, b: 1 } }\n\
        \x20 surely: { call: two#add, after: [first], with: { a: 1, b: 1 } }\n";
    save(api, "forks", definition).await;
    let request = api.request(Method::POST, &Api::path("forks", "/runs"));
    let started = send(
        request
            .header("content-type", "application/json")
            .body("{\"go\": true}"),
    )
    .await;
    let run = started.ok()["run"].as_str().unwrap().to_owned();
    eventually("what follows for certain is there", || async {
        pool(api, "two").await["instances"]["idle"] == 1
    })
    .await;
    assert_eq!(pool(api, "three").await["started"].as_u64().unwrap_or(0), 0);
    // The budget is given back when that is called.
    api.call("two", &json!([1, 2])).await.ok();
    let again = send(
        api.request(Method::POST, &Api::path("forks", "/runs"))
            .header("content-type", "application/json")
            .body("{\"go\": true}"),
    )
    .await;
    let other = again.ok()["run"].as_str().unwrap().to_owned();
    eventually("what may be skipped is there", || async {
        pool(api, "three").await["started"].as_u64() == Some(1)
    })
    .await;
    for run in [run, other] {
        let cancel = api.request(Method::POST, &format!("/v1/projects/default/runs/{run}/cancel"));
        assert_eq!(send(cancel).await.status, 202);
    }
}

#[tokio::test]
async fn a_chain_of_cold_pools_answers_and_starts_one_process_each() {
    let server = Server::start().await;
    let api = &server.api;
    for function in ["one", "two", "three"] {
        api.deploy_with(function, fixture("arith"), json!({"profile": "process"}))
            .await;
    }
    save(api, "chain", CHAIN).await;
    assert_eq!(api.call("chain", &json!({"a": 39})).await.ok(), json!(42));
    for function in ["one", "two", "three"] {
        assert_eq!(pool(api, function).await["started"], 1, "{function}");
    }
}
