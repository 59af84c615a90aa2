//! Runs looked at closely: nodes with what they were called with, runs beside each other, and what open runs hold on to.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, post, save, show, start, states};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, fixture};

/// Two additions, one per item, and an event to await in between where `waits`.
fn adding(waits: bool) -> String {
    let (wait, after) = match waits {
        true => ("  go: { wait: u32 }\n", "$go"),
        false => ("  go: { sleep: 1ms }\n", "1"),
    };
    format!(
        "workflow: w\ninput: {{ a: u32, list: list<u32> }}\nnodes:\n  sum: {{ call: arith#add, with: {{ a: $input.a, b: 2 }} }}\n{wait}  \
         each: {{ call: arith#add, for-each: $input.list, with: {{ a: $item, b: $sum }} }}\n  last: {{ call: arith#add, with: {{ a: \
         $sum, b: {after} }} }}\noutput: $last\n"
    )
}

async fn started(waits: bool) -> Server {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    save(&server.api, "w", adding(waits)).await.ok();
    server
}

async fn finished(api: &Api, arguments: &Value) -> String {
    let run = start(api, "w", arguments).await;
    let told = ended(api, &run).await;
    assert_eq!(told["status"], "succeeded", "{told}");
    run
}

async fn waiting(api: &Api, run: &str) {
    eventually("the event is awaited", || async {
        states(&show(api, run).await).contains(&("go", "running"))
    })
    .await;
}

