//! Calls.

use http::Method;
use weft_function_engine::port::Failure;

use super::*;

#[tokio::test]
async fn a_call_is_answered_with_what_it_cost_and_who_answered() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let answer = server.call("adder", "{\"a\":1,\"b\":2}").await;
    assert_eq!((answer.status, &*answer.body), (200, &b"3"[..]), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("weft-version"), "1");
    assert!(answer.header("weft-invocation").parse::<uuid::Uuid>().is_ok());
    assert_eq!(answer.header("weft-seed").len(), 64);
    assert!(answer.header("weft-time").parse::<jiff::Timestamp>().is_ok());
    assert_eq!(answer.header("traceparent").len(), 55);
    let timing = answer.header("server-timing");
    assert!(
        timing.starts_with("queue;dur=") && timing.ends_with("exec;dur=0.003"),
        "{timing}"
    );
}

/// Connections move the future of each request: that took a fortieth of the processor when it had 8,784 bytes.
#[tokio::test]
async fn the_future_of_a_call_is_small() {
    const MOST: usize = 4608;
    let server = Server::new().await;
    let request = Request::post("/v1/projects/default/functions/adder/invoke").body(Full::new(Bytes::new()));
    let answering = server
        .api
        .respond(with_host(request.unwrap()), std::net::Ipv4Addr::LOCALHOST.into());
    let size = size_of_val(&answering);
    assert!(size <= MOST, "{size} bytes, at most {MOST}");
}

/// Whoever sends a key relies on a repetition not being executed.
#[tokio::test]
async fn a_function_that_is_no_workflow_takes_no_idempotency_key() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let keyed = async |key: &str| {
        let request = Request::post("/v1/projects/default/functions/adder/invoke");
        let request = request.header("content-type", "application/json");
        let request = request.header("idempotency-key", key);
        server.send(request.body("[20,22]")).await
    };
    let refused = keyed("order-7").await;
    assert_eq!((refused.status, &*refused.problem()), (400, "invalid-header"));
    assert_eq!(refused.json()["header"], "idempotency-key");
    assert_eq!(keyed(&format!("{}-0", "0a".repeat(16))).await.status, 200);
}

#[tokio::test]
async fn both_ways_to_a_call_answer_the_same() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    // An escape keeps the path from the short way.
    for name in ["adder", "%61dder"] {
        let answer = server.call(name, "[20,22]").await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, &b"42"[..]),
            "{name}: {answer:?}"
        );
        assert_eq!(
            server.call(name, "[1]").await.problem(),
            "invalid-arguments",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_callers_trace_goes_on() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let path = "/v1/projects/default/functions/adder/invoke";
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("traceparent", parent);
    let answer = server.send(request.body("[1,2]")).await;
    let traceparent = answer.header("traceparent");
    assert!(traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && traceparent.ends_with("-01"));
    assert_ne!(traceparent, parent);
}

#[tokio::test]
async fn a_recorded_seed_and_time_are_taken_back() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let first = server.call("adder", "[1,2]").await;
    let (seed, time) = (first.header("weft-seed"), first.header("weft-time"));
    let request = Request::post("/v1/projects/default/functions/adder/invoke")
        .header("content-type", "application/json")
        .header("weft-seed", seed)
        .header("weft-time", time);
    let second = server.send(request.body("[1,2]")).await;
    assert_eq!(
        (second.header("weft-seed"), second.header("weft-time")),
        (seed, time)
    );
}

#[tokio::test]
async fn bytes_travel_raw() {
    let server = Server::new().await;
    server.add("echo", echo()).await;
    let raw = |accept: &'static str| {
        let request = Request::post("/v1/projects/default/functions/echo/invoke");
        request
            .header("content-type", "application/octet-stream")
            .header("accept", accept)
            .body("hello")
    };
    let answer = server.send(raw("application/octet-stream")).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-disposition"), "attachment");
    let answer = server.send(raw("*/*")).await;
    assert_eq!(&*answer.body, b"\"aGVsbG8=\"", "{answer:?}");
    assert_eq!(server.send(raw("text/html")).await.problem(), "not-acceptable");
}

