//! PostgreSQL that is restarted under a server whose runs it keeps.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use weft_tests::api::send;
use weft_tests::postgres::{Ends, Postgres};
use weft_tests::runs::{GATE, RUNS, SUM, ended, post, save, show, start};
use weft_tests::{Answer, Api, Server, eventually, fixture};

async fn server_on(postgres: &Postgres) -> Server {
    let url = postgres.url();
    let server = Server::builder()
        .arguments(["--runs-database", &url])
        .start()
        .await;
    server.api.deploy("arith", fixture("arith")).await;
    for (name, text) in [("sum", SUM), ("gate", GATE)] {
        save(&server.api, name, text).await.ok();
    }
    server
}

fn assert_paused(answer: &Answer) {
    answer.expect_problem(503, "runs-paused");
    let told = answer.json()["detail"].to_string();
    assert!(told.contains("the database of runs does not answer"), "{told}");
    let wait = answer.header("retry-after").parse::<u32>();
    assert!(wait.is_ok(), "{:?}", answer.headers);
}

async fn is_ready(api: &Api) -> bool {
    api.get("/readyz").await.status == 200
}

#[tokio::test]
async fn a_database_that_restarts_pauses_runs_which_go_on_by_themselves() {
    let mut postgres = Postgres::start().await;
    let server = server_on(&postgres).await;
    let api = &server.api;
    let waiting = start(api, "gate", &json!({})).await;
    let before = start(api, "sum", &json!({"n": 1})).await;
    assert_eq!(ended(api, &before).await["result"], 3);
    for how in [Ends::InOrder, Ends::AtOnce] {
        postgres.stop(how).await;
        // Nobody has to meet it.
        eventually("it is told to be away", async || !is_ready(api).await).await;
        assert_paused(&api.get("/readyz").await);
        assert_paused(&api.call("sum", &json!({"n": 1})).await);
        assert_paused(&post(api, &Api::path("sum", "/runs"), &json!({"n": 1})).await);
        assert_paused(&post(api, &format!("{RUNS}/{waiting}/cancel"), &json!({})).await);
        assert_paused(&api.get(&format!("{RUNS}/{before}")).await);
        assert_paused(&api.get(RUNS).await);
        assert_eq!(api.metric("weft_workflow_database_away", &[]).await, 1.0);
        // What needs no database goes on.
        assert_eq!(api.get("/healthz").await.status, 200);
        let call = api.call("arith?export=add", &json!([20, 22])).await;
        assert_eq!(call.ok(), json!(42));

        postgres.launch().await;
        eventually("it is ready again", async || is_ready(api).await).await;
        assert_eq!(api.metric("weft_workflow_database_away", &[]).await, 0.0);
        assert_eq!(api.call("sum", &json!({"n": 1})).await.ok(), json!(3));
        assert_eq!(show(api, &before).await["status"], "succeeded");
    }
    let complete = format!("{RUNS}/{waiting}/nodes/gate/complete");
    assert_eq!(post(api, &complete, &json!(41)).await.status, 204);
    assert_eq!(ended(api, &waiting).await["result"], 42);
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_server_whose_database_is_away_can_be_stopped_and_loses_nothing() {
    let mut postgres = Postgres::start().await;
    let place = tempfile::tempdir().unwrap();
    let url = postgres.url();
    let on_postgres = || {
        let builder = Server::builder().data(place.path());
        builder.arguments(["--runs-database", &url]).start()
    };
    let server = on_postgres().await;
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "gate", GATE).await.ok();
    let waiting = start(&server.api, "gate", &json!({})).await;
    postgres.stop(Ends::AtOnce).await;
    eventually("it is told to be away", async || !is_ready(&server.api).await).await;
    assert_eq!(server.stop().await.code(), Some(0));

    postgres.launch().await;
    let server = on_postgres().await;
    let complete = format!("{RUNS}/{waiting}/nodes/gate/complete");
    assert_eq!(post(&server.api, &complete, &json!(41)).await.status, 204);
    assert_eq!(ended(&server.api, &waiting).await["result"], 42);
}

/// Clients that start runs, each under a key of its own, until that is acknowledged.
struct Clients {
    stop: Arc<AtomicBool>,
    set: JoinSet<Vec<(u64, String)>>,
    /// Answers that were neither that nor a refusal.
    others: Arc<Mutex<Vec<String>>>,
}

impl Clients {
    fn start(api: &Api, count: u64) -> Self {
        let (stop, others) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut set = JoinSet::new();
        for client in 0..count {
            let (api, stop, others) = (api.clone(), Arc::clone(&stop), Arc::clone(&others));
            set.spawn(async move {
                let mut acknowledged = Vec::new();
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let n = round * count + client;
                    acknowledged.push((n, until_acknowledged(&api, n, &others).await));
                }
                acknowledged
            });
        }
        Self { stop, set, others }
    }

    /// Every number that was acknowledged, and as which run.
    async fn stop(self) -> Vec<(u64, String)> {
        self.stop.store(true, Ordering::Relaxed);
        let acknowledged = self.set.join_all().await.into_iter().flatten().collect();
        let others = self.others.lock().unwrap();
        assert!(others.is_empty(), "{others:?}");
        acknowledged
    }
}

async fn until_acknowledged(api: &Api, n: u64, others: &Mutex<Vec<String>>) -> String {
    loop {
        let request = api
            .request(Method::POST, &Api::path("sum", "/runs"))
            .header("content-type", "application/json")
            .header("idempotency-key", format!("\"{n}\""));
        let answer = send(request.body(json!({"n": n}).to_string())).await;
        match answer.status.as_u16() {
            202 => return answer.json()["run"].as_str().unwrap().to_owned(),
            // Whether it was begun is not known yet, or it goes on as soon as the database does.
            409 | 503 => tokio::task::yield_now().await,
            _ => {
                others.lock().unwrap().push(answer.text());
                return String::new();
            }
        }
    }
}

/// Every run of the workflow, as it is listed.
async fn listed(api: &Api) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), format!("{RUNS}?workflow=sum&limit=200"));
    loop {
        let page = api.get(&next).await.ok();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(cursor) => next = format!("{RUNS}?workflow=sum&limit=200&after={cursor}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_restarts_of_the_database_under_load() {
    let mut postgres = Postgres::start().await;
    let server = server_on(&postgres).await;
    let api = &server.api;
    let clients = Clients::start(api, 8);
    for how in [Ends::AtOnce, Ends::InOrder, Ends::AtOnce] {
        let runs = api.metric("weft_journal_commits_total", &[]).await;
        eventually("there is more to lose", async || {
            api.metric("weft_journal_commits_total", &[]).await > runs + 50.0
        })
        .await;
        postgres.stop(how).await;
        eventually("it is told to be away", async || !is_ready(api).await).await;
        postgres.launch().await;
        eventually("it is ready again", async || is_ready(api).await).await;
    }
    let acknowledged = clients.stop().await;
    for (n, run) in &acknowledged {
        let told = ended(api, run).await;
        assert_eq!(told["result"], n + 2, "{told}");
    }
    let runs: BTreeSet<String> = acknowledged.into_iter().map(|(_, run)| run).collect();
    let found = listed(api).await;
    let listed: BTreeSet<String> = found
        .iter()
        .map(|run| run["run"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found.len(), listed.len(), "each is listed once");
    assert_eq!(listed, runs, "one run for each key, and none is missing");
}
