//! Ten thousand open runs, taken up again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use weft_tests::{Api, Server, eventually, fixture};

use crate::client::{Client, RUNS};
use crate::facts::Facts;
use crate::workflows::save;

const OPEN: usize = 10_000;
/// Runs whose ends are looked at afterwards.
const ENDED: usize = 100;
/// From the start of the process until every run goes on. Code that is not optimised takes as long as it likes.
const MOST: Duration = Duration::from_secs(2);

const GATE: &str = r#"
workflow: gate
input: { n: u32 }
nodes:
  sum: { call: "arith#add", with: { a: $input.n, b: 1 } }
  word: { wait: string, after: [sum] }
output: { sum: $sum, word: $word }
"#;

#[tokio::test]
async fn ten_thousand_open_runs_go_on() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "gate", GATE).await;
    let facts = Arc::new(Facts::default());
    let client = Client::new(&server.api, &facts, "");
    let starts = stream::iter(0..OPEN).map(|n| start(&client, n));
    let runs: Vec<String> = starts.buffered(64).collect().await;
    eventually("all runs wait", || async {
        open(&server.api).await == OPEN as f64
    })
    .await;
    server.kill().await;

    let started = Instant::now();
    let server = Server::builder().data(data.path()).start().await;
    eventually("all runs are taken up", || async {
        open(&server.api).await == OPEN as f64
    })
    .await;
    let took = started.elapsed();
    println!("{OPEN} open runs are taken up {took:?} after the start");
    assert!(cfg!(debug_assertions) || took < MOST, "it took {took:?}");

    let client = Client::new(&server.api, &facts, "");
    for (n, run) in runs.iter().enumerate().step_by(OPEN / ENDED) {
        let path = format!("{RUNS}/{run}/nodes/word/complete");
        let answer = client.post(&path, &json!("go"), None).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.text());
        let end = client.wait(run).await.unwrap();
        assert_eq!(end["result"], json!({ "sum": n + 1, "word": "go" }));
    }
    assert_eq!(open(&server.api).await, (OPEN - ENDED) as f64);
    facts.assert_right("after the start");
}

/// Starts a run and is told its id.
async fn start(client: &Client, n: usize) -> String {
    let path = Api::path("gate", "/runs");
    let answer = client.post(&path, &json!({ "n": n }), None).await.unwrap().ok();
    answer["run"].as_str().unwrap().to_owned()
}

async fn open(api: &Api) -> f64 {
    api.metric("weft_workflow_runs_in_memory", &[]).await
}
