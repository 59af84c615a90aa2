//! Workers that break the rules, in place of the server's own: what became of each is told apart in the answer, in the metrics
//! and wherever pools are shown.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture, workers};

/// A deed, how its worker is lost, and what the answer says of that.
const DEEDS: [(&str, &str, &str); 9] = [
    ("memory", "memory", "ran out of its"),
    ("abort", "crash", "it was ended by SIG"),
    ("exit", "crash", "it exited with code 7"),
    ("hang", "hang", "did not answer for 300 ms"),
    ("start", "start", "did not get ready within 500 ms"),
    ("garbage", "protocol", "broke the protocol"),
    ("huge", "protocol", "broke the protocol"),
    ("stranger", "protocol", "broke the protocol"),
    ("lie", "protocol", "broke the protocol"),
];
const LOSSES: [&str; 5] = ["memory", "crash", "hang", "protocol", "start"];

/// A server whose workers are hostile.
async fn server() -> Server {
    let worker = weft_tests::server::binary().with_file_name("hostile-worker");
    assert!(
        worker.is_file(),
        "{} is missing: `cargo xtask test` builds it",
        worker.display()
    );
    let worker = worker.to_string_lossy().into_owned();
    let arguments = [
        "--worker",
        &worker,
        "--worker-start",
        "500ms",
        "--worker-grace",
        "300ms",
    ];
    Server::builder().arguments(arguments).start().await
}

/// So small that memory runs out quickly; a deed that takes its time gets little of it.
fn settings(level: &str, deed: &str, grants: &Value) -> Value {
    let timeout = if ["hang", "half"].contains(&deed) {
        1_000
    } else {
        60_000
    };
    json!({
        "profile": level,
        "limits": {"timeout-ms": timeout, "memory-bytes": 2 << 20, "input-bytes": 65_536, "output-bytes": 65_536},
        "grants": grants,
    })
}

/// The one pool of a function.
async fn pool(api: &Api, function: &str) -> Value {
    let page = api.get(&format!("/v1/pools?function={function}")).await.ok();
    let id = page["items"][0]["id"].as_str().expect("a pool").to_owned();
    api.get(&format!("/v1/pools/{id}")).await.ok()
}

async fn errors(api: &Api, function: &str, loss: &str) -> f64 {
    let (function, kind) = (
        format!("function=\"{function}\""),
        format!("kind=\"worker-{loss}\""),
    );
    api.metric("faas_errors_total", &[&function, &kind]).await
}

/// Proves that a function's workers were lost in one way and in no other, as told in every place.
async fn lost(api: &Api, function: &str, loss: &str) {
    for other in LOSSES {
        let counted = errors(api, function, other).await;
        assert_eq!(counted > 0.0, other == loss, "{function}: {counted} of {other}");
    }
    // Counted when the worker has ended, which who was answered did not wait for.
    eventually("the pool counts it", || async {
        pool(api, function).await["losses"][loss].as_u64() >= Some(1)
    })
    .await;
    let seen = pool(api, function).await;
    for other in LOSSES {
        let counted = seen["losses"][other].as_u64() >= Some(1);
        assert_eq!(counted, other == loss, "{function}: {seen}");
    }
    let words = match loss {
        "memory" => "out of memory",
        "crash" => "crashed",
        "hang" => "hung",
        "protocol" => "broke the protocol",
        _ => "not ready in time",
    };
    let shown = Shell::at(&api.base)
        .ok(&["pools", seen["id"].as_str().unwrap()])
        .await;
    assert!(shown.contains(words), "{function}: {shown}");
}

async fn losses_are_told_apart(level: &str) {
    let server = server().await;
    let api = &server.api;
    for (deed, loss, says) in DEEDS {
        let (free, effectful) = (format!("hostile-{deed}"), format!("hostile-{deed}-counts"));
        let none = settings(level, deed, &json!({}));
        let some = settings(level, deed, &json!({"keyvalue": ["default"]}));
        api.deploy_with(&free, fixture("arith"), none).await;
        api.deploy_with(&effectful, fixture("arith"), some).await;
        for (function, problem) in [(&free, "process-lost"), (&effectful, "outcome-unknown")] {
            let answer = api.call(function, &json!([1, 2])).await;
            let problem = match loss {
                "start" => answer.expect_problem(503, "start-failed"),
                _ => answer.expect_problem(502, problem),
            };
            assert_eq!(problem["loss"], loss, "{function}: {problem}");
            let detail = problem["detail"].to_string();
            assert!(detail.contains(says), "{function}: {problem}");
            lost(api, function, loss).await;
        }
    }
    eventually("none is left", || async { workers::of(&server).is_empty() }).await;
}

#[tokio::test]
async fn losses_of_processes_are_told_apart() {
    losses_are_told_apart("process").await;
}

#[tokio::test]
async fn losses_of_containers_are_told_apart() {
    losses_are_told_apart("container").await;
}

#[tokio::test]
async fn requests_are_told_how_their_worker_was_lost() {
    let server = server().await;
    let api = &server.api;
    for (deed, loss, says) in DEEDS {
        // What is no value may be no answer to a request either.
        let function = format!("hostile-{deed}");
        api.deploy_with(
            &function,
            example("hello-http"),
            settings("process", deed, &json!({})),
        )
        .await;
        let request = api.function(Method::POST, &format!("{function}/")).body("a body");
        let answer = weft_tests::api::send(request).await;
        let problem = match loss {
            "start" => answer.expect_problem(503, "start-failed"),
            _ if deed == "lie" => answer.expect_problem(502, "no-response"),
            _ => answer.expect_problem(502, "process-lost"),
        };
        if deed != "lie" {
            assert_eq!(problem["loss"], loss, "{function}: {problem}");
            assert!(problem["detail"].to_string().contains(says), "{problem}");
            lost(api, &function, loss).await;
        }
    }
}

#[tokio::test]
async fn a_response_that_does_not_go_on_holds_nothing_for_ever() {
    let server = server().await;
    let api = &server.api;
    api.deploy_with(
        "hostile-half",
        example("hello-http"),
        settings("process", "half", &json!({})),
    )
    .await;
    let response = api.function(Method::GET, "hostile-half/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err(), "half of a body is none");
    lost(api, "hostile-half", "hang").await;
    eventually("its place is free", || async {
        pool(api, "hostile-half").await["in-flight"] == 0
    })
    .await;
}
