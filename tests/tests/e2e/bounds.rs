//! Bounds that the server's operator sets.

use serde_json::{Value, json};
use weft_tests::{Server, example, fixture, socket};

/// Connections that do nothing are files too: there are always some left for uploads and code.
#[tokio::test]
async fn idle_connections_leave_files_for_the_rest() {
    let server = Server::builder().files(256).start().await;
    let api = &server.api;
    // Keeps a connection that is there before the others.
    api.deploy("arith", fixture("arith")).await;
    let mut idle = Vec::new();
    for _ in 0..400 {
        idle.push(socket::connect(&api.base).await);
    }
    for name in ["echo", "deep", "trap", "spin"] {
        api.deploy(name, fixture(name)).await;
    }
    assert_eq!(api.call("echo?export=answer", &json!([])).await.ok(), json!(42));
    let log = server.log();
    assert!(!log.contains("cannot accept connections"), "{log}");
    drop(idle);
}

#[tokio::test]
async fn uploads_and_compiles_are_bounded() {
    let server = Server::builder()
        .arguments(["--upload-size", "1MiB", "--compile-time", "1ms"])
        .start()
        .await;
    let large = server.api.put("jq", example("jq")).await;
    assert_eq!(large.expect_problem(413, "upload-too-large")["limit"], 1 << 20);
    let slow = server.api.put("markdown", example("markdown")).await;
    let problem = slow.expect_problem(400, "compile-timeout");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("limit")),
        "{problem}"
    );
}

#[tokio::test]
async fn calls_between_functions_are_bounded() {
    for (flag, detail) in [("--call-depth", "0 deep"), ("--fan-out", "0 calls")] {
        let server = Server::builder().arguments([flag, "0"]).start().await;
        server.api.deploy("pricing", example("pricing")).await;
        let grants = json!({"grants": {"call": ["pricing"]}});
        server
            .api
            .deploy_with("checkout", example("checkout"), grants)
            .await;
        let refused = server.api.call("checkout", &order()).await;
        let problem = refused.expect_problem(500, "call-limit");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|found| found.contains(detail)),
            "{flag}: {problem}"
        );
    }
}

fn order() -> Value {
    json!({"order": {"id": "A-1", "customer": "Ada", "express": false, "items": [
        {"id": 1, "name": "pen", "qty": 3, "price": 1.5, "tags": []}]}})
}
