use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::*;

fn scrape(metrics: &Metrics) -> String {
    let mut registry = Registry::default();
    registry.register_collector(metrics.collector());
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[test]
fn cores_are_added_up() {
    let metrics = Metrics::default();
    let cores = [metrics.core(), metrics.core()];
    for core in &cores {
        core.count(
            &Route::Invoke,
            &Method::POST,
            StatusCode::OK,
            Duration::from_micros(70),
        );
        core.count(
            &Route::Functions,
            &Method::GET,
            StatusCode::IM_A_TEAPOT,
            Duration::from_secs(60),
        );
    }
    cores[0].count(
        &Route::Unmatched,
        &Method::from_bytes(b"BREW").unwrap(),
        StatusCode::NOT_FOUND,
        Duration::ZERO,
    );
    let open = cores[1].connect();
    let text = scrape(&metrics);
    let lines = [
        format!("weft_http_requests_total{{route=\"{INVOKE}\",method=\"POST\",status=\"200\"}} 2"),
        "weft_http_requests_total{route=\"functions\",method=\"GET\",status=\"other\"} 2".to_owned(),
        "weft_http_requests_total{route=\"unmatched\",method=\"other\",status=\"404\"} 1".to_owned(),
        format!("weft_http_request_duration_seconds_count{{route=\"{INVOKE}\",method=\"POST\"}} 2"),
        format!(
            "weft_http_request_duration_seconds_bucket{{le=\"0.00005\",route=\"{INVOKE}\",method=\"POST\"}} 0"
        ),
        format!(
            "weft_http_request_duration_seconds_bucket{{le=\"0.0001\",route=\"{INVOKE}\",method=\"POST\"}} 2"
        ),
        "weft_http_request_duration_seconds_bucket{le=\"30.0\",route=\"functions\",method=\"GET\"} 0"
            .to_owned(),
        "weft_http_request_duration_seconds_bucket{le=\"+Inf\",route=\"functions\",method=\"GET\"} 2"
            .to_owned(),
        "weft_http_connections 1".to_owned(),
    ];
    for line in lines {
        assert!(
            text.lines().any(|found| found == line),
            "no line {line} in\n{text}"
        );
    }
    drop(open);
    assert!(scrape(&metrics).contains("weft_http_connections 0"));
}
