//! What the server says about itself.

use serde_json::json;
use weft_tests::{Server, fixture};

#[tokio::test]
async fn metrics_count_calls_by_function() {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    for _ in 0..5 {
        server.api.call("arith", &json!([1, 2])).await.ok();
    }
    assert_eq!(
        server
            .api
            .metric(
                "faas_invocations_total",
                &["function=\"arith\"", "project=\"default\""]
            )
            .await,
        5.0
    );
    let answer = server.api.get("/metrics").await;
    let text = answer.text();
    for name in [
        "faas_invoke_duration_seconds_bucket",
        "faas_init_duration_seconds",
        "faas_queue_duration_seconds",
        "weft_http_requests_total",
        "weft_log_lines_dropped_total",
        "weft_compiles_total",
    ] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn every_metric_is_documented() {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    server.api.call("arith", &json!([1, "x"])).await;
    server.api.call("arith", &json!([1, 2])).await.ok();
    let text = server.api.get("/metrics").await.text();
    let page = include_str!("../../../docs/http.md");
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in kinds.filter_map(|line| line.split_once(' ')) {
        let name = if kind == "counter" {
            format!("{name}_total")
        } else {
            name.to_owned()
        };
        assert!(page.contains(&format!("`{name}`")), "docs/http.md lacks `{name}`");
    }
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = Server::start().await;
    let openapi = server.api.get("/openapi.json").await.ok();
    let paths = openapi["paths"].as_object().unwrap();
    assert!(
        paths.contains_key("/v1/projects/{project}/functions/{function}/invoke"),
        "{:?}",
        paths.keys()
    );
    for path in ["/docs", "/problems", "/problems/missing-grant"] {
        let page = server.api.get(path).await;
        assert!(
            page.status.is_success() && page.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn requests_are_logged() {
    let server = Server::start().await;
    server.api.get("/healthz?secret=1").await;
    let log = || server.log();
    weft_tests::eventually("the request is logged", || async { log().contains("/healthz") }).await;
    assert!(!server.log().contains("secret"), "{}", server.log());
}
