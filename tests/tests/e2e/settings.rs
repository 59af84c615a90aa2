//! Settings, labels, and lists of functions.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::{Api, Server, fixture};

async fn patch(api: &Api, function: &str, patch: Value) -> weft_tests::Answer {
    let request = api.request(Method::PATCH, &Api::path(function, ""));
    send(
        request
            .header("content-type", "application/merge-patch+json")
            .body(patch.to_string()),
    )
    .await
}

#[tokio::test]
async fn a_patch_makes_a_version_with_the_same_code() {
    let server = Server::start().await;
    let api = &server.api;
    let first = api
        .deploy_with(
            "f",
            fixture("arith"),
            json!({"labels": {"team": "a", "tier": "1"}}),
        )
        .await;
    let patched = patch(
        api,
        "f",
        json!({"labels": {"team": "b", "tier": null}, "limits": {"timeout-ms": 500}}),
    )
    .await
    .ok();
    assert_eq!(
        (&patched["version"], &patched["digest"]),
        (&json!(2), &first["digest"])
    );
    assert_eq!(patched["settings"]["labels"], json!({"team": "b"}));
    assert_eq!(patched["settings"]["limits"]["timeout-ms"], 500);
    assert_eq!(patch(api, "f", json!({})).await.ok()["existed"], true);
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_parts() {
    let server = Server::start().await;
    let api = &server.api;
    for number in 0..7 {
        let team = if number % 2 == 0 { "even" } else { "odd" };
        let settings = json!({"labels": {"team": team, "all": "yes"}});
        api.deploy_with(&format!("f-{number}"), fixture("arith"), settings)
            .await;
    }
    assert_eq!(names(api, "limit=1000").await.len(), 7);
    assert_eq!(names(api, "limit=2&label=team:odd").await, ["f-1", "f-3", "f-5"]);
    assert_eq!(
        names(api, "label=team:even&label=all:yes&limit=3").await,
        ["f-0", "f-2", "f-4", "f-6"]
    );
    assert_eq!(names(api, "label=team:none&limit=3").await, [""; 0]);
    assert_eq!(
        names(api, "kind=component&creator=anonymous&limit=5").await.len(),
        7
    );
    assert_eq!(names(api, "kind=workflow&limit=5").await.len(), 0);
    assert_eq!(names(api, "creator=nobody&limit=5").await.len(), 0);
}

/// The names of all parts, one after another.
async fn names(api: &Api, query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = api
            .get(&format!("/v1/projects/default/functions?{query}{after}"))
            .await
            .ok();
        let items = page["items"].as_array().expect("a list");
        names.extend(
            items
                .iter()
                .filter_map(|item| item["function"].as_str().map(str::to_owned)),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return names,
        }
    }
}

#[tokio::test]
async fn creators_are_remembered() {
    let server = Server::start().await;
    let request = server.api.request(Method::PUT, &Api::path("f", ""));
    let request = request
        .header("content-type", "application/wasm")
        .header("weft-user", "ada@example.com");
    let deployed = send(request.body(fixture("arith"))).await.ok();
    assert_eq!(deployed["creator"], "ada@example.com");
    assert_eq!(names(&server.api, "creator=ada@example.com").await, ["f"]);
}

#[tokio::test]
async fn projects_are_apart() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("f", fixture("arith")).await;
    let created = send(api.request(Method::PUT, "/v1/projects/other")).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    api.get("/v1/projects/other/functions/f")
        .await
        .expect_problem(404, "not-found-function");
    let projects = api.get("/v1/projects").await.ok().to_string();
    assert!(
        projects.contains("default") && projects.contains("other"),
        "{projects}"
    );
}

/// Each function has only the limit that it runs into, so that no other comes first on a busy machine.
#[tokio::test]
async fn limits_of_a_version_hold() {
    let server = Server::start().await;
    let api = &server.api;
    for (function, limit, target, arguments, status, problem) in [
        (
            "spin",
            json!({"timeout-ms": 100, "cpu-time-ms": 60_000}),
            "spin?export=spin",
            json!({}),
            504,
            "call-timeout",
        ),
        (
            "spin",
            json!({"timeout-ms": 60_000, "cpu-time-ms": 100}),
            "spin?export=spin",
            json!({}),
            504,
            "cpu-limit",
        ),
        (
            "bomb",
            json!({"memory-bytes": 4 << 20}),
            "bomb?export=fill",
            json!({}),
            500,
            "memory-limit",
        ),
        (
            "huge-output",
            json!({"output-bytes": 1024}),
            "huge-output?export=text",
            json!([2000]),
            500,
            "result-too-large",
        ),
        (
            "echo",
            json!({"input-bytes": 64}),
            "echo?export=maybe",
            json!(["x".repeat(100)]),
            413,
            "arguments-too-large",
        ),
    ] {
        api.deploy_with(function, fixture(function), json!({"limits": limit}))
            .await;
        api.call(target, &arguments).await.expect_problem(status, problem);
    }
}
