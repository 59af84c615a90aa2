//! Somebody is told that a run has ended.

use serde_json::{Value, json};
use weft_tests::api::Answer;
use weft_tests::receiver::Receiver;
use weft_tests::runs::{RUNS, ended, post, save, show, states};
use weft_tests::server::Builder;
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually};

/// A server that may call this machine and does not wait long.
fn builder<'a>() -> Builder<'a> {
    Server::builder().arguments([
        "--webhook-hosts",
        "*",
        "--webhook-private-network",
        "true",
        "--webhook-backoff",
        "1ms",
        "--webhook-attempts",
        "3",
    ])
}

async fn with_workflow(api: &Api) {
    let text = "workflow: w\ninput: { n: u32 }\nnodes:\n  go: { wait: u32 }\noutput: $go\n";
    save(api, "w", text).await.ok();
}

async fn start(api: &Api, webhook: &str) -> Answer {
    let webhook = webhook.replace('?', "%3F").replace('=', "%3D");
    let path = Api::path("w", &format!("/runs?webhook={webhook}"));
    post(api, &path, &json!({"n": 1})).await
}

async fn started(api: &Api, webhook: &str) -> String {
    let started = start(api, webhook).await;
    assert_eq!(started.status, 202, "{}", started.text());
    started.json()["run"].as_str().unwrap().to_owned()
}

async fn complete(api: &Api, run: &str) {
    eventually("the event is awaited", || async {
        states(&show(api, run).await).contains(&("go", "running"))
    })
    .await;
    let done = post(api, &format!("{RUNS}/{run}/nodes/go/complete"), &json!(7)).await;
    assert_eq!(done.status, 204, "{}", done.text());
    ended(api, run).await;
}

async fn settled(api: &Api, run: &str) -> Value {
    eventually("the webhook is settled", || async {
        show(api, run).await["webhook"]["state"] != "pending"
    })
    .await;
    show(api, run).await["webhook"].clone()
}

#[tokio::test]
async fn a_run_is_posted_once_it_has_ended_until_it_is_taken() {
    let receiver = Receiver::start([500]).await;
    let server = builder().start().await;
    let api = &server.api;
    with_workflow(api).await;
    let run = started(api, &receiver.url()).await;
    assert_eq!(show(api, &run).await["webhook"]["state"], "pending");
    complete(api, &run).await;
    let webhook = settled(api, &run).await;
    assert_eq!(
        (&webhook["state"], &webhook["attempts"], &webhook["status"]),
        (&json!("delivered"), &json!(2), &json!(200)),
        "{webhook}"
    );
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert!(received[0].head.starts_with("POST /weft?a=b HTTP/1.1\r\n"));
    let mut shown = show(api, &run).await;
    shown.as_object_mut().unwrap().remove("webhook");
    for taken in &received {
        assert_eq!(taken.header("content-type"), "application/json");
        assert_eq!(taken.header("weft-run"), run);
        assert_eq!(taken.header("idempotency-key"), format!("weft-run-ended-{run}"));
        let told: Value = serde_json::from_slice(&taken.body).unwrap();
        assert_eq!(told, shown);
        assert_eq!(
            (&told["status"], &told["result"]),
            (&json!("succeeded"), &json!(7))
        );
    }
    let text = Shell::at(&api.base).ok(&["show", &run]).await;
    assert!(text.contains("webhook: delivered after 2 attempts"), "{text}");
}

#[tokio::test]
async fn a_webhook_outlives_a_crash() {
    let receiver = Receiver::start([]).await;
    let data = tempfile::tempdir().unwrap();
    let server = builder().data(data.path()).start().await;
    with_workflow(&server.api).await;
    let run = started(&server.api, &receiver.url()).await;
    server.kill().await;
    let server = builder().data(data.path()).start().await;
    assert!(receiver.received().is_empty());
    complete(&server.api, &run).await;
    assert_eq!(settled(&server.api, &run).await["state"], "delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn attempts_come_to_an_end() {
    let receiver = Receiver::start([500, 302, 503]).await;
    let server = builder().start().await;
    let api = &server.api;
    with_workflow(api).await;
    let run = started(api, &receiver.url()).await;
    complete(api, &run).await;
    let webhook = settled(api, &run).await;
    assert_eq!(
        (&webhook["state"], &webhook["attempts"], &webhook["status"]),
        (&json!("failed"), &json!(3), &json!(503)),
        "{webhook}"
    );
    assert_eq!(receiver.received().len(), 3, "redirects are not followed");
}

#[tokio::test]
async fn webhooks_go_where_they_are_allowed_to_and_nowhere_else() {
    let server = Server::builder()
        .arguments(["--webhook-hosts", "hooks.example.com,127.0.0.1:9,localhost:9"])
        .start()
        .await;
    let api = &server.api;
    with_workflow(api).await;
    for (url, status, kind, word) in [
        (
            "https://elsewhere.example/",
            403,
            "webhook-not-allowed",
            "webhook-hosts",
        ),
        (
            "http://127.0.0.1:9/",
            403,
            "webhook-not-allowed",
            "webhook-private-network",
        ),
        ("ftp://hooks.example.com/", 400, "invalid-query", "https://"),
        ("hooks.example.com", 400, "invalid-query", "https://"),
    ] {
        let problem = start(api, url).await.expect_problem(status, kind);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{url}: {detail}");
    }
    let runs = api.get(RUNS).await.ok();
    assert_eq!(runs["items"], json!([]), "none was started");
    // A name is looked up when it is called: it leads to this machine, and is refused for good.
    let run = started(api, "http://localhost:9/").await;
    complete(api, &run).await;
    let webhook = settled(api, &run).await;
    assert_eq!(
        (&webhook["state"], &webhook["attempts"]),
        (&json!("failed"), &json!(1))
    );
    let error = webhook["error"].as_str().unwrap();
    assert!(error.contains("webhook-private-network"), "{error}");

    let none = Server::start().await;
    with_workflow(&none.api).await;
    start(&none.api, "https://hooks.example.com/")
        .await
        .expect_problem(403, "webhook-not-allowed");
}

#[tokio::test]
async fn the_command_starts_runs_with_webhooks() {
    let receiver = Receiver::start([]).await;
    let server = builder().start().await;
    let api = &server.api;
    with_workflow(api).await;
    let shell = Shell::at(&api.base);
    let run = shell.ok(&["run", "w", "n=1", "--webhook", &receiver.url()]).await;
    complete(api, &run).await;
    assert_eq!(settled(api, &run).await["state"], "delivered");
}
