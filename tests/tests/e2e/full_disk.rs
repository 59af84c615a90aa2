//! A disk that fills up under runs, and is emptied again.

use serde_json::json;
use weft_tests::runs::{GATE, RUNS, SUM, ended, post, save, show, start};
use weft_tests::{Answer, Api, Server, eventually, fixture};

/// A server on a small disk, and a run that was acknowledged and waits.
async fn with_a_run() -> (Server, String) {
    let server = Server::builder().small_disk(96 << 20).start().await;
    server.api.deploy("arith", fixture("arith")).await;
    for (name, text) in [("sum", SUM), ("gate", GATE)] {
        save(&server.api, name, text).await.ok();
    }
    let waiting = start(&server.api, "gate", &json!({})).await;
    (server, waiting)
}

/// Calls the workflow until that is refused; answers how, and the runs before.
async fn until_refused(api: &Api) -> (Answer, Vec<String>) {
    let mut runs = Vec::new();
    loop {
        let answer = api.call("sum?timeout=1s", &json!({"n": 1})).await;
        if answer.status != 200 {
            return (answer, runs);
        }
        runs.push(answer.header("weft-run").to_owned());
    }
}

fn assert_paused(answer: &Answer) {
    let problem = answer.expect_problem(503, "runs-paused");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("the disk is full"), "{detail}");
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok(),
        "{:?}",
        answer.headers
    );
}

async fn is_ready(api: &Api) -> bool {
    api.get("/readyz").await.status == 200
}

#[tokio::test]
async fn a_full_disk_pauses_runs_which_go_on_by_themselves() {
    let (server, waiting) = with_a_run().await;
    let (api, disk) = (&server.api, server.small_disk());
    for round in 1..=2 {
        disk.fill();
        // The first to meet it is told within its patience.
        let (refused, told) = until_refused(api).await;
        assert_paused(&refused);
        // From then on everybody is told at once, before anything is begun.
        assert_paused(&api.get("/readyz").await);
        assert_paused(&api.call("sum", &json!({"n": 1})).await);
        assert_paused(&post(api, &Api::path("sum", "/runs"), &json!({"n": 1})).await);
        let cancel = format!("{RUNS}/{waiting}/cancel");
        assert_paused(&post(api, &cancel, &json!({})).await);
        assert_eq!(api.metric("weft_workflow_disk_full", &[]).await, 1.0);
        let alarms = server.log().matches("the journal's disk is full").count();
        assert_eq!(alarms, round, "{}", server.log());
        // What needs no disk goes on.
        assert_eq!(api.get("/healthz").await.status, 200);
        let call = api.call("arith?export=add", &json!([20, 22])).await;
        assert_eq!(call.ok(), json!(42));

        disk.free();
        eventually("it is ready again", || is_ready(api)).await;
        assert_eq!(api.metric("weft_workflow_disk_full", &[]).await, 0.0);
        assert_eq!(api.call("sum", &json!({"n": 1})).await.ok(), json!(3));
        for run in told {
            assert_eq!(show(api, &run).await["status"], "succeeded");
        }
    }
    let complete = format!("{RUNS}/{waiting}/nodes/gate/complete");
    assert_eq!(post(api, &complete, &json!(41)).await.status, 204);
    let run = ended(api, &waiting).await;
    assert_eq!(
        (&run["status"], &run["result"]),
        (&json!("succeeded"), &json!(42))
    );
}

#[tokio::test]
async fn a_run_under_way_ends_once_there_is_space() {
    let (server, waiting) = with_a_run().await;
    let (api, disk) = (&server.api, server.small_disk());
    let complete = format!("{RUNS}/{waiting}/nodes/gate/complete");
    disk.fill();
    until_refused(api).await;
    assert_paused(&post(api, &complete, &json!(41)).await);
    // That it was admitted may not have been written before there was no room for it.
    let status = show(api, &waiting).await["status"].clone();
    assert!(status == "running" || status == "waiting", "{status}");
    disk.free();
    eventually("it is ready again", || is_ready(api)).await;
    assert_eq!(post(api, &complete, &json!(41)).await.status, 204);
    assert_eq!(ended(api, &waiting).await["status"], "succeeded");
    assert_eq!(server.stop().await.code(), Some(0));
}

/// A disk that is full when the server stops: it ends, and loses nothing of what it told.
#[tokio::test]
async fn a_server_on_a_full_disk_can_be_stopped() {
    let (server, _) = with_a_run().await;
    server.small_disk().fill();
    until_refused(&server.api).await;
    assert_eq!(server.stop().await.code(), Some(0));
}
