//! Runs that await somebody: how they are found, what they tell, and who brought what they awaited.

use jiff::Timestamp;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, save, show, start, states};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, fixture};

const INNER: &str = "workflow: inner
input: { a: u32 }
nodes:
  sum: { call: arith#add, with: { a: $input.a, b: 1 } }
  approval: { wait: 'record { by: string, ok: bool }', after: [sum], timeout: 1h }
  signed: { call: arith#add, with: { a: $sum, b: 10 }, when: $approval.ok }
output: $signed
";

const OUTER: &str = "workflow: outer
input: { list: list<u32> }
nodes:
  pages: { call: inner, for-each: $input.list, with: { a: $item } }
";

async fn server() -> Server {
    with_workflows(Server::start().await).await
}

async fn with_workflows(server: Server) -> Server {
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "inner", INNER).await.ok();
    save(&server.api, "outer", OUTER).await.ok();
    server
}

async fn awaiting(api: &Api, query: &str) -> Vec<Value> {
    let list = api.get(&format!("{RUNS}?awaiting{query}")).await.ok();
    list["items"].as_array().unwrap().clone()
}

async fn complete(api: &Api, run: &str, body: &str) -> weft_tests::api::Answer {
    let request = api.request(
        reqwest::Method::POST,
        &format!("{RUNS}/{run}/nodes/approval/complete"),
    );
    let request = request.header("weft-user", "bea");
    send(
        request
            .header("content-type", "application/json")
            .body(body.to_owned()),
    )
    .await
}

#[tokio::test]
async fn what_a_nested_run_awaits_is_brought_by_the_way_to_it() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "outer", &json!({"list": [1, 2]})).await;
    eventually("both approvals are awaited", || async {
        awaiting(api, "").await.len() == 2
    })
    .await;
    let shell = Shell::at(&api.base);
    let (code, error) = shell
        .fails(&["complete", &run, "pages.approval", "ok=true"])
        .await;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("say which item"), "{error}");
    for (item, ok) in [(1, "ok=true"), (0, "ok=false")] {
        let node = format!("pages[{item}].approval");
        shell.ok(&["complete", &run, &node, "by=Grace", ok]).await;
    }
    let told = ended(api, &run).await;
    assert_eq!(told["status"], "succeeded", "{told}");
}

#[tokio::test]
async fn a_run_that_awaits_somebody_is_found_and_says_for_what() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "inner", &json!({"a": 1})).await;
    eventually("the approval is awaited", || async {
        !awaiting(api, "").await.is_empty()
    })
    .await;
    let found = awaiting(api, "&workflow=inner").await;
    assert_eq!(
        (&found[0]["run"], &found[0]["awaiting"]),
        (&json!(run), &json!(["approval"]))
    );
    assert!(awaiting(api, "&workflow=outer").await.is_empty());
    let told = show(api, &run).await;
    assert_eq!(told["awaiting"], json!(["approval"]), "{told}");
    let node = api.get(&format!("{RUNS}/{run}/nodes/approval")).await.ok();
    assert_eq!(node["awaits"], "record { by: string, ok: bool }", "{node}");
    assert!(node["due"].is_string(), "{node}");

    let empty = complete(api, &run, "").await;
    let problem = empty.expect_problem(400, "invalid-arguments");
    assert_eq!(
        problem["expected"], "record { by: string, ok: bool }",
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("the body is empty"),
        "{problem}"
    );
    let wrong = complete(api, &run, r#"{"by": 1, "ok": true}"#).await;
    wrong.expect_problem(400, "invalid-arguments");

    let brought = complete(api, &run, r#"{"by": "bea", "ok": false}"#).await;
    assert_eq!(brought.status, 204, "{}", brought.text());
    let told = ended(api, &run).await;
    assert!(told["awaiting"].is_null() && awaiting(api, "").await.is_empty());
    let node = api.get(&format!("{RUNS}/{run}/nodes/approval")).await.ok();
    assert_eq!(node["completed-by"], "bea", "{node}");
    assert!(node["awaits"].is_null(), "{node}");
}

#[tokio::test]
async fn what_is_awaited_is_awaited_after_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let server = with_workflows(Server::builder().data(data.path()).start().await).await;
    let run = start(&server.api, "inner", &json!({"a": 1})).await;
    eventually("the approval is awaited", || async {
        !awaiting(&server.api, "").await.is_empty()
    })
    .await;
    server.kill().await;
    let server = Server::builder().data(data.path()).start().await;
    let found = awaiting(&server.api, "").await;
    assert_eq!(found[0]["run"], json!(run));
}

#[tokio::test]
async fn nested_runs_are_told_with_their_node_and_name_it() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "outer", &json!({"list": [1, 2, 3]})).await;
    eventually("three approvals are awaited", || async {
        awaiting(api, "").await.len() == 3
    })
    .await;
    let told = show(api, &run).await;
    let nested = told["node-states"][0]["nested"].as_array().unwrap();
    let items: Vec<_> = nested
        .iter()
        .map(|nested| nested["item"].as_u64().unwrap())
        .collect();
    assert_eq!(items, [0, 1, 2], "{told}");
    let inner = nested[1]["run"].as_str().unwrap();
    let told = show(api, inner).await;
    assert_eq!(
        (
            &told["trigger"]["node"],
            &told["trigger"]["item"],
            &told["trigger"]["run"]
        ),
        (&json!("pages"), &json!(1), &json!(run)),
        "{told}"
    );
    let list = api.get(&format!("{RUNS}?parent={run}")).await.ok();
    let list = list["items"].as_array().unwrap();
    let created: Vec<_> = list
        .iter()
        .map(|run| run["created-at"].as_str().unwrap().parse::<Timestamp>().unwrap())
        .collect();
    assert!(created.is_sorted_by(|a, b| a >= b), "{created:?}");
    assert!(list.iter().all(|run| run["trigger"]["node"] == "pages"));
    for nested in nested {
        let brought = complete(api, nested["run"].as_str().unwrap(), r#"{"by": "b", "ok": true}"#).await;
        assert_eq!(brought.status, 204);
    }
    assert_eq!(ended(api, &run).await["status"], "succeeded");
}

