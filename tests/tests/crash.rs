//! `kill -9` of the server at random moments of many uploads at once: what was acknowledged is there and can be called,
//! and nothing is half there.
//!
//! `WEFT_CRASH_ROUNDS` sets the number of rounds, `WEFT_CRASH_SEED` repeats a run.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use weft_tests::api::{multipart, try_send};
use weft_tests::{Api, Server, fixture};

const UPLOADS: usize = 200;
const FUNCTIONS: usize = 40;
/// Rounds of a usual test run; a thorough one makes 50.
const ROUNDS: usize = 3;
/// Uploads take this long altogether, more or less: the kill comes at any moment of it.
const WHOLE: Duration = Duration::from_millis(800);

/// Versions that were acknowledged, by function and number, with the description each was given.
type Acknowledged = BTreeMap<(String, u64), String>;

#[tokio::test]
async fn what_was_acknowledged_survives() {
    let rounds = number("WEFT_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    let seed = number("WEFT_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("WEFT_CRASH_SEED={seed} WEFT_CRASH_ROUNDS={rounds}");
    let mut random = fastrand::Rng::with_seed(seed);
    let data = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::new();
    for round in 0..rounds {
        let server = Server::builder().data(data.path()).start().await;
        let moment = WHOLE.mul_f64(random.f64());
        let before = acknowledged.len();
        upload_until(server, round, moment, &mut acknowledged).await;
        let server = Server::builder().data(data.path()).start().await;
        check(&server.api, &acknowledged).await;
        let new = acknowledged.len() - before;
        println!(
            "round {round}: killed after {moment:?}, {new} acknowledged, {} in all",
            acknowledged.len()
        );
        server.kill().await;
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Sends all uploads at once and kills the server after `moment`, or once all are acknowledged.
async fn upload_until(server: Server, round: usize, moment: Duration, acknowledged: &mut Acknowledged) {
    let uploads: FuturesUnordered<_> = (0..UPLOADS)
        .map(|number| upload(server.api.clone(), round, number))
        .collect();
    let mut answers = Box::pin(uploads.filter_map(async |answer| answer));
    let deadline = tokio::time::sleep(moment);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = &mut deadline => break,
            answer = answers.next() => match answer {
                Some((key, description)) => drop(acknowledged.insert(key, description)),
                None => break,
            },
        }
    }
    server.kill().await;
    // Acknowledged before the end, read only now.
    while let Some((key, description)) = answers.next().await {
        acknowledged.insert(key, description);
    }
}

/// Uploads one version; none where nobody acknowledged it.
async fn upload(api: Api, round: usize, number: usize) -> Option<((String, u64), String)> {
    let function = format!("f-{}", number % FUNCTIONS);
    let description = format!("round {round}, upload {number}");
    let code = fixture(if number.is_multiple_of(2) { "arith" } else { "deep" });
    let request = api.request(reqwest::Method::PUT, &Api::path(&function, ""));
    let answer = try_send(multipart(request, code, &json!({"description": description})))
        .await
        .ok()?;
    assert!(
        answer.status.is_success(),
        "{function}: {}: {}",
        answer.status,
        answer.text()
    );
    let version = answer.json()["version"].as_u64()?;
    Some(((function, version), description))
}

/// Everything acknowledged is there as it was acknowledged; everything that is there can be called.
async fn check(api: &Api, acknowledged: &Acknowledged) {
    let mut there = Acknowledged::new();
    for number in 0..FUNCTIONS {
        let function = format!("f-{number}");
        let versions = versions(api, &function).await;
        for (index, version) in versions.iter().rev().enumerate() {
            let number = version["version"].as_u64().unwrap();
            assert_eq!(number, index as u64 + 1, "{function} lacks a version");
            call(api, &function, number).await;
            there.insert(
                (function.clone(), number),
                version["description"].as_str().unwrap().to_owned(),
            );
        }
    }
    for (key, description) in acknowledged {
        assert_eq!(there.get(key), Some(description), "{key:?} was acknowledged");
    }
}

/// Newest first; none where there is no such function.
async fn versions(api: &Api, function: &str) -> Vec<Value> {
    let answer = api.get(&Api::path(function, "/versions?limit=1000")).await;
    if answer.status.as_u16() == 404 {
        return Vec::new();
    }
    answer.ok()["items"].as_array().unwrap().clone()
}

async fn call(api: &Api, function: &str, version: u64) {
    let is_arith = api
        .call(
            &format!("{function}?version={version}&export=add"),
            &json!([20, 22]),
        )
        .await;
    if is_arith.status.is_success() {
        assert_eq!(is_arith.json(), json!(42));
        return;
    }
    let down = api
        .call(&format!("{function}?version={version}&export=down"), &json!([3]))
        .await;
    assert!(
        down.status.is_success(),
        "{function} version {version}: {}",
        down.text()
    );
}

/// No leftovers of uploads that were under way pile up.
#[tokio::test]
async fn leftovers_are_removed_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    Server::builder().data(data.path()).start().await.kill().await;
    let scratch = data.path().join("artifacts/tmp");
    std::fs::write(scratch.join("half"), b"\0asm").unwrap();
    let _server = Server::builder().data(data.path()).start().await;
    assert_eq!(entries(&scratch), 0);
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}
