//! Calls: how they are addressed, what goes in and out, and what comes along.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::{Answer, Server, fixture};

async fn echo() -> Server {
    let server = Server::start().await;
    server.api.deploy("echo", fixture("echo")).await;
    server
}

#[tokio::test]
async fn every_type_comes_back_as_it_went() {
    let server = echo().await;
    for (export, value) in [
        ("yes", json!(true)),
        ("letter", json!("ß")),
        ("echo-point", json!({"x": -3, "y": 7, "name": null})),
        ("echo-shape", json!("empty")),
        ("echo-shape", json!({"circle": 1.5})),
        ("echo-shape", json!({"polygon": [{"x": 1, "y": 2, "name": "a"}]})),
        ("echo-shape", json!({"named": ["n", 12]})),
        ("echo-color", json!("dark-blue")),
        ("echo-rights", json!(["read", "run-as-root"])),
        ("echo-twenty", json!(["b0", "b19"])),
        ("maybe", json!(null)),
        ("maybe", json!("here")),
        ("maybe-maybe", json!({"some": null})),
        ("maybe-maybe", json!({"some": 5})),
        ("outcomes", json!([{"ok": "a"}, {"err": 3}])),
        ("pair", json!([255, "x"])),
        ("numbers", json!([0, 1, 4_294_967_295_u32])),
        ("names", json!(["", "ä", "\u{1F600}"])),
        ("nested", json!([[[1, 2], []], [], [[65535]]])),
        ("bytes", json!("AAEC/w==")),
    ] {
        let answer = server
            .api
            .call(&format!("echo?export={export}"), &json!({"value": value}))
            .await;
        assert_eq!(answer.ok(), value, "{export}");
    }
}

#[tokio::test]
async fn wide_integers_are_exact() {
    let server = echo().await;
    let arguments = json!({"unsigned": "18446744073709551615", "signed": "-9223372036854775808"});
    let answer = server.api.call("echo?export=wide", &arguments).await;
    assert_eq!(
        answer.ok(),
        json!(["18446744073709551615", "-9223372036854775808"])
    );
    let small = server.api.call("echo?export=wide", &json!([1, -1])).await;
    assert_eq!(small.ok(), json!([1, -1]));
}

#[tokio::test]
async fn floats_may_be_no_numbers() {
    let server = echo().await;
    let answer = server
        .api
        .call("echo?export=floats", &json!(["NaN", "-Infinity"]))
        .await;
    assert_eq!(answer.ok(), json!(["NaN", "-Infinity"]));
}

