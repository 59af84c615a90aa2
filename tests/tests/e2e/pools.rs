//! Instances: fresh for each call, or kept.

use serde_json::json;
use weft_tests::{Api, Server, eventually, fixture};

async fn call_often(api: &Api, function: &str) -> f64 {
    for number in 0..20 {
        assert_eq!(
            api.call(function, &json!([number, 1])).await.ok(),
            json!(number + 1)
        );
    }
    let function = format!("function=\"{function}\"");
    api.metric("faas_coldstarts_total", &[&function]).await
}

#[tokio::test]
async fn instances_are_fresh_or_serve_as_many_calls_as_was_set() {
    let server = Server::builder().arguments(["--threads", "1"]).start().await;
    let api = &server.api;
    for (function, reuse, started) in [("fresh", 1, 20.0), ("some", 5, 4.0), ("kept", 1000, 1.0)] {
        let limits = json!({"limits": {"reuse": reuse}});
        api.deploy_with(function, fixture("arith"), limits).await;
        assert_eq!(call_often(api, function).await, started, "{function}");
    }
}

/// The profile asks for an idle instance, so there is one before the first call.
#[tokio::test]
async fn warm_instances_wait_for_calls() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy_with("warm", fixture("arith"), json!({"profile": "sandbox-warm"}))
        .await;
    let idle = async || {
        api.metric("weft_pool_instances", &["function=\"warm\"", "state=\"idle\""])
            .await
    };
    eventually("an instance is warm", || async { idle().await >= 1.0 }).await;
    assert_eq!(api.call("warm", &json!([20, 22])).await.ok(), json!(42));
}
