//! Functions that move between levels and versions while they are called: no call fails, and what goes wrong goes back by itself.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::load::Load;
use weft_tests::{Answer, Api, Server, eventually, fixture};

/// Looks at what may move much more often than a server does by itself.
const LOOK: [&str; 2] = ["--moves-look", "10ms"];

pub(crate) async fn server() -> Server {
    Server::builder().arguments(LOOK).start().await
}

/// Stores a version that does not answer calls yet; answers its number.
async fn store(api: &Api, function: &str, code: &str) -> u64 {
    let request = api.request(Method::PUT, &Api::path(function, "?activate=false"));
    let stored = send(
        request
            .header("content-type", "application/wasm")
            .body(fixture(code)),
    )
    .await;
    stored.ok()["version"].as_u64().unwrap()
}

async fn activate(api: &Api, function: &str, version: u64, body: &Value) -> Answer {
    let path = Api::path(function, &format!("/versions/{version}/activate"));
    let request = api.request(Method::POST, &path);
    send(
        request
            .header("content-type", "application/json")
            .body(body.to_string()),
    )
    .await
}

async fn moves(api: &Api, function: &str) -> Vec<Value> {
    let page = api.about(function, "/moves").await;
    page["items"].as_array().unwrap().clone()
}

/// What happened, the oldest first.
async fn kinds(api: &Api, function: &str) -> Vec<String> {
    let moves = moves(api, function).await;
    let kinds = moves
        .iter()
        .rev()
        .map(|happened| happened["kind"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

async fn change(api: &Api, function: &str, patch: &Value) {
    let request = api.request(Method::PATCH, &Api::path(function, ""));
    let changed = send(
        request
            .header("content-type", "application/merge-patch+json")
            .body(patch.to_string()),
    )
    .await;
    assert_eq!(changed.ok()["activated"], true);
}

async fn rolling(api: &Api, function: &str) -> bool {
    api.about(function, "").await.get("rollout").is_some()
}

/// Waits until so many calls more have been answered.
async fn calls_go_on(api: &Api, function: &str, more: f64) {
    let calls = async || {
        let function = format!("function=\"{function}\"");
        api.metric("faas_invocations_total", &[&function]).await
    };
    let before = calls().await;
    eventually("calls go on", || async { calls().await >= before + more }).await;
}

#[tokio::test]
async fn no_call_fails_while_a_function_moves_between_levels_and_versions() {
    let server = server().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let load = Load::start(api, 4, "arith", &json!([20, 22]));
    for profile in ["process", "container", "sandbox"] {
        calls_go_on(api, "arith", 50.0).await;
        change(api, "arith", &json!({"profile": profile})).await;
    }
    calls_go_on(api, "arith", 50.0).await;
    change(
        api,
        "arith",
        &json!({"profile": "process", "description": "another version"}),
    )
    .await;
    calls_go_on(api, "arith", 50.0).await;
    activate(api, "arith", 1, &json!({})).await.ok();
    calls_go_on(api, "arith", 50.0).await;
    let answers = load.stop().await;
    assert!(answers.len() >= 300, "{} calls", answers.len());
    for answer in &answers {
        assert_eq!(answer.ok(), json!(42));
    }
    let moved: Vec<_> = moves(api, "arith").await;
    let profiles: Vec<_> = moved.iter().rev().map(|moved| moved["profile"].clone()).collect();
    assert_eq!(
        profiles,
        ["sandbox", "process", "container", "sandbox", "process", "sandbox"]
    );
    // Going back to the sandbox is the first version again: nothing of its code or settings differs.
    let versions: Vec<_> = moved.iter().rev().map(|moved| moved["version"].clone()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 1].map(|version| json!(version)));
    eventually("only one pool is left", || async {
        let pools = api.get("/v1/pools?function=arith").await.ok();
        pools["items"].as_array().unwrap().len() == 1
    })
    .await;
}

#[tokio::test]
async fn instances_are_there_before_calls_move_to_them() {
    let server = server().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    api.call("arith", &json!([20, 22])).await.ok();
    change(api, "arith", &json!({"profile": "process"})).await;
    let pools = api.get("/v1/pools?function=arith&profile=process").await.ok();
    let pool = &pools["items"][0];
    assert_eq!(
        (&pool["started"], &pool["instances"]["idle"]),
        (&json!(1), &json!(1)),
        "{pool}"
    );
    api.call("arith", &json!([20, 22])).await.ok();
    let id = pool["id"].as_str().unwrap();
    assert_eq!(api.get(&format!("/v1/pools/{id}")).await.ok()["started"], 1);
}

#[tokio::test]
async fn a_canary_that_traps_goes_back_by_itself() {
    let server = server().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let version = store(api, "arith", "arith-broken").await;
    let policy = json!({"stages": [20, 100], "stage-ms": 3_600_000, "min-calls": 10, "limit-ms": 7_200_000});
    let begun = activate(api, "arith", version, &json!({"rollout": policy}))
        .await
        .ok();
    assert_eq!(
        (&begun["active"], &begun["rollout"]["percent"]),
        (&json!(1), &json!(20)),
        "{begun}"
    );
    assert_eq!(begun["rollout"]["policy"]["error-bound-percent"], 5);
    let under_way = activate(api, "arith", version, &json!({"rollout": {}})).await;
    assert_eq!(under_way.expect_problem(409, "rollout-under-way")["version"], 2);
    let pools = api.get("/v1/pools?function=arith").await.ok();
    let shares: Vec<_> = pools["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| pool["percent"].clone())
        .collect();
    assert_eq!(shares, [80, 20].map(|percent| json!(percent)));

    let load = Load::start(api, 2, "arith", &json!([20, 22]));
    eventually("the rollout is over", || async { !rolling(api, "arith").await }).await;
    calls_go_on(api, "arith", 50.0).await;
    let answers = load.stop().await;
    let failed: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.status.is_success())
        .collect();
    for answer in &failed {
        answer.expect_problem(500, "function-trapped");
    }
    assert!(failed.len() >= 10, "{} of {} failed", failed.len(), answers.len());
    assert!(
        failed.len() * 3 <= answers.len(),
        "{} of {} failed",
        failed.len(),
        answers.len()
    );
    assert_eq!(api.about("arith", "").await["active"], 1);
    assert_eq!(
        kinds(api, "arith").await,
        ["activated", "rollout-began", "rollout-returned"]
    );
    let newest = &moves(api, "arith").await[0];
    let reason = newest["reason"].as_str().unwrap();
    assert!(
        reason.contains("calls failed, 0 of ") && reason.contains("more than 5 percent more"),
        "{reason}"
    );
    assert_eq!(
        (&newest["version"], &newest["from"], &newest["percent"]),
        (&json!(2), &json!(1), &json!(0))
    );
    api.get(&Api::path("arith", "/rollout"))
        .await
        .expect_problem(404, "no-rollout");
}

#[tokio::test]
async fn a_canary_that_is_as_good_takes_over_and_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::builder().arguments(LOOK).data(directory.path()).start();
    let server = start().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let request = api.request(Method::PATCH, &Api::path("arith", "?activate=false"));
    let patch = json!({"profile": "process"}).to_string();
    let stored = send(
        request
            .header("content-type", "application/merge-patch+json")
            .body(patch),
    )
    .await;
    assert_eq!(stored.ok()["version"], 2);
    // The second stage lasts as long as the test wants.
    let policy = json!({"stages": [25, 50, 100], "stage-ms": 20, "min-calls": 40});
    activate(api, "arith", 2, &json!({"rollout": policy})).await.ok();
    for _ in 0..160 {
        assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    }
    eventually("the second stage", || async {
        api.about("arith", "/rollout").await["stage"] == 2
    })
    .await;
    let before = api.about("arith", "/rollout").await;
    server.kill().await;

    let server = start().await;
    let api = &server.api;
    let after = api.about("arith", "/rollout").await;
    for member in [
        "version", "from", "percent", "stage", "began-at", "stage-at", "policy",
    ] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let load = Load::start(api, 2, "arith", &json!([20, 22]));
    eventually("the rollout is over", || async { !rolling(api, "arith").await }).await;
    for answer in load.stop().await {
        assert_eq!(answer.ok(), json!(42));
    }
    assert_eq!(api.about("arith", "").await["active"], 2);
    let happened = kinds(api, "arith").await;
    let expected = [
        "activated",
        "rollout-began",
        "rollout-advanced",
        "rollout-advanced",
        "rollout-finished",
    ];
    assert_eq!(happened, expected);
    let profile = &moves(api, "arith").await[0]["profile"];
    assert_eq!(profile, "process");
    let answer = api.call("arith", &json!([20, 22])).await;
    assert_eq!(answer.header("weft-version"), "2");
    server.stop().await;
}

#[tokio::test]
async fn what_pins_a_version_keeps_it_while_calls_by_name_are_shared() {
    let server = server().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let definition =
        "workflow: adds\noutput: $sum\nnodes:\n  sum: { call: arith#add, with: { a: 20, b: 22 } }\n";
    let request = api.request(Method::PUT, &Api::path("adds", ""));
    let saved = send(
        request
            .header("content-type", "application/yaml")
            .body(definition),
    )
    .await;
    assert!(saved.status.is_success(), "{}", saved.text());
    let version = store(api, "arith", "arith-broken").await;
    let policy = json!({"stages": [50, 100], "min-calls": 1_000_000});
    activate(api, "arith", version, &json!({"rollout": policy}))
        .await
        .ok();
    for _ in 0..20 {
        assert_eq!(api.call("adds", &json!({})).await.ok(), json!(42));
    }
    let mut answered = 0;
    for _ in 0..100 {
        let answer = api.call("arith", &json!([20, 22])).await;
        answered += u32::from(answer.status.is_success());
        assert_eq!(
            api.call("arith?version=1", &json!([20, 22])).await.ok(),
            json!(42)
        );
    }
    assert_eq!(answered, 50);
    let saved = send(
        api.request(Method::PUT, &Api::path("adds", ""))
            .header("content-type", "application/yaml")
            .body(definition.replace("20", "21")),
    )
    .await;
    assert_eq!(saved.ok()["activated"], true);
    assert_eq!(
        api.call("adds", &json!({})).await.ok(),
        json!(43),
        "what is saved meanwhile pins the active one"
    );
    let path = Api::path("arith", "/rollout/cancel");
    assert_eq!(send(api.request(Method::POST, &path)).await.ok()["active"], 1);
    assert_eq!(api.call("arith", &json!([20, 22])).await.ok(), json!(42));
    send(api.request(Method::POST, &path))
        .await
        .expect_problem(404, "no-rollout");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let server = server().await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let other = store(api, "arith", "echo").await;
    let refused = activate(api, "arith", other, &json!({"rollout": {}})).await;
    let detail = refused.expect_problem(409, "cannot-roll-out")["detail"].to_string();
    assert!(detail.contains("callers of version 1 call `add`"), "{detail}");
    let refused = activate(api, "arith", 1, &json!({"rollout": {}})).await;
    refused.expect_problem(409, "cannot-roll-out");
    let refused = activate(
        api,
        "arith",
        other,
        &json!({"rollout": {"stages": [50, 20, 100]}}),
    )
    .await;
    let problem = refused.expect_problem(400, "invalid-settings");
    assert_eq!(problem["pointer"], "/rollout/stages");
    assert!(
        problem["detail"]
            .to_string()
            .contains("50, 20, 100 are not percents"),
        "{problem}"
    );
    let refused = activate(api, "arith", other, &json!({"canary": true})).await;
    let detail = refused.expect_problem(400, "invalid-request")["detail"].to_string();
    assert!(
        detail.contains("unknown field `canary`, expected `rollout`"),
        "{detail}"
    );
    let promotion = json!({"promotion": {"after": 0}});
    let refused = api.put_with("arith", fixture("arith"), &promotion).await;
    assert_eq!(
        refused.expect_problem(400, "invalid-settings")["pointer"],
        "/promotion/after"
    );
    let promotion = json!({"promotion": {"profile": "sandbox"}});
    let refused = api.put_with("arith", fixture("arith"), &promotion).await;
    assert_eq!(
        refused.expect_problem(400, "invalid-settings")["pointer"],
        "/promotion"
    );
}

#[tokio::test]
async fn a_function_that_traps_goes_behind_a_stronger_wall_and_back() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::builder().arguments(LOOK).data(directory.path()).start();
    let server = start().await;
    let api = &server.api;
    let promotion = json!({"after": 3, "window-ms": 86_400_000, "quiet-ms": 1_000});
    api.deploy_with("trap", fixture("trap"), json!({"promotion": promotion}))
        .await;
    let divide = async |api: &Api, divisor: u32| api.call("trap?export=divide", &json!([6, divisor])).await;
    let level = async |api: &Api| api.about("trap", "").await["version"]["placement"]["level"].clone();
    assert_eq!(divide(api, 2).await.ok(), json!(3));
    assert_eq!(level(api).await, "sandbox");
    for _ in 0..3 {
        divide(api, 0).await.expect_problem(500, "function-trapped");
    }
    // It is called all the time, so that it is seen where calls are executed.
    eventually("it is moved", || async {
        assert_eq!(divide(api, 2).await.ok(), json!(3));
        let pools = api.get("/v1/pools?function=trap&level=process").await.ok();
        !pools["items"].as_array().unwrap().is_empty()
    })
    .await;
    eventually("it is back", || async {
        assert_eq!(divide(api, 2).await.ok(), json!(3));
        kinds(api, "trap").await == ["activated", "promoted", "restored"]
    })
    .await;
    assert_eq!(level(api).await, "sandbox");
    let happened = moves(api, "trap").await;
    assert_eq!(
        happened[1]["reason"],
        "it trapped or ran out of memory 3 times within 86400 s"
    );
    assert_eq!(
        (&happened[1]["profile"], &happened[0]["profile"]),
        (&json!("process"), &json!("sandbox"))
    );

    // What is promoted is so after a restart, too.
    let promotion = json!({"promotion": {"quiet-ms": 3_600_000}});
    change(api, "trap", &promotion).await;
    for _ in 0..3 {
        divide(api, 0).await.expect_problem(500, "function-trapped");
    }
    eventually("it is moved", || async {
        api.about("trap", "").await.get("promoted").is_some()
    })
    .await;
    server.kill().await;
    let server = start().await;
    let api = &server.api;
    let about = api.about("trap", "").await;
    assert_eq!(
        (&about["promoted"]["profile"], &level(api).await),
        (&json!("process"), &json!("process")),
        "{about}"
    );
    assert_eq!(divide(api, 2).await.ok(), json!(3));
    let pools = api.get("/v1/pools?function=trap").await.ok();
    assert_eq!(pools["items"][0]["level"], "process");
    server.stop().await;
}
