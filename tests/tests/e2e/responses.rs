//! Responses of functions in processes: requests survive their worker, and who takes no answer holds nothing for ever.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use weft_tests::{Api, Server, eventually, example, fixture, workers};

/// Sends requests until told to end, counting the answers, and answers what their responses began with: what has begun is not begun
/// again.
async fn keep_sending(api: Api, ended: Arc<AtomicBool>, answered: Arc<AtomicUsize>) -> Vec<StatusCode> {
    let mut answers = Vec::new();
    while !ended.load(Relaxed) {
        let request = api.function(Method::POST, "hello/?name=Ada").body("a body");
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        if status != 200 {
            // What it says is what a failure of this test is understood by.
            let told = answer.text().await.unwrap_or_default();
            panic!("{status}: {told}");
        }
        answers.push(status);
        answered.fetch_add(1, Relaxed);
    }
    answers
}

#[tokio::test]
async fn requests_without_effects_survive_their_worker() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy_with("hello", example("hello-http"), json!({"profile": "process"}))
        .await;
    let ended = Arc::new(AtomicBool::new(false));
    let counts: [Arc<AtomicUsize>; 8] = Default::default();
    let clients = counts.each_ref().map(|count| {
        let sending = keep_sending(api.clone(), Arc::clone(&ended), Arc::clone(count));
        tokio::spawn(sending)
    });
    for round in 0..10 {
        // No request is lost oftener than it is made again, however slow the machine: each is answered before the next loss.
        let before = counts.each_ref().map(|count| count.load(Relaxed));
        eventually("everybody was answered", || async {
            let mut pairs = counts.iter().zip(before);
            pairs.all(|(count, before)| count.load(Relaxed) > before)
        })
        .await;
        workers::kill(&workers::of(&server));
        // Another serves by then.
        for _ in 0..20 {
            let answer = weft_tests::api::send(api.function(Method::GET, "hello/?name=Ada")).await;
            assert_eq!(answer.status, 200, "round {round}: {}", answer.text());
        }
    }
    ended.store(true, Relaxed);
    for client in clients {
        let answers = client.await.unwrap();
        assert!(!answers.is_empty());
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    }
}

/// Asks for an answer without end and takes nothing of it.
async fn ask_and_leave_it(api: &Api, function: &str) -> TcpStream {
    let address = api.functions.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /default/{function}/endless HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn who_takes_no_answer_holds_no_place_for_ever() {
    let server = Server::start().await;
    let api = &server.api;
    for profile in ["sandbox", "process"] {
        let function = format!("stream-{profile}");
        let settings = json!({"profile": profile, "limits": {"timeout-ms": 1000}});
        api.deploy_with(&function, fixture("http-stream"), settings).await;
        let left = ask_and_leave_it(api, &function).await;
        let executing = || async { api.executing(&function).await };
        eventually("it is answered", || async { executing().await > 0.0 }).await;
        eventually("it is given up", || async { executing().await == 0.0 }).await;
        drop(left);
    }
}

#[tokio::test]
async fn who_takes_nothing_for_too_long_is_left() {
    let server = Server::builder()
        .arguments(["--stall-timeout", "300ms"])
        .start()
        .await;
    let api = &server.api;
    let settings = json!({"profile": "process", "limits": {"timeout-ms": 600_000, "cpu-time-ms": 600_000}});
    api.deploy_with("stream", fixture("http-stream"), settings).await;
    let left = ask_and_leave_it(api, "stream").await;
    let executing = || async { api.executing("stream").await };
    eventually("it is answered", || async { executing().await > 0.0 }).await;
    eventually("it is given up", || async { executing().await == 0.0 }).await;
    drop(left);
}

#[tokio::test]
async fn calls_that_start_no_process_wait_for_the_next_decision() {
    let profiles = tempfile::tempdir().unwrap();
    let profile =
        "level = \"process\"\nslots = 1\n[scaling]\non-demand = false\nmax = 2\ninterval-ms = 200\n";
    std::fs::write(profiles.path().join("patient.toml"), profile).unwrap();
    let directory = profiles.path().to_string_lossy().into_owned();
    let server = Server::builder()
        .arguments(["--profiles", &directory])
        .start()
        .await;
    let api = &server.api;
    api.deploy_with("clock", fixture("clock"), json!({"profile": "patient"}))
        .await;
    let calls = (0..6).map(|_| async { api.call("clock", &json!([100])).await.ok() });
    futures_util::future::join_all(calls).await;
    let page = api.get("/v1/pools?function=clock").await.ok();
    let id = page["items"][0]["id"].as_str().unwrap();
    let seen: Value = api.get(&format!("/v1/pools/{id}")).await.ok();
    assert!((1..=2).contains(&seen["started"].as_u64().unwrap()), "{seen}");
    let changes = seen["changes"].to_string();
    assert!(!changes.contains("found no free slot"), "{seen}");
    assert!(changes.contains("call"), "decisions started them: {seen}");
}
