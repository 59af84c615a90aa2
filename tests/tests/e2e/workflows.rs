//! Workflows: saved, called, nested, followed, and taken up again after a crash.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, post, save, show, start, states};
use weft_tests::{Api, Server, eventually, example, fixture};

/// The definition of an example.
fn definition(name: &str) -> String {
    let path = format!(
        "{}/../functions/workflows/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A server with the example functions that the example workflows call, and those.
async fn with_examples(server: &Server) {
    for name in ["pricing", "markdown", "image-resize"] {
        server.api.deploy(name, example(name)).await;
    }
    for name in ["notify", "order", "thumbnails", "document"] {
        save(&server.api, name, definition(name)).await.ok();
    }
}

fn order(price: f64) -> Value {
    let items = json!([
        {"id": 1, "name": "pen", "qty": 3, "price": price, "tags": []},
        {"id": 2, "name": "ink", "qty": 1, "price": 1.5, "tags": ["blue"]},
    ]);
    json!({"id": "A-1", "customer": "Ada", "items": items})
}

#[tokio::test]
async fn a_workflow_is_called_like_a_function() {
    let server = Server::start().await;
    with_examples(&server).await;
    let answer = server.api.call("order", &order(50.0)).await;
    assert_eq!(
        answer.ok(),
        json!({
            "order": "A-1",
            "total": 151.5,
            "labels": ["<p>pen</p>\n", "<p>ink</p>\n"],
            "note": "<p>pen</p>\n",
        })
    );
    let run = show(&server.api, answer.header("weft-run")).await;
    assert_eq!(run["status"], "succeeded");
    assert_eq!(run["progress"], 1.0);
    assert_eq!(run["counts"]["succeeded"], 3);

    let small = server.api.call("order", &order(1.0)).await;
    assert_eq!(small.ok()["note"], Value::Null);
    let run = show(&server.api, small.header("weft-run")).await;
    assert!(states(&run).contains(&("note", "skipped")), "{run}");
}

#[tokio::test]
async fn a_nested_run_has_a_record_of_its_own() {
    let server = Server::start().await;
    with_examples(&server).await;
    let answer = server.api.call("order", &order(50.0)).await;
    let parent = answer.header("weft-run");
    let nested = server.api.get(&format!("{RUNS}?parent={parent}")).await.ok();
    assert_eq!(nested["items"].as_array().unwrap().len(), 1, "{nested}");
    let child = &nested["items"][0];
    assert_eq!(
        (&child["workflow"], &child["status"], &child["depth"]),
        (&json!("notify"), &json!("succeeded"), &json!(1))
    );
    assert_eq!(child["trigger"]["run"], parent);
    let all = server.api.get(RUNS).await.ok();
    assert_eq!(
        all["items"].as_array().unwrap().len(),
        1,
        "nested runs are left out"
    );
}

#[tokio::test]
async fn failures_are_told_with_their_node() {
    let server = Server::start().await;
    with_examples(&server).await;
    let mut empty = order(1.0);
    empty["items"] = json!([]);
    let problem = server
        .api
        .call("order", &empty)
        .await
        .expect_problem(422, "function-error");
    assert_eq!(
        (&problem["node"], &problem["code"]),
        (&json!("priced"), &json!("function-error"))
    );
    let by_itself = json!({"order": {"id": "A-1", "customer": "x", "items": [], "express": false}});
    let by_itself = server.api.call("pricing", &by_itself).await;
    assert_eq!(
        problem["error"],
        by_itself.expect_problem(422, "function-error")["error"]
    );
    let run = show(&server.api, problem["run"].as_str().unwrap()).await;
    assert_eq!(run["status"], "failed");
    assert_eq!(run["error"]["node"], "priced");

    let wrong = server.api.call("order", &json!({"id": 1})).await;
    assert_eq!(wrong.expect_problem(400, "invalid-arguments")["pointer"], "/id");
}

#[tokio::test]
async fn a_wrong_definition_is_told_everything_at_once() {
    let server = Server::start().await;
    server.api.deploy("markdown", example("markdown")).await;
    let text = "workflow: w\ninput: { n: u32 }\nnodes:\n  a: { call: markdwon, with: { text: $input.n } }\n  b: { call: markdown, with: \
                { text: $input.n, more: 1 } }\n  c: { call: markdown, with: { text: $d }, after: [b] }\n  d: { call: markdown, with: { text: $c } }\noutput: $e\n";
    let refused = save(&server.api, "w", text)
        .await
        .expect_problem(400, "invalid-definition");
    let problems = refused["problems"].as_array().unwrap();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem["line"].as_u64().unwrap(),
                problem["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(told.len() >= 5, "{told:?}");
    for problem in problems {
        assert!(problem["column"].as_u64().unwrap() >= 1, "{problem}");
        assert!(!problem["message"].as_str().unwrap().is_empty(), "{problem}");
    }
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert!(
        lines.contains(&4) && lines.contains(&5) && lines.contains(&8),
        "{told:?}"
    );
    server
        .api
        .get(&Api::path("w", ""))
        .await
        .expect_problem(404, "not-found-function");
}

#[tokio::test]
async fn validation_stores_nothing() {
    let server = Server::start().await;
    server.api.deploy("markdown", example("markdown")).await;
    let request = server.api.request(Method::POST, "/v1/projects/default/validate");
    let request = request.header("content-type", "application/yaml");
    let valid = send(request.body(definition("notify"))).await.ok();
    assert_eq!(valid["signature"], "func(text: string) -> string");
    assert_eq!(valid["effect-free"], true);
    let functions = server.api.get("/v1/projects/default/functions").await.ok();
    assert_eq!(functions["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_stands_for_one_run() {
    let server = Server::start().await;
    with_examples(&server).await;
    let keyed = async |arguments: &Value| {
        let request = server.api.request(Method::POST, &Api::path("notify", "/runs"));
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1");
        send(request.body(arguments.to_string())).await
    };
    let first = keyed(&json!({"text": "a"})).await.ok();
    let again = keyed(&json!({"text": "a"})).await.ok();
    assert_eq!(first["run"], again["run"]);
    let other = keyed(&json!({"text": "b"})).await;
    other.expect_problem(422, "key-reused");
}

#[tokio::test]
async fn a_wait_is_completed_once_with_a_value_of_its_type() {
    let server = Server::start().await;
    with_examples(&server).await;
    let api = &server.api;
    let run = start(api, "document", &json!({"text": "hello"})).await;
    eventually("the approval is awaited", || async {
        states(&show(api, &run).await).contains(&("approval", "running"))
    })
    .await;
    let complete = format!("{RUNS}/{run}/nodes/approval/complete");
    let wrong = post(api, &complete, &json!({"by": 7, "ok": true})).await;
    assert_eq!(wrong.expect_problem(400, "invalid-arguments")["pointer"], "/by");
    let right = json!({"by": "Grace", "ok": true});
    assert_eq!(post(api, &complete, &right).await.status, 204);
    let run = ended(api, &run).await;
    assert_eq!(run["result"], json!({"page": "<p>hello</p>\n", "by": "Grace"}));
    let late = post(api, &complete, &right).await;
    late.expect_problem(409, "run-over");
}

#[tokio::test]
async fn a_cancelled_run_stops_its_guests() {
    let server = Server::builder()
        .arguments(["--timeout", "10m", "--cpu-time", "10m"])
        .start()
        .await;
    let api = &server.api;
    api.deploy("spin", fixture("spin")).await;
    let text = "workflow: forever\nnodes:\n  spin: { call: spin#spin }\n";
    save(api, "forever", text).await.ok();
    let run = start(api, "forever", &json!({})).await;
    eventually("the guest executes", || async {
        api.executing("spin").await >= 1.0
    })
    .await;
    let cancelled = post(api, &format!("{RUNS}/{run}/cancel"), &json!({"reason": "enough"})).await;
    assert_eq!(cancelled.status, 202, "{}", cancelled.text());
    assert_eq!(ended(api, &run).await["status"], "cancelled");
    eventually("the guest is gone", || async {
        api.executing("spin").await == 0.0
    })
    .await;
    let again = post(api, &format!("{RUNS}/{run}/cancel"), &json!({})).await;
    again.expect_problem(409, "run-over");
}

#[tokio::test]
async fn open_runs_go_on_after_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    with_examples(&server).await;
    let finished = server.api.call("order", &order(50.0)).await;
    let finished = finished.header("weft-run").to_owned();
    let before = show(&server.api, &finished).await;
    let run = start(&server.api, "document", &json!({"text": "kept"})).await;
    eventually("the approval is awaited", || async {
        states(&show(&server.api, &run).await).contains(&("approval", "running"))
    })
    .await;
    server.kill().await;

    let server = Server::builder().data(data.path()).start().await;
    let api = &server.api;
    assert_eq!(show(api, &finished).await["result"], before["result"]);
    let complete = format!("{RUNS}/{run}/nodes/approval/complete");
    let approval = json!({"by": "Grace", "ok": true});
    assert_eq!(post(api, &complete, &approval).await.status, 204);
    assert_eq!(ended(api, &run).await["result"]["page"], "<p>kept</p>\n");
}

#[tokio::test]
async fn a_run_is_repeated_with_other_arguments() {
    let server = Server::start().await;
    with_examples(&server).await;
    let api = &server.api;
    let mut empty = order(1.0);
    empty["items"] = json!([]);
    let failed = api.call("order", &empty).await.json();
    let failed = failed["run"].as_str().unwrap();
    let again = post(
        api,
        &format!("{RUNS}/{failed}/rerun"),
        &json!({"what": "whole", "arguments": order(2.0)}),
    )
    .await;
    assert_eq!(again.status, 202, "{}", again.text());
    let again = ended(api, again.json()["run"].as_str().unwrap()).await;
    assert_eq!(again["result"]["total"], 7.5);
    assert_eq!(again["trigger"], json!({"kind": "rerun", "of": failed}));
}

#[tokio::test]
async fn events_tell_what_happened_in_order() {
    let server = Server::start().await;
    with_examples(&server).await;
    let answer = server.api.call("notify", &json!({"text": "x"})).await;
    let run = answer.header("weft-run");
    let events = server.api.get(&format!("{RUNS}/{run}/events")).await.text();
    let kinds: Vec<_> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        // Told only of nodes that take a while.
        .filter(|kind| *kind != "node-started")
        .collect();
    assert_eq!(kinds, ["accepted", "started", "node-succeeded", "finished"]);
    let rest = server
        .api
        .get(&format!("{RUNS}/{run}/events?from=2"))
        .await
        .text();
    assert!(
        rest.contains("event: finished") && !rest.contains("event: started"),
        "{rest}"
    );
}

#[tokio::test]
async fn a_failure_is_told_alike_however_deep_it_is_nested() {
    let server = Server::start().await;
    with_examples(&server).await;
    let api = &server.api;
    let order = "{ id: A-1, customer: x, items: [], express: false }";
    for (name, text) in [
        ("inner", format!("nodes:\n  priced: {{ call: pricing, with: {{ order: {order} }} }}\n")),
        ("middle", "input: { n: u32 }\nnodes:\n  below: { call: inner }\n".to_owned()),
        (
            "outer",
            "input: { list: list<u32> }\nnodes:\n  each: { call: middle, for-each: $input.list, with: { n: $item } }\n"
                .to_owned(),
        ),
    ] {
        save(api, name, format!("workflow: {name}\n{text}")).await.ok();
    }
    let refused = async |name: &str, arguments: Value| {
        let answer = api.call(name, &arguments).await;
        answer.expect_problem(422, "function-error")
    };
    let direct = refused("inner", json!({})).await;
    assert_eq!(direct.get("path"), None);
    let nested = refused("outer", json!({"list": [7]})).await;
    for member in ["error", "code"] {
        assert_eq!(nested[member], direct[member], "{nested}");
    }
    assert_eq!(
        (&nested["node"], &nested["item"], &nested["path"]),
        (&json!("each"), &json!(0), &json!("each[0].below.priced"))
    );
    let detail = nested["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("node `each[0].below.priced` failed: "),
        "{detail}"
    );
    let run = |problem: &Value, member: &str| problem[member].as_str().unwrap().to_owned();
    let outer = show(api, &run(&nested, "run")).await;
    assert_eq!(
        (&outer["workflow"], &outer["error"]["code"]),
        (&json!("outer"), &json!("run"))
    );
    let inner = show(api, &run(&nested, "nested-run")).await;
    assert_eq!(
        (&inner["workflow"], &inner["error"]["node"]),
        (&json!("inner"), &json!("priced"))
    );
}

#[tokio::test]
async fn versions_stay_pinned_until_they_are_pinned_anew() {
    let server = Server::start().await;
    with_examples(&server).await;
    let api = &server.api;
    save(api, "notify", definition("notify") + "# as before\n")
        .await
        .ok();
    let graph = api.about("order", "/graph").await;
    assert!(graph.to_string().contains("notify"), "{graph}");
    let dry = post(api, &Api::path("order", "/repin?dry-run"), &json!({}))
        .await
        .ok();
    assert_eq!(
        dry["changes"],
        json!([{"function": "notify", "from": 1, "to": 2}])
    );
    let repinned = post(api, &Api::path("order", "/repin"), &json!({})).await.ok();
    assert_eq!(repinned["version"], 2);
    let diff = api.about("order", "/diff?from=1&to=2").await;
    assert!(diff.to_string().contains("note"), "{diff}");
    let kept = api.request(Method::DELETE, &Api::path("notify", ""));
    send(kept).await.expect_problem(409, "still-referenced");
}

#[tokio::test]
async fn what_an_old_version_calls_is_not_deleted() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("add", fixture("arith")).await;
    api.deploy("other", fixture("arith")).await;
    let calling = |name: &str| {
        format!("workflow: w\nnodes: {{ sum: {{ call: {name}, with: {{ a: 1, b: 2 }} }} }}\noutput: $sum\n")
    };
    for called in ["add", "other"] {
        save(api, "w", calling(called)).await.ok();
    }

    let delete = async |path: &str| send(api.request(Method::DELETE, path)).await;
    let problem = delete(&Api::path("add", "")).await;
    let problem = problem.expect_problem(409, "still-referenced");
    assert_eq!(problem["by"], json!(["w@1"]));
    let activated = post(api, &Api::path("w", "/versions/1/activate"), &json!({})).await;
    assert_eq!(activated.ok()["active"], 1);
    save(api, "w", calling("other")).await.ok();
    assert_eq!(delete(&Api::path("w", "/versions/1")).await.status, 204);
    assert_eq!(delete(&Api::path("add", "")).await.status, 204);
}

#[tokio::test]
async fn pictures_of_every_size_are_made() {
    let server = Server::start().await;
    with_examples(&server).await;
    // One black pixel.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
    let sizes = json!([{"width": 8, "height": 8}, {"width": 16, "height": 16}]);
    let made = server
        .api
        .call("thumbnails", &json!({"image": png, "sizes": sizes}))
        .await;
    let made = made.ok();
    assert_eq!(made.as_array().unwrap().len(), 2);
    for image in made.as_array().unwrap() {
        assert!(image.as_str().unwrap().starts_with("iVBORw0KGgo"), "{image}");
    }
}