#[tokio::test]
async fn nothing_to_say_is_no_content() {
    let server = echo().await;
    let answer = server.api.call("echo?export=nothing", &json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    let ok = server
        .api
        .call("echo?export=unit-ok", &json!({"value": {"ok": null}}))
        .await;
    assert_eq!(ok.status.as_u16(), 204, "{}", ok.text());
    assert_eq!(
        server.api.call("echo?export=answer", &json!([])).await.ok(),
        json!(42)
    );
}

#[tokio::test]
async fn an_error_of_the_function_is_its_own_kind_of_problem() {
    let server = echo().await;
    for (value, error) in [
        (json!({"err": "unknown"}), json!("unknown")),
        (json!({"err": {"code": 5}}), json!({"code": 5})),
        (
            json!({"err": {"at": {"x": 1, "y": 2}}}),
            json!({"at": {"x": 1, "y": 2, "name": null}}),
        ),
    ] {
        let answer = server
            .api
            .call("echo?export=outcome", &json!({"value": value}))
            .await;
        assert_eq!(answer.expect_problem(422, "function-error")["error"], error);
        assert!(!answer.header("weft-invocation").is_empty());
    }
    assert_eq!(
        server
            .api
            .call("echo?export=outcome", &json!({"value": {"ok": "fine"}}))
            .await
            .ok(),
        json!("fine")
    );
}

#[tokio::test]
async fn bytes_go_raw_both_ways() {
    let server = echo().await;
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    let raw = send_raw(&server, "echo?export=bytes", bytes.clone()).await;
    assert_eq!(raw.header("content-type"), "application/octet-stream");
    assert!(
        raw.body == bytes,
        "{} bytes came back of {}",
        raw.body.len(),
        bytes.len()
    );

    let ok = send(
        server
            .api
            .calling("echo?export=bytes-or-text")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/octet-stream")
            .body(json!({"value": {"ok": "AQID"}}).to_string()),
    )
    .await;
    assert_eq!(
        (ok.status.as_u16(), ok.body.as_slice()),
        (200, [1, 2, 3].as_slice()),
        "{}",
        ok.text()
    );
}

#[tokio::test]
async fn large_bytes_pass_within_the_limit_set() {
    let server = Server::start().await;
    let limit = 64 << 20;
    let settings = json!({"limits": {"input-bytes": limit, "output-bytes": limit, "memory-bytes": 1 << 30}});
    server.api.deploy_with("echo", fixture("echo"), settings).await;
    let bytes = vec![7; 64_000_000];
    let answer = send_raw(&server, "echo?export=bytes", bytes.clone()).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    assert!(answer.body == bytes, "{} bytes", answer.body.len());
}

async fn send_raw(server: &Server, target: &str, bytes: Vec<u8>) -> Answer {
    let request = server
        .api
        .calling(target)
        .header(CONTENT_TYPE, "application/octet-stream");
    send(request.header(ACCEPT, "application/octet-stream").body(bytes)).await
}

#[tokio::test]
async fn a_trace_goes_on() {
    let server = echo().await;
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let request = server
        .api
        .calling("echo?export=answer")
        .header("traceparent", format!("00-{trace}-{parent}-01"));
    let answer = send(request.header(CONTENT_TYPE, "application/json").body("{}")).await;
    let parts: Vec<_> = answer.header("traceparent").split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", trace, "01"));
    assert_ne!(parts[2], parent);
    let fresh = server.api.call("echo?export=answer", &json!({})).await;
    assert_eq!(fresh.header("traceparent").len(), 55);
}

#[tokio::test]
async fn timings_say_where_the_time_went() {
    let server = echo().await;
    let answer = server.api.call("echo?export=answer", &json!({})).await;
    let timing = answer.header("server-timing");
    for part in ["queue;dur=", "start;dur=", "exec;dur="] {
        assert!(timing.contains(part), "{timing}");
    }
    assert_eq!(answer.header("weft-version"), "1");
}

#[tokio::test]
async fn a_recorded_seed_and_time_answer_the_same_bytes() {
    let server = Server::start().await;
    let deployed = server.api.deploy("clock", fixture("clock")).await;
    assert_eq!(deployed["effect-free"], true);
    let arguments = json!({"sleep-ms": 50});
    let first = server.api.call("clock", &arguments).await;
    let (seed, time) = (
        first.header("weft-seed").to_owned(),
        first.header("weft-time").to_owned(),
    );
    assert_eq!(seed.len(), 64, "{}", first.text());
    let request = || {
        let request = server
            .api
            .calling("clock")
            .header(CONTENT_TYPE, "application/json");
        request
            .header("weft-seed", &seed)
            .header("weft-time", &time)
            .body(arguments.to_string())
    };
    let (again, once_more) = (send(request()).await, send(request()).await);
    assert_eq!(again.text(), first.text());
    assert_eq!(once_more.text(), first.text());
    let other = server.api.call("clock", &arguments).await;
    assert_ne!(random(&other.ok()), random(&first.ok()));
    assert!(
        first.ok()["slept-ns"].as_u64() >= Some(50_000_000),
        "{}",
        first.text()
    );
}

fn random(observation: &Value) -> &str {
    observation["random"].as_str().expect("bytes are text")
}

#[tokio::test]
async fn a_guest_sees_nothing_of_the_host() {
    let server = Server::start().await;
    server.api.deploy("many-imports", fixture("many-imports")).await;
    let outcomes = server.api.call("many-imports", &json!({})).await.ok();
    let text = outcomes.to_string();
    assert!(text.contains("read a file: "), "{text}");
    assert!(!text.contains("root:"), "{text}");
}
