//! Values of runs, whole; and requests about runs that are not as they should be.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, post, save, show, start};
use weft_tests::{Api, Server, fixture};

/// Answers what it was given, in an order that no alphabet has.
const SAME: &str = "workflow: same
input: { text: string, more: list<u32> }
nodes:
  sum: { call: arith#add, with: { a: 1, b: 2 } }
output: { zebra: $input.text, apple: $sum, more: $input.more }
";

async fn server() -> Server {
    with_workflows(Server::start().await).await
}

async fn with_workflows(server: Server) -> Server {
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "same", SAME).await.ok();
    server
}

#[tokio::test]
async fn a_result_is_answered_whole_and_in_the_order_of_its_type() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "same", &json!({"text": "x", "more": [1]})).await;
    ended(api, &run).await;
    let expected = r#"{"zebra":"x","apple":3,"more":[1]}"#;
    let result = api.get(&format!("{RUNS}/{run}/result")).await;
    assert_eq!((result.status.as_u16(), result.text()), (200, expected.into()));
    let shown = api.get(&format!("{RUNS}/{run}")).await;
    assert!(
        shown.text().contains(&format!(r#""result":{expected}"#)),
        "{}",
        shown.text()
    );

    // More than the journal holds itself, and more than is shown.
    let text = "y".repeat(100_000);
    let run = start(api, "same", &json!({"text": text, "more": []})).await;
    let told = ended(api, &run).await;
    assert!(told["result"]["$blob"].is_string(), "{told}");
    let result = api.get(&format!("{RUNS}/{run}/result")).await.ok();
    assert_eq!(result["zebra"], json!(text));
    let output = api.get(&format!("{RUNS}/{run}/nodes/sum/output")).await;
    assert_eq!(output.text(), "3");
    let input = api.get(&format!("{RUNS}/{run}/nodes/sum/input")).await;
    assert_eq!(input.text(), r#"{"a":1,"b":2}"#);
    api.get(&format!("{RUNS}/{run}/nodes/none/output"))
        .await
        .expect_problem(404, "not-found-node");
}

#[tokio::test]
async fn a_run_without_a_result_says_why() {
    let server = server().await;
    let api = &server.api;
    save(api, "waits", "workflow: waits\nnodes: { go: { wait: null } }")
        .await
        .ok();
    let run = start(api, "waits", &json!({})).await;
    let result = format!("{RUNS}/{run}/result");
    api.get(&result).await.expect_problem(409, "run-open");
    post(api, &format!("{RUNS}/{run}/cancel"), &json!({"reason": "enough"})).await;
    ended(api, &run).await;
    api.get(&result).await.expect_problem(409, "run-cancelled");
    let run = start(api, "waits", &json!({})).await;
    let completed = post(api, &format!("{RUNS}/{run}/nodes/go/complete"), &Value::Null).await;
    assert_eq!(completed.status, 204, "{}", completed.text());
    let nothing = api.get(&format!("{RUNS}/{run}/result?wait=60s")).await;
    assert_eq!(nothing.status, 204);
}

#[tokio::test]
async fn requests_about_runs_take_json_alone() {
    let server = server().await;
    let api = &server.api;
    save(api, "waits", "workflow: waits\nnodes: { go: { wait: null } }")
        .await
        .ok();
    let run = start(api, "waits", &json!({})).await;
    let ask = async |what: &str, ty: &str, body: &str| {
        let request = api.request(Method::POST, &format!("{RUNS}/{run}/{what}"));
        send(request.header("content-type", ty).body(body.to_owned())).await
    };
    for what in ["nodes/go/complete", "pause", "resume", "rerun", "cancel"] {
        for ty in [
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/octet-stream",
        ] {
            let refused = ask(what, ty, "null").await;
            let problem = refused.expect_problem(415, "unsupported-media-type");
            assert_eq!(problem["accepts"], json!(["application/json"]), "{what} {ty}");
        }
    }
    assert_eq!(ask("pause", "application/json", "{}").await.status, 204);
    let unknown = ask("resume", "application/json", r#"{"x": 1}"#).await;
    unknown.expect_problem(400, "invalid-request");
}

#[tokio::test]
async fn a_workflow_has_no_code() {
    let server = server().await;
    let refused = server.api.get(&Api::path("same", "/wasm")).await;
    let problem = refused.expect_problem(409, "other-kind");
    assert!(
        problem["detail"].as_str().unwrap().contains("/definition"),
        "{problem}"
    );
}

#[tokio::test]
async fn no_run_is_lost_to_a_time_beyond_all_times() {
    let data = tempfile::tempdir().unwrap();
    let server = with_workflows(Server::builder().data(data.path()).start().await).await;
    save(
        &server.api,
        "sleeps",
        "workflow: sleeps\ninput: { ms: u64 }\nnodes: { a: { sleep: $input.ms } }",
    )
    .await
    .ok();
    let path = Api::path("same", "/runs?timeout=99999999999999999");
    let refused = post(&server.api, &path, &json!({"text": "x", "more": []})).await;
    let problem = refused.expect_problem(400, "invalid-request");
    assert!(
        problem["detail"].as_str().unwrap().contains("366 days"),
        "{problem}"
    );
    let run = start(&server.api, "sleeps", &json!({"ms": 99_999_999_999_999_999_u64})).await;
    let told = ended(&server.api, &run).await;
    assert_eq!(
        (&told["status"], &told["error"]["code"]),
        (&json!("failed"), &json!("evaluation")),
        "{told}"
    );
    server.kill().await;
    let server = Server::builder().data(data.path()).start().await;
    assert_eq!(show(&server.api, &run).await["status"], "failed");
}

#[tokio::test]
async fn an_express_run_is_known_from_its_start_on() {
    let server = server().await;
    let api = &server.api;
    let text = "workflow: fast
durability: express
input: { a: u32 }
nodes:
  sum: { call: arith#add, with: { a: $input.a, b: 1 } }
output: $sum
";
    save(api, "fast", text).await.ok();
    for a in 0..100_u32 {
        let run = start(api, "fast", &json!({"a": a})).await;
        let told = api.get(&format!("{RUNS}/{run}?wait=60s")).await.ok();
        assert_eq!(
            (&told["status"], &told["result"]),
            (&json!("succeeded"), &json!(a + 1))
        );
    }
    let list = api.get(&format!("{RUNS}?workflow=fast&limit=1000")).await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_trial_is_marked_and_repeated_as_one() {
    let server = server().await;
    let api = &server.api;
    let request = api.request(Method::POST, &Api::path("same", "/runs"));
    let request = request.header("content-type", "application/vnd.weft.start+json");
    let body = json!({"arguments": {"text": "x", "more": []}, "stubs": {"sum": 40}});
    let started = send(request.body(body.to_string())).await;
    let run = started.ok()["run"].as_str().unwrap().to_owned();
    assert_eq!(ended(api, &run).await["stubs"], 1);
    let again = post(api, &format!("{RUNS}/{run}/rerun"), &json!({"what": "whole"})).await;
    let again = again.ok()["run"].as_str().unwrap().to_owned();
    let told = ended(api, &again).await;
    assert_eq!(
        (&told["stubs"], &told["result"]["apple"]),
        (&json!(1), &json!(40)),
        "{told}"
    );
    let list = api.get(RUNS).await.ok();
    let marked = list["items"].as_array().unwrap().iter();
    assert!(marked.clone().all(|run| run["stubs"] == 1), "{list}");
}

#[tokio::test]
async fn a_call_that_ran_out_of_time_tells_its_timeout_and_what_it_used() {
    let server = server().await;
    let api = &server.api;
    api.deploy("spin", fixture("spin")).await;
    save(
        api,
        "slow",
        "workflow: slow\nnodes: { spin: { call: spin#spin, timeout: 300ms } }",
    )
    .await
    .ok();
    let run = start(api, "slow", &json!({})).await;
    let told = ended(api, &run).await;
    let node = &told["node-states"][0];
    let message = node["error"]["message"].as_str().unwrap();
    assert!(message.contains("timeout of 300 ms"), "{told}");
    assert!(node["usage"]["cpu-us"].as_u64().unwrap() > 0, "{told}");
}

#[tokio::test]
async fn who_deletes_a_workflow_is_told_of_its_runs() {
    let server = server().await;
    let api = &server.api;
    for _ in 0..2 {
        let run = start(api, "same", &json!({"text": "x", "more": []})).await;
        ended(api, &run).await;
    }
    let deleted = send(api.request(Method::DELETE, &Api::path("same", ""))).await;
    assert_eq!(
        (deleted.status.as_u16(), &deleted.headers["weft-kept-runs"]),
        (204, &"2".parse().unwrap())
    );
    let deleted = send(api.request(Method::DELETE, &Api::path("arith", ""))).await;
    assert_eq!(deleted.status, 204);
    assert!(!deleted.headers.contains_key("weft-kept-runs"));
}

#[tokio::test]
async fn settings_of_a_workflow_are_those_that_it_has() {
    let server = server().await;
    let api = &server.api;
    let patch = async |settings: Value| {
        let request = api.request(Method::PATCH, &Api::path("same", ""));
        let request = request.header("content-type", "application/merge-patch+json");
        send(request.body(settings.to_string())).await
    };
    assert_eq!(patch(json!({"labels": {"team": "a"}})).await.status, 201);
    for (settings, pointer) in [
        (json!({"grants": {"http": ["example.com"]}}), "/grants"),
        (json!({"env": {"A": "b"}}), "/env"),
        (json!({"needs": {"level": "process"}}), "/needs"),
        (json!({"profile": "sandbox"}), "/profile"),
    ] {
        let problem = patch(settings).await.expect_problem(400, "invalid-settings");
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    let described = SAME.replace(
        "workflow: same",
        "workflow: same\ndescription: |\n  Answers\n  the same.",
    );
    save(api, "same", described).await.ok();
    let told = api.about("same", "").await;
    assert_eq!(told["description"], "Answers the same.", "{told}");
    let refused = post(api, &Api::path("arith", "/repin"), &json!({})).await;
    let problem = refused.expect_problem(409, "other-kind");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("component, not a workflow"),
        "{problem}"
    );
}

/// A workflow whose values are bytes.
const BYTES: &str = "workflow: bytes
input: { data: list<u8> }
parameters:
  extra: { type: list<u8>, default: [0] }
nodes:
  more: { wait: list<u8> }
output: { data: $input.data, more: $more, extra: $global.extra }
";

#[tokio::test]
async fn stubs_globals_and_arguments_of_repetitions_are_taken_by_address() {
    let server = server().await;
    let api = &server.api;
    save(api, "bytes", BYTES).await.ok();
    let blob = async |bytes: &'static [u8]| {
        let request = api.request(Method::POST, "/v1/projects/default/blobs");
        let digest = send(request.body(bytes)).await.ok()["digest"].clone();
        json!({ "$blob": digest })
    };
    let (one, other) = (blob(b"one").await, blob(b"other").await);
    let request = api.request(Method::POST, &Api::path("bytes", "/runs"));
    let request = request.header("content-type", "application/vnd.weft.start+json");
    let body = json!({"arguments": {"data": one}, "globals": {"extra": one}, "stubs": {"more": one}});
    let run = send(request.body(body.to_string())).await.ok();
    let run = run["run"].as_str().unwrap().to_owned();
    let told = ended(api, &run).await;
    let first = told["result"]["data"].clone();
    assert!(!first.is_null(), "{told}");
    for member in ["more", "extra"] {
        assert_eq!(told["result"][member], first, "{told}");
    }

    let again = json!({"what": "whole", "arguments": {"data": other}});
    let again = post(api, &format!("{RUNS}/{run}/rerun"), &again).await.ok();
    let told = ended(api, again["run"].as_str().unwrap()).await;
    assert_ne!(told["result"]["data"], first, "{told}");
    assert_eq!(told["result"]["more"], first, "{told}");
}

#[tokio::test]
async fn a_repetition_with_a_key_is_one_run() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "same", &json!({"text": "x", "more": [1]})).await;
    ended(api, &run).await;
    let rerun = async |key: &str, body: Value| {
        let request = api.request(Method::POST, &format!("{RUNS}/{run}/rerun"));
        let request = request.header("idempotency-key", key);
        send(
            request
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await
    };
    let whole = json!({"what": "whole"});
    let first = rerun("a", whole.clone()).await.ok()["run"].clone();
    assert_eq!(rerun("a", whole.clone()).await.ok()["run"], first);
    assert_ne!(rerun("b", whole.clone()).await.ok()["run"], first);
    let refused = rerun("a", json!({"from": ["sum"]})).await;
    assert_eq!(refused.status, 422, "{}", refused.text());

    let first = first.as_str().unwrap();
    ended(api, first).await;
    let request = api.request(Method::DELETE, &format!("{RUNS}/{first}"));
    assert_eq!(send(request).await.status, 204);
    let gone = rerun("a", whole).await;
    assert_eq!(gone.status, 410, "{}", gone.text());
    assert_eq!(gone.json()["type"], "/problems/key-outlived");
}
