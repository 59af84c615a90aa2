//! Calls of a public function by several projects: one that floods its pool keeps no other from being served.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use weft_tests::access::House;
use weft_tests::api::{multipart, send};
use weft_tests::{Answer, Api, eventually, fixture};

/// As many calls wait as may, and a few are refused.
const FLOOD: usize = 12;
const QUEUE: usize = 8;
const FEW: usize = 3;

/// Calls that are made at once, and which of all that were answered each was.
struct Calls {
    made: JoinSet<(Answer, usize)>,
}

impl Calls {
    fn make(count: usize, api: &Api, answered: &Arc<AtomicUsize>) -> Self {
        let mut made = JoinSet::new();
        for _ in 0..count {
            let (api, answered) = (api.clone(), Arc::clone(answered));
            made.spawn(async move {
                let path = "/v1/projects/shop/functions/busy/invoke?export=spin-ms";
                let request = api.request(Method::POST, path);
                let request = request.header("content-type", "application/json");
                let answer = send(request.body("[150]")).await;
                let rank = match answer.status.as_u16() {
                    200 => answered.fetch_add(1, SeqCst),
                    _ => usize::MAX,
                };
                (answer, rank)
            });
        }
        Self { made }
    }

    async fn end(self) -> Vec<(Answer, usize)> {
        self.made.join_all().await
    }
}

/// Has one project flood the only instance there may be, then another ask a few times.
async fn flood(profile: &str) {
    let house = House::start().await;
    let admin = house.admin();
    for (path, body) in [
        ("/v1/projects/third", json!({"owner": "owner"})),
        ("/v1/projects/third/members/invoker", json!({"role": "invoker"})),
    ] {
        house.put(path, &body).await.ok();
    }
    let text = format!("{profile}\n[queue]\nlength = {QUEUE}\nwait-ms = 60000\n");
    let request = admin.request(Method::PUT, "/v1/profiles/narrow");
    send(request.header("content-type", "application/toml").body(text))
        .await
        .ok();
    let settings = json!({
        "visibility": "public", "profile": "narrow", "limits": {"timeout-ms": 60_000, "cpu-time-ms": 10_000},
    });
    let request = admin.request(Method::PUT, "/v1/projects/shop/functions/busy");
    send(multipart(request, fixture("spin"), &settings)).await.ok();

    let (other, third) = (
        house.member("other", "invoker").await,
        house.member("third", "invoker").await,
    );
    let answered = Arc::new(AtomicUsize::new(0));
    let flood = Calls::make(FLOOD, &other, &answered);
    eventually("the queue is full", || async {
        admin.waiting("busy").await >= QUEUE as f64
    })
    .await;
    let before = answered.load(SeqCst);
    let few = Calls::make(FEW, &third, &answered);

    for (answer, rank) in few.end().await {
        assert_eq!(answer.status, 200, "{profile}: {}", answer.text());
        // One executes, then both take turns; one more may be answered while these are sent.
        let ahead = rank - before;
        assert!(ahead <= 2 * FEW + 2, "{profile}: {ahead} were answered before it");
    }
    let (served, refused): (Vec<_>, Vec<_>) = flood
        .end()
        .await
        .into_iter()
        .partition(|(_, rank)| *rank != usize::MAX);
    assert!(!served.is_empty());
    // Those for whom there was no room, and those that made room.
    assert!(refused.len() >= FEW, "{profile}: {} were refused", refused.len());
    for (answer, _) in refused {
        answer.expect_problem(503, "overloaded");
    }
}

#[tokio::test]
async fn a_flood_of_one_project_does_not_keep_another_from_a_sandbox() {
    flood("concurrency = 1").await;
}

#[tokio::test]
async fn a_flood_of_one_project_does_not_keep_another_from_a_process() {
    flood("level = \"process\"\nconcurrency = 100\nslots = 1\n[scaling]\nmax = 1").await;
}
