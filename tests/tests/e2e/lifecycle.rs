//! Beginning and end of a server.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;
use weft_tests::api::send;
use weft_tests::peer::Peer;
use weft_tests::server::binary;
use weft_tests::{Api, Server, eventually, example, fixture};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    server
        .api
        .deploy_with(
            "f",
            fixture("arith"),
            json!({"description": "one", "labels": {"a": "b"}}),
        )
        .await;
    server
        .api
        .deploy_with("f", fixture("echo"), json!({"description": "two"}))
        .await;
    server.api.deploy("pricing", example("pricing")).await;
    let before = (
        server.api.about("f", "").await,
        server.api.about("f", "/versions").await,
    );
    assert!(server.stop().await.success());

    let server = Server::builder().data(data.path()).start().await;
    let after = (
        server.api.about("f", "").await,
        server.api.about("f", "/versions").await,
    );
    assert_eq!(after, before);
    assert_eq!(
        server.api.call("f?version=1", &json!([1, 2])).await.ok(),
        json!(3)
    );
    assert_eq!(
        server.api.call("f?export=answer", &json!([])).await.ok(),
        json!(42)
    );
    let next = server
        .api
        .deploy_with("f", fixture("arith"), json!({"description": "three"}))
        .await;
    assert_eq!(next["version"], 3);
}

#[tokio::test]
async fn a_data_directory_has_one_server() {
    let server = Server::start().await;
    let second = tokio::process::Command::new(binary())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--data",
        ])
        .arg(server.data())
        .output()
        .await
        .unwrap();
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{error}");
    assert!(error.contains("is in use by process"), "{error}");
    assert!(server.api.get("/readyz").await.status.is_success());
}

/// The call waits for a peer that answers only once the end has begun.
#[tokio::test]
async fn a_call_under_way_is_finished_before_the_end() {
    let peer = Peer::held().await;
    let mut server = Server::start().await;
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let grants = json!({"http": [format!("127.0.0.1:{}", peer.port)], "private-network": true});
    server
        .api
        .deploy_with("fetch", example("fetch"), json!({"grants": grants}))
        .await;
    let api = server.api.clone();
    let call = tokio::spawn(async move {
        let arguments = json!({"urls": [url], "timeout-ms": 25_000});
        api.call("fetch", &arguments).await
    });
    eventually("the call is under way", || async { peer.connections() == 1 }).await;
    server.signal(Signal::TERM);
    let log = || server.log();
    eventually("the server has noticed", || async {
        log().contains("shutting down")
    })
    .await;
    peer.release();
    let answer = call.await.unwrap();
    assert_eq!(answer.ok()[0]["outcome"], json!({"ok": 200}));
    assert!(server.ended().await.success());
}

/// A load balancer sees it while everything is served, and those it sends meanwhile are answered.
#[tokio::test]
async fn the_end_is_announced_before_connections_are_refused() {
    let mut server = Server::builder()
        .arguments(["--drain-notice", "10m"])
        .start()
        .await;
    server.api.deploy("adds", fixture("arith")).await;
    server.signal(Signal::TERM);
    let api = &server.api;
    eventually("the end is announced", || async {
        api.get("/readyz").await.status == 503
    })
    .await;
    api.get("/readyz").await.expect_problem(503, "draining");
    assert_eq!(api.call("adds", &json!([1, 2])).await.ok(), json!(3));
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.code(), Some(1));
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut server = Server::builder()
        .arguments(["--timeout", "10m", "--cpu-time", "10m", "--drain", "10m"])
        .start()
        .await;
    server.api.deploy("spin", fixture("spin")).await;
    let api = server.api.clone();
    let call = tokio::spawn(async move {
        let request = api
            .calling("spin?export=spin")
            .header("content-type", "application/json");
        weft_tests::api::try_send(request.body("{}")).await
    });
    let api = &server.api;
    eventually("the call executes", || async {
        api.executing("spin").await >= 1.0
    })
    .await;
    server.signal(Signal::TERM);
    let log = || server.log();
    eventually("the server has noticed", || async {
        log().contains("shutting down")
    })
    .await;
    server.signal(Signal::INT);
    assert_eq!(server.ended().await.code(), Some(1));
    assert!(call.await.unwrap().is_err(), "nobody can have answered");
}

#[tokio::test]
async fn other_machines_are_kept_out() {
    let data = tempfile::tempdir().unwrap();
    for flag in ["--listen", "--http-listen"] {
        let refused = tokio::process::Command::new(binary())
            .args(["serve", flag, "0.0.0.0:0", "--data"])
            .arg(data.path())
            .output()
            .await
            .unwrap();
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{error}");
        assert!(
            error.contains("can be reached from other machines") && error.contains("hint: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_up_says_so() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.api.get(path).await.ok()["status"], "ok", "{path}");
    }
    let missing = server.api.get(&Api::path("nobody", "")).await;
    missing.expect_problem(404, "not-found-function");
}

/// What was deleted is no longer counted, and what gets its name begins anew.
#[tokio::test]
async fn the_metrics_of_what_is_deleted_go_with_it() {
    let server = Server::start().await;
    let api = &server.api;
    let definition = "workflow: flows\ninput: { a: u32 }\nnodes:\n  sum: { call: adds, with: { a: $input.a, b: 1 } }\noutput: $sum\n";
    let named = async |name: &str| api.get("/metrics").await.text().contains(&format!("=\"{name}\""));
    for _ in 0..2 {
        api.deploy("adds", fixture("arith")).await;
        weft_tests::runs::save(api, "flows", definition).await.ok();
        assert_eq!(api.call("flows", &json!([1])).await.ok(), json!(2));
        for (name, count) in [
            ("adds", "faas_invocations_total"),
            ("flows", "weft_workflow_runs_total"),
        ] {
            let label = format!("=\"{name}\"");
            eventually("it is counted", || async {
                api.metric(count, &[&label]).await == 1.0
            })
            .await;
        }
        for name in ["flows", "adds"] {
            let deleted = send(api.request(Method::DELETE, &Api::path(name, ""))).await;
            assert_eq!(deleted.status, 204, "{}", deleted.text());
            eventually("it is not counted any longer", || async { !named(name).await }).await;
        }
    }
}
