//! What the nodes of runs print.

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::runs::{RUNS, ended, post, save, show, start, states};
use weft_tests::shell::Shell;
use weft_tests::wait::within;
use weft_tests::{Api, Server, eventually, fixture};

/// Two nodes that print, one of them once per item, and one that waits after them where `waits`.
async fn printing(waits: bool) -> Server {
    let server = Server::start().await;
    server.api.deploy("flood", fixture("log-flood")).await;
    let mut text = String::from(
        "workflow: w\ninput: { lengths: list<u32> }\nnodes:\n  one: { call: flood#flood, with: { lines: 3, length: 10 } }\n  each: { \
         call: flood#flood, for-each: $input.lengths, with: { lines: 1, length: $item }, after: [one] }\n",
    );
    if waits {
        text.push_str("  go: { wait: null, after: [each] }\n");
    }
    save(&server.api, "w", text).await.ok();
    server
}

async fn page(api: &Api, run: &str, below: &str) -> Value {
    api.get(&format!("{RUNS}/{run}{below}")).await.ok()
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("a list")
}

/// A run that has ended, of two items.
async fn finished(api: &Api) -> String {
    let run = start(api, "w", &json!({"lengths": [20, 30]})).await;
    let told = ended(api, &run).await;
    assert_eq!(told["status"], "succeeded", "{told}");
    run
}

#[tokio::test]
async fn a_run_has_the_lines_of_its_nodes() {
    let server = printing(false).await;
    let api = &server.api;
    let run = finished(api).await;
    finished(api).await;
    let all = page(api, &run, "/logs").await;
    let mut told: Vec<_> = items(&all)
        .iter()
        .map(|line| {
            assert_eq!(
                (&line["run"], &line["attempt"]),
                (&json!(run), &json!(1)),
                "{line}"
            );
            assert_eq!(line["committed"], true, "{line}");
            let length = line["text"].as_str().unwrap().len();
            (line["node"].as_str().unwrap(), line["item"].as_u64(), length)
        })
        .collect();
    assert_eq!(told[..3], [("one", None, 10); 3]);
    told[3..].sort_unstable();
    assert_eq!(told[3..], [("each", Some(0), 20), ("each", Some(1), 30)]);

    let each = page(api, &run, "/nodes/each/logs").await;
    assert_eq!(items(&each).len(), 2, "{each}");
    assert!(items(&each).iter().all(|line| line["node"] == "each"), "{each}");
    let chosen = page(api, &run, "/nodes/one/logs?contains=1...").await;
    assert_eq!(items(&chosen).len(), 1, "{chosen}");

    // The function's own log has those of both runs, with what they belong to.
    let own = api.about("flood", "/logs").await;
    assert_eq!(items(&own).len(), 10, "{own}");
    assert_eq!(items(&own)[0]["run"], json!(run));
    assert_eq!(items(&own)[0]["committed"], true);
}

#[tokio::test]
async fn lines_of_a_run_come_in_parts_by_cursor() {
    let server = printing(false).await;
    let run = finished(&server.api).await;
    let (mut after, mut seen) = (String::new(), Vec::new());
    for _ in 0..3 {
        let part = page(&server.api, &run, &format!("/logs?limit=2{after}")).await;
        assert_eq!(part["lost"], 0);
        seen.extend(items(&part).iter().map(|line| line["seq"].as_u64().unwrap()));
        after = format!("&after={}", part["next"].as_str().unwrap());
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    let rest = page(&server.api, &run, &format!("/logs?limit=2{after}")).await;
    assert!(items(&rest).is_empty(), "{rest}");
}

#[tokio::test]
async fn what_is_not_there_has_no_log() {
    let server = printing(false).await;
    let api = &server.api;
    let run = finished(api).await;
    let unknown = api.get(&format!("{RUNS}/{run}/nodes/two/logs")).await;
    let problem = unknown.expect_problem(404, "not-found-node");
    assert!(problem["detail"].as_str().unwrap().contains("`two`"), "{problem}");
    let nobody = "0198f3a0-0000-7000-8000-000000000000";
    for path in [format!("{nobody}/logs"), format!("{nobody}/nodes/one/logs")] {
        let answer = api.get(&format!("{RUNS}/{path}")).await;
        answer.expect_problem(404, "not-found-run");
    }
    let answer = api.get(&format!("{RUNS}/{run}/logs?after=7")).await;
    answer.expect_problem(400, "invalid-query");
}

#[tokio::test]
async fn the_log_of_a_run_can_be_downloaded() {
    let server = printing(false).await;
    let run = finished(&server.api).await;
    let whole = server.api.get(&format!("{RUNS}/{run}/logs?download")).await;
    assert!(whole.header("content-type").starts_with("text/plain"));
    assert_eq!(
        whole.header("content-disposition"),
        format!("attachment; filename=\"{run}.log\"")
    );
    let text = whole.text();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.lines().next().unwrap().contains(" one#1 stdout 0"), "{text}");
    assert!(text.contains(" each[1]#1 stdout 0"), "{text}");
    let node = server
        .api
        .get(&format!("{RUNS}/{run}/nodes/each/logs?download"))
        .await;
    assert_eq!(node.text().lines().count(), 2, "{}", node.text());
}