#[tokio::test]
async fn bytes_are_not_promised_where_there_are_none() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let path = "/v1/projects/default/functions/adder/invoke";
    let request = |accept: &'static str| {
        Request::post(path)
            .header("content-type", "application/json")
            .header("accept", accept)
            .body("[1,2]")
    };
    assert_eq!(
        server.send(request("application/octet-stream")).await.problem(),
        "not-acceptable"
    );
    assert_eq!(
        server
            .send(request("application/octet-stream, */*;q=0.1"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn results_are_unwrapped_and_errors_are_problems() {
    let server = Server::new().await;
    server
        .add("ok", answering("result<string, u32>", "{\"ok\":\"x\"}"))
        .await;
    server
        .add("err", answering("result<string, list<u32>>", "{\"err\":[7,8]}"))
        .await;
    server
        .add("empty-err", answering("result", "{\"err\":null}"))
        .await;
    server
        .add("done", answering("result<_, string>", "{\"ok\":null}"))
        .await;

    let ok = server.call("ok", "").await;
    assert_eq!((ok.status, &*ok.body), (200, &b"\"x\""[..]), "{ok:?}");
    let error = server.call("err", "{}").await;
    assert_eq!(
        (error.status, error.problem()),
        (422, "function-error".to_owned())
    );
    assert_eq!(error.json()["error"], serde_json::json!([7, 8]));
    assert!(!error.header("weft-invocation").is_empty(), "{error:?}");
    let error = server.call("empty-err", "[]").await;
    assert_eq!((error.status, &error.json()["error"]), (422, &Value::Null));
    let done = server.call("done", "{}").await;
    assert_eq!((done.status, done.body.len()), (204, 0), "{done:?}");
}

#[tokio::test]
async fn a_function_without_a_result_answers_nothing() {
    let server = Server::new().await;
    let program = Program::new((None, "run"), program::signature(&[], None), |_, _| async {
        Ok(None)
    });
    server.add("void", program).await;
    let answer = server
        .send(Request::post("/v1/projects/default/functions/void/invoke").body(""))
        .await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    assert_eq!(answer.header("weft-version"), "1");
}

#[tokio::test]
async fn failures_of_functions_have_kinds_of_their_own() {
    let server = Server::new().await;
    let cases = [
        (Failure::StackOverflow, 500, "stack-overflow"),
        (Failure::Exited(3), 500, "function-exited"),
        (
            Failure::TimedOut(std::time::Duration::from_secs(1)),
            504,
            "call-timeout",
        ),
        (
            Failure::Trap {
                message: "unreachable".to_owned(),
                frames: vec!["f".to_owned()],
            },
            500,
            "function-trapped",
        ),
    ];
    for (i, (failure, status, slug)) in cases.into_iter().enumerate() {
        let name = format!("failing-{i}");
        server.add(&name, Program::failing(failure)).await;
        let answer = server.call(&name, "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, slug));
        assert_eq!(answer.json()["invocation"], answer.header("weft-invocation"));
    }
}

#[tokio::test]
async fn bad_calls_are_told_what_is_wrong() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let json = "application/json";
    let cases = [
        (
            "adder/invoke",
            json,
            "{\"a\":1,\"b\":\"x\"}",
            400,
            "invalid-arguments",
        ),
        ("adder/invoke", json, "{\"a\":1", 400, "invalid-json"),
        (
            "adder/invoke",
            json,
            "{\"a\":1,\"b\":2,\"c\":3}",
            400,
            "invalid-arguments",
        ),
        ("adder/invoke", "text/plain", "{}", 415, "unsupported-media-type"),
        (
            "adder/invoke",
            "application/octet-stream",
            "x",
            415,
            "unsupported-media-type",
        ),
        ("adder/invoke?export=sub", json, "[1,2]", 404, "not-found-export"),
        ("adder/invoke?version=9", json, "[1,2]", 404, "not-found-version"),
        ("adder/invoke?version=x", json, "[1,2]", 400, "invalid-query"),
        ("adder/invoke?timeout=soon", json, "[1,2]", 400, "invalid-query"),
        ("adder/invoke?exprot=add", json, "[1,2]", 400, "invalid-query"),
        ("nobody/invoke", json, "[1,2]", 404, "not-found-function"),
        ("-bad-/invoke", json, "[1,2]", 400, "invalid-name"),
        ("a%2fb/invoke", json, "[1,2]", 400, "invalid-name"),
        ("../invoke", json, "[1,2]", 400, "invalid-name"),
        ("adder//invoke", json, "[1,2]", 404, "not-found"),
    ];
    for (path, content_type, body, status, slug) in cases {
        let path = format!("/v1/projects/default/functions/{path}");
        let answer = server
            .send(
                Request::post(&path)
                    .header("content-type", content_type)
                    .body(body),
            )
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, slug),
            "{path} {body}: {answer:?}"
        );
    }
    let answer = server.call("adder", "{\"a\":1,\"b\":\"x\"}").await;
    assert_eq!(answer.json()["pointer"], "/b");
    let answer = server
        .send(Request::post("/v1/projects/nowhere/functions/f/invoke").body(""))
        .await;
    assert_eq!(answer.problem(), "not-found-project");
}

#[tokio::test]
async fn a_body_over_the_versions_limit_is_refused() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let patch = Request::builder()
        .method(Method::PATCH)
        .uri("/v1/projects/default/functions/adder")
        .header("content-type", "application/merge-patch+json");
    let answer = server.send(patch.body("{\"limits\":{\"input-bytes\":8}}")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(server.call("adder", "[1,2]").await.status, 200);
    let answer = server.call("adder", "[100,200]").await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (413, "arguments-too-large")
    );
    assert_eq!(answer.json()["limit"], 8);
}

#[tokio::test]
async fn a_text_that_outgrows_its_value_is_refused() {
    let server = Server::new().await;
    let ty = "list<record { a-field-with-a-name-that-is-far-longer-than-its-value: u8 }>";
    let signature = program::signature(&[], Some(ty));
    let program = Program::new((None, "run"), signature, move |_, _| async move {
        let item = "{\"a-field-with-a-name-that-is-far-longer-than-its-value\":1}";
        let json = format!("[{}]", vec![item; 20_000].join(","));
        let bounds = weft_types::image::Bounds {
            bytes: 1 << 20,
            elements: 20_000,
        };
        Ok(Some(
            weft_types::json::parse(&program::ty(ty), json.as_bytes(), bounds).unwrap(),
        ))
    });
    server.runtime.add("wordy", program);
    server
        .add_with("wordy", "{\"limits\":{\"output-bytes\":100000}}")
        .await;
    let answer = server.call("wordy", "").await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (500, "result-too-large")
    );
}
