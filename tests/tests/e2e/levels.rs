//! Levels that a host has, has not, or has later.

use serde_json::json;
use weft_tests::{Server, fixture, server, workers};

#[tokio::test]
async fn a_level_that_is_not_there_is_refused_at_deploy_time() {
    let server = Server::builder()
        .arguments(["--worker", "/nowhere/weft-worker"])
        .start()
        .await;
    for profile in ["process", "container"] {
        let refused = server
            .api
            .put_with("arith", fixture("arith"), &json!({"profile": profile}))
            .await;
        let problem = refused.expect_problem(409, "level-unavailable");
        let detail = problem["detail"].to_string();
        assert!(detail.contains("/nowhere/weft-worker"), "{problem}");
    }
    let host = server.api.get("/v1/host").await.ok();
    assert_eq!(host["levels"]["sandbox"]["state"], "works", "{host}");
    assert_eq!(host["levels"]["process"]["state"], "unavailable", "{host}");
    assert!(
        host["levels"]["process"]["reasons"][0]
            .to_string()
            .contains("/nowhere"),
        "{host}"
    );
}

#[tokio::test]
async fn a_worker_that_is_installed_later_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let worker = directory.path().join("weft-worker");
    let server = Server::builder()
        .arguments(["--worker", worker.to_str().unwrap()])
        .start()
        .await;
    let settings = json!({"profile": "process"});
    let refused = server.api.put_with("arith", fixture("arith"), &settings).await;
    refused.expect_problem(409, "level-unavailable");
    std::fs::copy(server::binary().with_file_name("weft-worker"), &worker).unwrap();
    server.api.deploy_with("arith", fixture("arith"), settings).await;
    assert_eq!(server.api.call("arith", &json!([1, 2])).await.ok(), json!(3));
    let host = server.api.get("/v1/host").await.ok();
    assert_ne!(host["levels"]["process"]["state"], "unavailable", "{host}");
}

#[tokio::test]
async fn a_container_without_a_runtime_is_refused_at_deploy_time() {
    let cases = [
        (
            ["--container-runtime", "/nowhere/runc"],
            "there is no /nowhere/runc",
        ),
        (
            ["--container-runtime", "/bin/false"],
            "/bin/false create ended with exit status: 1",
        ),
        (
            ["--container-starter", "/nowhere/starter"],
            "there is no weft-container at /nowhere/starter",
        ),
    ];
    for (arguments, reason) in cases {
        let server = Server::builder().arguments(arguments).start().await;
        let refused = server
            .api
            .put_with("arith", fixture("arith"), &json!({"profile": "container"}))
            .await;
        let problem = refused.expect_problem(409, "level-unavailable");
        assert!(problem["detail"].to_string().contains(reason), "{problem}");
        let levels = &server.api.get("/v1/host").await.ok()["levels"];
        assert_eq!(levels["process"]["state"], "works", "{levels}");
        assert_eq!(levels["container"]["state"], "unavailable", "{levels}");
        let told = levels["container"]["reasons"][0].to_string();
        assert!(told.contains(reason) && told.contains(arguments[0]), "{told}");
        let pid = server.pid();
        assert!(server.stop().await.success());
        assert!(workers::bundles(pid).is_empty() && workers::groups(pid).is_empty());
    }
}

#[tokio::test]
async fn containers_are_made_by_the_runtime_that_was_named() {
    for runtime in ["libcontainer", "runc", "crun"] {
        let server = Server::builder()
            .arguments(["--container-runtime", runtime])
            .start()
            .await;
        let api = &server.api;
        api.deploy_with("arith", fixture("arith"), json!({"profile": "container"}))
            .await;
        assert_eq!(
            api.call("arith", &json!([1, 2])).await.ok(),
            json!(3),
            "{runtime}"
        );
        assert!(!workers::of(&server).is_empty(), "no container executed anything");
        let levels = &api.get("/v1/host").await.ok()["levels"];
        assert_eq!(levels["container"]["state"], "works", "{runtime}: {levels}");
    }
}