/// The events of a stream.
fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn a_list_of_which_an_item_failed_is_told_as_its_node() {
    let server = server().await;
    let api = &server.api;
    api.deploy("trap", fixture("trap")).await;
    let text = "workflow: w
input: { list: list<u32> }
nodes:
  parts: { call: trap#divide, for-each: $input.list, with: { dividend: 6, divisor: $item }, on-item-failure: continue }
output: $parts
";
    save(api, "w", text).await.ok();
    let run = start(api, "w", &json!({"list": [1, 0, 2]})).await;
    assert_eq!(states(&ended(api, &run).await), [("parts", "failed")]);
    let events = events(&api.get(&format!("{RUNS}/{run}/events")).await.text());
    let last: Vec<_> = events[events.len() - 2..]
        .iter()
        .map(|event| (&event["kind"], &event["node"], &event["item"]))
        .collect();
    let failed = (&json!("node-failed"), &json!("parts"), &Value::Null);
    assert_eq!(last, [failed, (&json!("finished"), &Value::Null, &Value::Null)]);
}

#[tokio::test]
async fn items_that_are_stopped_are_told_to_be_cancelled_everywhere() {
    let server = server().await;
    let api = &server.api;
    let run = start(api, "outer", &json!({"list": [1, 2]})).await;
    eventually("both await somebody", async || awaiting(api, "").await.len() == 2).await;
    send(api.request(reqwest::Method::POST, &format!("{RUNS}/{run}/cancel"))).await;
    let told = ended(api, &run).await;
    let items = &told["node-states"][0]["items"];
    assert_eq!(
        (&items["cancelled"], &items["failed"], &items["failures"]),
        (&json!(2), &json!(0), &Value::Null),
        "{told}"
    );
    let events = events(&api.get(&format!("{RUNS}/{run}/events")).await.text());
    let last: Vec<_> = events
        .iter()
        .filter(|event| event["node"] == "pages")
        .map(|event| (&event["kind"], &event["item"], &event["error"]["code"]))
        .collect();
    let cancelled = json!("node-cancelled");
    assert_eq!(
        last[last.len() - 3..],
        [
            (&cancelled, &json!(0), &json!("cancelled")),
            (&cancelled, &json!(1), &json!("cancelled")),
            (&cancelled, &Value::Null, &Value::Null),
        ],
        "{events:?}"
    );
    let list = api
        .get(&format!("{RUNS}?parent={run}&status=cancelled"))
        .await
        .ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
}

#[tokio::test]
async fn what_awaits_somebody_has_effects_and_a_key_leads_to_it() {
    let server = server().await;
    let api = &server.api;
    for workflow in ["inner", "outer"] {
        let about = api.about(workflow, "").await;
        assert_eq!(about["version"]["effect-free"], false, "{about}");
    }
    let cached = OUTER.replace("with: { a: $item }", "with: { a: $item }, cache: 1h");
    let refused = save(api, "cached", cached.replace("outer", "cached")).await;
    let told = refused.expect_problem(400, "invalid-definition").to_string();
    assert!(told.contains("cache-effects"), "{told}");

    let call = || {
        let request = api.calling("inner?timeout=100ms").header("idempotency-key", "k");
        send(request.json(&json!({"a": 1})))
    };
    let first = call().await;
    assert_eq!(first.status, 202, "{}", first.text());
    let again = call().await.expect_problem(409, "key-in-flight");
    assert_eq!(again["run"], first.json()["run"], "{again}");
}

#[tokio::test]
async fn nodes_that_are_over_because_of_others_are_told_as_it_happens() {
    let server = server().await;
    let api = &server.api;
    let text = "workflow: w
input: { on: bool }
nodes:
  a: { call: arith#add, with: { a: 1, b: 1 }, when: $input.on }
  b: { call: arith#add, with: { a: $a, b: 1 } }
  c: { call: arith#add, with: { a: $b, b: 1 } }
";
    save(api, "w", text).await.ok();
    let run = start(api, "w", &json!({"on": false})).await;
    let told = ended(api, &run).await;
    assert!(
        states(&told).iter().all(|(_, status)| *status == "skipped"),
        "{told}"
    );
    let stream = api.get(&format!("{RUNS}/{run}/events")).await;
    let events = events(&stream.text());
    let skipped: Vec<_> = events
        .iter()
        .filter(|event| event["kind"] == "node-skipped")
        .map(|event| (event["node"].as_str().unwrap(), event["reason"].as_str()))
        .collect();
    let upstream = |of: &'static str| match of {
        "a" => Some("`a` was skipped, whose value it needs"),
        _ => Some("`b` was skipped, whose value it needs"),
    };
    let condition = Some("its condition was false");
    assert_eq!(
        skipped,
        [("a", condition), ("b", upstream("a")), ("c", upstream("b"))]
    );
    let ids: Vec<u64> = stream
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().unwrap())
        .collect();
    let numbers: Vec<u64> = (0..ids.len() as u64).collect();
    assert_eq!(ids, numbers, "each number once, behind all that follows from it");
}
