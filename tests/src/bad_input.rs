//! Requests that must be refused, each with what must be said about it.

use crate::Api;
use crate::api::send;
use crate::case::Case;
use crate::guests::{example, fixture};

mod addresses;
mod arguments;
mod bombs;
mod code;
mod requests;
mod settings;

/// Every case.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(code::cases());
    cases.extend(addresses::cases());
    cases.extend(arguments::cases());
    cases.extend(bombs::cases());
    cases.extend(requests::cases());
    cases.extend(settings::cases());
    cases
}

/// Deploys the functions that the cases are about.
pub async fn deploy(api: &Api) {
    api.deploy("echo", fixture("echo")).await;
    api.deploy("arith", fixture("arith")).await;
    api.deploy("pricing", example("pricing")).await;
    api.deploy("hello", example("hello-http")).await;
    api.deploy("words", example("wordcount")).await;
    let limits = serde_json::json!({"limits": {"input-bytes": 1024}});
    api.deploy_with("narrow", fixture("echo"), limits).await;
    let grants = serde_json::json!({"grants": {"call": ["pricing"]}});
    api.deploy_with("checkout", example("checkout"), grants).await;
    // Lacks its grants, so that nothing is active.
    api.deploy("waiting", example("counter")).await;
    let stored = api.request(reqwest::Method::PUT, &Api::path("stored", "?activate=false"));
    send(
        stored
            .header("content-type", "application/wasm")
            .body(fixture("arith")),
    )
    .await
    .ok();
    // Had less, wants more.
    api.deploy("wants", fixture("arith")).await;
    api.deploy("wants", example("fetch")).await;
}