#[tokio::test]
async fn following_a_run_ends_with_it() {
    let server = printing(true).await;
    let api = &server.api;
    let run = start(api, "w", &json!({"lengths": [20]})).await;
    let path = format!("{RUNS}/{run}/logs");
    let request = api
        .request(Method::GET, &path)
        .header("accept", "text/event-stream");
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut seen = String::new();
    while seen.matches("event: line").count() < 4 {
        let chunk = within("a line", stream.chunk()).await.unwrap();
        seen.push_str(&String::from_utf8_lossy(&chunk.expect("it goes on")));
    }
    eventually("the event is awaited", || async {
        states(&show(api, &run).await).contains(&("go", "running"))
    })
    .await;
    let complete = format!("{RUNS}/{run}/nodes/go/complete");
    assert_eq!(post(api, &complete, &json!(null)).await.status, 204);
    while let Some(chunk) = within("the end", stream.chunk()).await.unwrap() {
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert_eq!(seen.matches("event: line").count(), 4, "{seen}");
    assert!(!seen.contains("event: problem"), "{seen}");
}

#[tokio::test]
async fn the_command_shows_and_follows_the_lines_of_a_run() {
    let server = printing(true).await;
    let api = &server.api;
    let shell = Shell::at(&api.base);
    let run = start(api, "w", &json!({"lengths": [20, 30]})).await;
    let mut following = shell.start(&["logs", "--run", &run, "-f"]);
    for _ in 0..5 {
        let line = within("a line", following.line()).await.unwrap();
        assert!(line.contains("one") || line.contains("each["), "{line}");
    }
    eventually("the event is awaited", || async {
        states(&show(api, &run).await).contains(&("go", "running"))
    })
    .await;
    shell.ok(&["complete", &run, "go"]).await;
    assert_eq!(within("the end", following.line()).await, None);

    let all = shell.ok(&["logs", "--run", &run]).await;
    assert_eq!(all.lines().count(), 5, "{all}");
    assert!(all.lines().next().unwrap().contains("   one: 0"), "{all}");
    let each = shell.ok(&["logs", "--run", &run, "--node", "each"]).await;
    assert_eq!(each.lines().count(), 2, "{each}");
    assert!(each.lines().all(|line| line.contains(" each[")), "{each}");
    let last = shell
        .ok(&["logs", "--run", &run, "--node", "each", "--tail", "1"])
        .await;
    assert_eq!(Some(&*last), each.lines().last());
    assert_eq!(shell.fails(&["logs", "--run", &run, "--node", "two"]).await.0, 4);
    assert_eq!(shell.fails(&["logs"]).await.0, 2);
    assert_eq!(shell.fails(&["logs", "flood", "--run", &run]).await.0, 2);
}

#[tokio::test]
async fn the_log_of_a_run_outlives_its_workflow() {
    let server = printing(false).await;
    let api = &server.api;
    let run = finished(api).await;
    let deleted = weft_tests::api::send(api.request(Method::DELETE, &Api::path("w", ""))).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(items(&page(api, &run, "/logs").await).len(), 5);
    let shown = ended(api, &run).await;
    assert_eq!(shown["status"], "succeeded");
    assert_eq!(shown["node-states"], json!([]), "nobody knows what they were");
}
