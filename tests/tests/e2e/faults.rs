//! Functions that misbehave: each is told apart, and no other call notices.

use serde_json::{Value, json};
use weft_tests::load::Load;
use weft_tests::{Server, eventually, fixture};

/// Function, target, arguments, status and problem.
fn faults() -> Vec<(&'static str, &'static str, Value, u16, &'static str)> {
    vec![
        (
            "trap",
            "trap?export=unreachable",
            json!([]),
            500,
            "function-trapped",
        ),
        (
            "trap",
            "trap?export=panic",
            json!(["oh no"]),
            500,
            "function-trapped",
        ),
        (
            "trap",
            "trap?export=out-of-bounds",
            json!([]),
            500,
            "function-trapped",
        ),
        (
            "trap",
            "trap?export=divide",
            json!([1, 0]),
            500,
            "function-trapped",
        ),
        ("deep", "deep?export=overflow", json!([]), 500, "stack-overflow"),
        ("bomb", "bomb?export=fill", json!([]), 500, "memory-limit"),
        ("exit", "exit", json!([3]), 500, "function-exited"),
        ("spin", "spin?export=spin", json!([]), 504, "call-timeout"),
        (
            "huge-output",
            "huge-output?export=bytes",
            json!([2_000_000]),
            500,
            "result-too-large",
        ),
    ]
}

async fn deploy(server: &Server) {
    for function in ["trap", "deep", "bomb", "exit", "spin", "huge-output"] {
        // The others end by themselves, given time on a busy machine.
        let timeout = if function == "spin" { 500 } else { 20_000 };
        let settings =
            json!({"limits": {"timeout-ms": timeout, "memory-bytes": 16 << 20, "output-bytes": 1_000_000}});
        server
            .api
            .deploy_with(function, fixture(function), settings)
            .await;
    }
}

#[tokio::test]
async fn faults_are_told_apart() {
    let server = Server::start().await;
    deploy(&server).await;
    for (_, target, arguments, status, problem) in faults() {
        let answer = server.api.call(target, &arguments).await;
        let problem = answer.expect_problem(status, problem);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{target}"
        );
        assert!(!answer.header("weft-invocation").is_empty(), "{target}");
    }
    let exited = server.api.call("exit", &json!([7])).await.json();
    // A component can only tell success from failure.
    assert_eq!(exited["code"], 1, "{exited}");
    let lines = server.api.about("trap", "/logs?limit=100").await.to_string();
    assert!(lines.contains("oh no"), "{lines}");
}

#[tokio::test]
async fn no_other_call_notices() {
    let server = Server::start().await;
    deploy(&server).await;
    server.api.deploy("arith", fixture("arith")).await;
    let load = Load::start(&server.api, 4, "arith", &json!([20, 22]));
    let all = faults();
    let misbehaving = all.iter().map(|(_, target, arguments, status, problem)| {
        let api = &server.api;
        async move { api.call(target, arguments).await.expect_problem(*status, problem) }
    });
    futures_util::future::join_all(misbehaving).await;
    let answers = load.stop().await;
    assert!(answers.iter().all(|answer| answer.ok() == json!(42)));
    assert!(server.api.metric("faas_timeouts_total", &["spin"]).await >= 1.0);
}

/// One call executes, one waits until its time is up, and a third finds no room to wait.
#[tokio::test]
async fn a_call_that_waits_too_long_is_told_when_to_try_again() {
    let profiles = tempfile::tempdir().unwrap();
    std::fs::write(
        profiles.path().join("narrow.toml"),
        "concurrency = 1\n[queue]\nlength = 1\nwait-ms = 3000\n",
    )
    .unwrap();
    let server = Server::builder()
        .arguments(["--profiles", &profiles.path().to_string_lossy()])
        .start()
        .await;
    let api = &server.api;
    let settings = json!({"profile": "narrow", "limits": {"timeout-ms": 60_000, "cpu-time-ms": 60_000}});
    api.deploy_with("spin", fixture("spin"), settings).await;
    let call = || {
        let api = api.clone();
        tokio::spawn(async move { api.call("spin?export=spin", &json!({})).await })
    };
    let executing = call();
    eventually("one executes", || async { api.executing("spin").await == 1.0 }).await;
    let waiting = call();
    eventually("one waits", || async { api.waiting("spin").await == 1.0 }).await;
    for (answer, problem) in [
        (call().await.unwrap(), "overloaded"),
        (waiting.await.unwrap(), "queue-timeout"),
    ] {
        answer.expect_problem(503, problem);
        assert!(
            answer.header("retry-after").parse::<u32>().is_ok(),
            "{:?}",
            answer.headers
        );
    }
    executing.abort();
}