#[tokio::test]
async fn a_node_is_shown_with_what_it_was_called_with() {
    let server = started(false).await;
    let api = &server.api;
    let run = finished(api, &json!({"a": 40, "list": [7, 8]})).await;
    let node = async |name: &str| api.get(&format!("{RUNS}/{run}/nodes/{name}")).await;
    let sum = node("sum").await.ok();
    assert_eq!(sum["input"], json!({"a": 40, "b": 2}), "{sum}");
    assert_eq!(
        (&sum["output"], &sum["status"]),
        (&json!(42), &json!("succeeded"))
    );
    assert_eq!(
        (&sum["kind"], &sum["callee"]),
        (&json!("call"), &json!("arith#add@1"))
    );
    let sleep = node("go").await.ok();
    assert_eq!((&sleep["kind"], &sleep["input"]), (&json!("sleep"), &json!(1)));

    let each = node("each").await.ok();
    assert_eq!(
        (&each["input"], &each["output"]),
        (&Value::Null, &json!([49, 50]))
    );
    let second = node("each?item=1").await.ok();
    assert_eq!(second["input"], json!({"a": 8, "b": 42}));
    assert_eq!(node("each?item=2").await.ok()["input"], Value::Null);

    node("other").await.expect_problem(404, "not-found-node");
    node("each?item=x").await.expect_problem(400, "invalid-query");
    let shell = Shell::at(&api.base);
    let shown = shell.ok(&["show", &run, "--node", "each", "--item", "1"]).await;
    assert!(shown.contains("call arith#add@1"), "{shown}");
    assert!(shown.contains(r#"input: {"a":8,"b":42}"#), "{shown}");
    assert!(shown.contains("output: [49,50]"), "{shown}");
}

#[tokio::test]
async fn a_node_that_waits_has_the_input_that_it_will_have() {
    let server = started(true).await;
    let api = &server.api;
    let run = start(api, "w", &json!({"a": 1, "list": []})).await;
    waiting(api, &run).await;
    let node = api.get(&format!("{RUNS}/{run}/nodes/last")).await.ok();
    assert_eq!(
        (&node["status"], &node["input"]),
        (&json!("waiting"), &Value::Null)
    );
    post(api, &format!("{RUNS}/{run}/nodes/go/complete"), &json!(5)).await;
    ended(api, &run).await;
    let node = api.get(&format!("{RUNS}/{run}/nodes/last")).await.ok();
    assert_eq!(node["input"], json!({"a": 3, "b": 5}));
}

#[tokio::test]
async fn items_that_failed_are_told_with_their_reasons() {
    let server = Server::start().await;
    let api = &server.api;
    api.deploy("trap", fixture("trap")).await;
    let text = "workflow: parts\ninput: { list: list<u32> }\nnodes:\n  parts: { call: trap#divide, for-each: $input.list, with: { \
                dividend: 6, divisor: $item }, on-item-failure: collect }\noutput: $parts\n";
    save(api, "parts", text).await.ok();
    let run = start(api, "parts", &json!({"list": [1, 0, 2, 0, 0, 0]})).await;
    let told = ended(api, &run).await;
    let items = &told["node-states"][0]["items"];
    assert_eq!(
        (&items["succeeded"], &items["failed"]),
        (&json!(2), &json!(4)),
        "{told}"
    );
    assert_eq!(items["failures"].as_array().unwrap().len(), 3, "{told}");
    let node = api.get(&format!("{RUNS}/{run}/nodes/parts")).await.ok();
    let failures = node["items"]["failures"].as_array().unwrap();
    let mut failed: Vec<_> = failures.iter().map(|it| it["item"].as_u64().unwrap()).collect();
    failed.sort_unstable();
    assert_eq!(failed, [1, 3, 4, 5], "{node}");
    for failure in failures {
        assert_eq!(failure["code"], "trap");
        assert!(!failure["message"].as_str().unwrap().is_empty(), "{failure}");
    }
    let shell = Shell::at(&api.base);
    let shown = shell.ok(&["show", &run]).await;
    assert_eq!(shown.matches("] trap: ").count(), 3, "{shown}");
    assert!(shown.contains("and 1 more that failed"), "{shown}");
    let shown = shell.ok(&["show", &run, "--node", "parts"]).await;
    assert_eq!(shown.matches("] trap: ").count(), 4, "{shown}");
}

#[tokio::test]
async fn runs_are_laid_beside_each_other() {
    let server = started(false).await;
    let api = &server.api;
    let first = finished(api, &json!({"a": 1, "list": [1, 2]})).await;
    let same = finished(api, &json!({"a": 1, "list": [1, 2]})).await;
    let other = finished(api, &json!({"a": 1, "list": [1, 3]})).await;
    let compare = async |with: &str| api.get(&format!("{RUNS}/{first}/compare?with={with}")).await;
    let told = compare(&same).await.ok();
    assert_eq!(
        (&told["arguments"], &told["result"]),
        (&json!("same"), &json!("same"))
    );
    let nodes = told["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    assert!(nodes.iter().all(|node| node["input"] == "same"), "{told}");

    let told = compare(&other).await.ok();
    assert_eq!(
        (&told["arguments"], &told["result"]),
        (&json!("different"), &json!("same"))
    );
    assert_eq!(
        told["arguments-differ"],
        json!([{"at": "/list/1", "before": 2, "after": 3}])
    );
    assert_eq!(told.get("result-differs"), None);
    let nodes = told["nodes"].as_array().unwrap();
    let each = nodes.iter().find(|node| node["name"] == "each").unwrap();
    assert_eq!(
        each["items-differ"],
        json!({"before": 2, "after": 2, "compared": 2, "differing": 1, "first": [1]})
    );
    let of = |told: &Value, name: &str| {
        let nodes = told["nodes"].as_array().unwrap().iter();
        let node = nodes.clone().find(|node| node["name"] == name).unwrap();
        (
            node["input"].as_str().unwrap().to_owned(),
            node["output"].as_str().unwrap().to_owned(),
        )
    };
    let pair = |input: &str, output: &str| (input.to_owned(), output.to_owned());
    assert_eq!(of(&told, "sum"), pair("same", "same"));
    assert_eq!(of(&told, "each"), pair("different", "different"));
    assert_eq!(of(&told, "last"), pair("same", "same"));

    // Another version: one node more, another defined otherwise.
    let changed = adding(false).replace("b: 2", "b: 3").replace(
        "output:",
        "  more: { call: arith#add, with: { a: $last, b: 1 } }\noutput:",
    );
    save(api, "w", changed).await.ok();
    let newer = finished(api, &json!({"a": 1, "list": [1, 2]})).await;
    let told = compare(&newer).await.ok();
    assert_eq!(told["after"]["only"], json!(["more"]));
    assert_eq!(
        (&told["before"]["version"], &told["after"]["version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(of(&told, "sum"), pair("different", "different"));
    let sum = told["nodes"].as_array().unwrap().iter();
    let sum = sum.clone().find(|node| node["name"] == "sum").unwrap();
    assert_eq!(sum["redefined"], true);
    assert_eq!(told["definition"]["nodes"]["added"], json!(["more"]));

    let shell = Shell::at(&api.base);
    let shown = shell.ok(&["compare", &first, &other]).await;
    assert!(shown.contains("arguments different"), "{shown}");
    let each = shown.lines().find(|line| line.starts_with("each")).unwrap();
    assert_eq!(each.matches("different").count(), 2, "{shown}");
    assert!(shown.contains("each output /1: 5 → 6"), "{shown}");
    for line in ["arguments /list/1: 2 → 3", "each input: 1 of 2 differ: [1]"] {
        assert!(shown.lines().any(|it| it == line), "{shown}");
    }

    compare("x").await.expect_problem(400, "invalid-query");
    let nobody = "0198f3a0-0000-7000-8000-000000000000";
    compare(nobody).await.expect_problem(404, "not-found-run");
    let answer = api.get(&format!("{RUNS}/{first}/compare")).await;
    answer.expect_problem(400, "invalid-query");
}

#[tokio::test]
async fn what_open_runs_need_is_not_deleted() {
    let server = started(true).await;
    let api = &server.api;
    save(
        api,
        "outer",
        "workflow: outer\nnodes:\n  in: { call: w, with: { a: 1, list: [] } }\n",
    )
    .await
    .ok();
    let delete = async |name: &str| send(api.request(Method::DELETE, &Api::path(name, ""))).await;
    let run = start(api, "outer", &json!({})).await;
    eventually("the nested run waits", || async {
        let nested = api.get(&format!("{RUNS}?parent={run}")).await.ok();
        match nested["items"][0]["run"].as_str() {
            Some(nested) => states(&show(api, nested).await).contains(&("go", "running")),
            None => false,
        }
    })
    .await;
    let refused = delete("outer").await.expect_problem(409, "open-runs");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("wait for them or cancel them"), "{detail}");
    // Called by active versions no longer, but by those that open runs execute, which stay as long.
    for (name, text) in [
        ("outer", "workflow: outer\nnodes:\n  in: { sleep: 1ms }\n"),
        (
            "w",
            "workflow: w\ninput: { a: u32, list: list<u32> }\nnodes:\n  x: { sleep: 1ms }\noutput: $input.a\n",
        ),
    ] {
        save(api, name, text).await.ok();
    }
    let refused = delete("arith").await.expect_problem(409, "still-referenced");
    assert_eq!(refused["by"], json!(["w@1"]));
    let refused = delete("outer").await.expect_problem(409, "open-runs");
    assert!(
        refused["detail"].as_str().unwrap().contains("`outer`"),
        "{refused}"
    );
    assert_eq!(api.call("arith?export=add", &json!([1, 2])).await.ok(), json!(3));

    post(api, &format!("{RUNS}/{run}/cancel"), &json!({})).await;
    assert_eq!(ended(api, &run).await["status"], "cancelled");
    for name in ["outer", "w", "arith"] {
        let deleted = delete(name).await;
        assert_eq!(deleted.status, 204, "{}", deleted.text());
    }
}
