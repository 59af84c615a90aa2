//! What all workers together may use of the machine.

use serde_json::{Value, json};
use weft_tests::{Api, Server, eventually, fixture};

/// Room for two workers.
async fn server() -> Server {
    let arguments = [
        "--worker-memory",
        "32MiB",
        "--workers-memory",
        "64MiB",
        "--worker-start",
        "10s",
    ];
    Server::builder().arguments(arguments).start().await
}

async fn deploy(api: &Api, function: &str, guest: &str) {
    let settings = json!({"profile": "process", "limits": {"timeout-ms": 600_000, "cpu-time-ms": 600_000}});
    api.deploy_with(function, fixture(guest), settings).await;
}

/// How many workers there are in all pools.
async fn workers(api: &Api) -> u64 {
    let pools = api.get("/v1/pools").await.ok();
    let pools = pools["items"].as_array().unwrap().iter();
    let count = |pool: &Value| {
        let states = ["starting", "idle", "busy"].iter();
        states
            .map(|state| pool["instances"][*state].as_u64().unwrap())
            .sum::<u64>()
    };
    pools.map(count).sum()
}

/// Why there is another number of instances, the newest first.
async fn changes(api: &Api, function: &str) -> Vec<String> {
    let pools = api.get(&format!("/v1/pools?function={function}")).await.ok();
    let id = pools["items"][0]["id"].as_str().unwrap().to_owned();
    let pool = api.get(&format!("/v1/pools/{id}")).await.ok();
    let changes = pool["changes"].as_array().unwrap();
    let reason = |change: &Value| change["reason"].as_str().unwrap().to_owned();
    changes.iter().map(reason).collect()
}

#[tokio::test]
async fn an_idle_worker_ends_where_another_needs_its_place() {
    let server = server().await;
    let api = &server.api;
    for function in ["a", "b", "c"] {
        deploy(api, function, "arith").await;
    }
    for function in ["a", "b", "c", "a", "b", "c"] {
        assert_eq!(api.call(function, &json!([1, 2])).await.ok(), json!(3));
        assert!(workers(api).await <= 2);
    }
    let ended = "an instance of another pool needed its place on the machine";
    for function in ["a", "b"] {
        let told = changes(api, function).await;
        assert!(told.iter().any(|reason| reason == ended), "{told:?}");
    }
}

#[tokio::test]
async fn where_all_workers_are_busy_a_call_waits_and_is_then_refused() {
    let server = server().await;
    let api = &server.api;
    for function in ["one", "two"] {
        deploy(api, function, "spin").await;
    }
    deploy(api, "third", "arith").await;
    let spin = |function: &str| {
        let (api, target) = (api.clone(), format!("{function}?export=spin"));
        tokio::spawn(async move { api.call(&target, &json!([])).await })
    };
    let [one, two] = ["one", "two"].map(spin);
    eventually("both execute", || async {
        api.executing("one").await > 0.0 && api.executing("two").await > 0.0 && workers(api).await == 2
    })
    .await;
    let refused = api.call("third", &json!([1, 2])).await;
    let problem = refused.expect_problem(503, "overloaded");
    let detail = problem["detail"].to_string();
    assert!(
        detail.contains("--workers-memory") && detail.contains("64 MiB"),
        "{problem}"
    );
    one.abort();
    eventually("there is room again", || async {
        api.call("third", &json!([1, 2])).await.status == 200
    })
    .await;
    two.abort();
}
