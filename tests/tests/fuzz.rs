//! Requests made up from the API's own description: whatever they are, the answers are as described.
//!
//! `WEFT_FUZZ_REQUESTS` sets their number, `WEFT_FUZZ_SEED` repeats a run.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use fastrand::Rng;
use serde_json::json;
use weft_tests::fuzz::operations;
use weft_tests::{Server, fixture, socket};

/// Requests of a usual test run.
const REQUESTS: u64 = 600;

#[tokio::test]
async fn answers_are_as_described() {
    let requests = number("WEFT_FUZZ_REQUESTS").unwrap_or(REQUESTS);
    let seed = number("WEFT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("WEFT_FUZZ_SEED={seed} WEFT_FUZZ_REQUESTS={requests}");
    let mut random = Rng::with_seed(seed);
    let server = Server::start().await;
    let api = &server.api;
    let code = fixture("arith");
    api.deploy("echo", fixture("echo")).await;
    api.deploy("arith", code.clone()).await;
    let mut operations = operations(&api.get("/openapi.json").await.ok());
    operations.retain(|operation| !operation.makes_tokens());
    assert!(operations.len() >= 20, "only {} operations", operations.len());
    let kinds = kinds(&api.get("/problems").await.text());
    let host = socket::authority(&api.base);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..requests {
        let operation = &operations[random.usize(..operations.len())];
        let request = operation.request(&mut random, host, &code);
        let answer = socket::exchange(&api.base, &request).await;
        seen.insert(answer.status.as_u16());
        if let Some(complaint) = operation.complaint(&answer, &kinds) {
            let shown = String::from_utf8_lossy(&request[..request.len().min(4000)]).into_owned();
            panic!("{complaint}\n{shown}\n{}", answer.text());
        }
    }
    // It got somewhere: made things, changed them, found nothing, was refused.
    for status in [200, 400, 404, 415] {
        assert!(seen.contains(&status), "{status} is not among {seen:?}");
    }
    api.deploy("after", code).await;
    assert_eq!(api.call("after", &json!([20, 22])).await.ok(), json!(42));
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// The names on the page of problems.
fn kinds(page: &str) -> Vec<String> {
    let links = page.split("/problems/").skip(1);
    links
        .filter_map(|link| link.split('"').next().map(str::to_owned))
        .collect()
}
