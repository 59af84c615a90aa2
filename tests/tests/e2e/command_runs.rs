//! The command and runs: watched, waited for, completed, ended.

use serde_json::{Value, json};
use weft_tests::relay::Relay;
use weft_tests::runs::{ended, post, save, show, start, states};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture};

const APPROVED: &str = "workflow: approved\ninput: { text: string }\nnodes:\n  draft: { call: markdown, with: { text: $input.text } }\n  \
                        approval: { wait: \"record { by: string, ok: bool }\", timeout: 7d, after: [draft] }\n\
                        output: { page: $draft, by: $approval.by }\n";

/// Has workflows that await something, and that fail.
async fn prepare(api: &Api) {
    api.deploy("markdown", example("markdown")).await;
    api.deploy("trap", fixture("trap")).await;
    save(api, "approved", APPROVED).await.ok();
    let text = "workflow: signal\nnodes:\n  go: { wait: null }\n  said: { wait: string, after: [go] }\noutput: $said\n";
    save(api, "signal", text).await.ok();
    let text = "workflow: crash\nnodes:\n  crash: { call: trap#unreachable }\n";
    save(api, "crash", text).await.ok();
    api.deploy("pricing", example("pricing")).await;
    let text = "workflow: quote\nnodes:\n  priced: { call: pricing, with: { order: { id: a, customer: b, items: [], express: false } } }\n";
    save(api, "quote", text).await.ok();
    let text = "workflow: refuse\noutput: { err: sold out }\noutput-type: result<u32, string>\nnodes:\n  go: { sleep: 1ms }\n";
    save(api, "refuse", text).await.ok();
}

async fn awaits(api: &Api, run: &str, node: &str) {
    eventually("the node awaits an event", || async {
        states(&show(api, run).await).contains(&(node, "running"))
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_still_running_is_no_success() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let call = ["call", "approved", "text=x", "--timeout", "50ms"];
    let (code, error) = shell.fails(&[&call[..], &["-o", "out"]].concat()).await;
    assert_eq!(code, 10, "{error}");
    assert!(
        error.contains("has not ended after 50ms and goes on") && error.contains("hint: `weft show "),
        "{error}"
    );
    assert!(!shell.directory.path().join("out").exists());
    let (code, error) = shell.fails(&[&call[..], &["--output", "json"]].concat()).await;
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, &error["exit"]), (10, &json!(10)));
    let run = show(&server.api, error["run"].as_str().unwrap()).await;
    assert_eq!(run["status"], "running");
}

#[tokio::test]
async fn a_workflow_is_called_as_a_function_is() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let order = r#"{"order": {"id": "a", "customer": "b", "items": [], "express": false}}"#;
    let (code, error) = shell.fails(&["call", "pricing", order]).await;
    assert_eq!(code, 3, "{error}");
    let own = error
        .split_once("answered an error: ")
        .unwrap()
        .1
        .trim()
        .to_owned();
    // An `err` that nothing caught, with its value.
    let (code, error) = shell.fails(&["call", "quote"]).await;
    assert_eq!(code, 3, "{error}");
    let told = error.lines().next().unwrap();
    assert_eq!(told, format!("error: `priced` answered an error: {own}"));
    assert!(error.contains("hint: `weft show "), "{error}");
    // An `err` of its own.
    let (code, error) = shell.fails(&["call", "refuse"]).await;
    assert_eq!(code, 3, "{error}");
    assert!(
        error.contains(r#"the function answered an error: "sold out""#),
        "{error}"
    );
    // A trap.
    for called in ["trap#unreachable", "crash"] {
        let (code, error) = shell.fails(&["call", called]).await;
        assert_eq!(code, 7, "{error}");
        assert!(error.contains("unreachable"), "{error}");
    }
    let (_, error) = shell.fails(&["call", "crash"]).await;
    assert!(
        error.contains("node `crash` failed: ") && error.contains("hint: `weft show "),
        "{error}"
    );
}

#[tokio::test]
async fn a_failed_run_that_is_watched_has_one_exit_code() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let mut runs = Vec::new();
    for workflow in ["crash", "quote"] {
        let (code, error) = shell.fails(&["run", workflow, "-f", "--output", "json"]).await;
        let error: Value = serde_json::from_str(&error).unwrap();
        assert_eq!((code, &error["exit"]), (9, &json!(9)), "{workflow}: {error}");
        runs.push(error["run"].as_str().unwrap().to_owned());
    }
    for run in &runs {
        let (code, error) = shell.fails(&["show", run, "-f"]).await;
        assert_eq!(code, 9, "{error}");
        assert!(error.contains(&format!("hint: `weft show {run}`")), "{error}");
        let log = format!("weft logs --run {run}");
        assert!(error.contains(&log), "{error}");
        assert!(shell.ok(&["show", run]).await.ends_with(&log));
    }
    let (code, error) = shell.fails(&["rerun", &runs[0], "-f"]).await;
    assert_eq!(code, 9, "{error}");
    let again = error.lines().next().unwrap().strip_prefix("run ").unwrap();
    assert_eq!(show(&server.api, again).await["trigger"]["of"], *runs[0]);
}

#[tokio::test]
async fn watching_survives_the_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder().data(data.path()).start().await;
    prepare(&server.api).await;
    let relay = Relay::to(&server.api).await;
    let shell = Shell::at(&relay.base);
    let run = start(&server.api, "approved", &json!({"text": "kept"})).await;
    awaits(&server.api, &run, "approval").await;
    let mut watching = shell.start(&["show", &run, "-f"]);
    eventually("it is watched", || async {
        watching.told().contains("suspended approval")
    })
    .await;
    relay.point(None);
    server.kill().await;
    eventually("the command notices", || async {
        watching.told().contains("looking for it")
    })
    .await;

    let server = Server::builder().data(data.path()).start().await;
    relay.point(Some(&server.api));
    let path = format!("{}/{run}/nodes/approval/complete", weft_tests::runs::RUNS);
    let approval = json!({"by": "Grace", "ok": true});
    assert_eq!(post(&server.api, &path, &approval).await.status, 204);
    let result: Value = serde_json::from_str(&watching.line().await.unwrap()).unwrap();
    assert_eq!(result, json!({"page": "<p>kept</p>\n", "by": "Grace"}));
    assert!(watching.ended().await.success());
    let told = watching.told();
    assert_eq!(
        told.matches(" accepted").count(),
        1,
        "no event is told twice: {told}"
    );
    assert_eq!(told.matches(" finished").count(), 1, "{told}");
}

#[tokio::test]
async fn who_stops_watching_leaves_the_run_alone() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let mut watching = shell.start(&["run", "approved", "text=x", "-f"]);
    eventually("it is watched", || async {
        watching.told().contains("suspended approval")
    })
    .await;
    let told = watching.told();
    let run = told.lines().next().unwrap().strip_prefix("run ").unwrap();
    assert_eq!(watching.interrupt().await.code(), Some(10));
    let told = watching.told();
    assert!(told.contains(&format!("error: run {run} goes on")), "{told}");
    assert_eq!(show(&server.api, run).await["status"], "running");
}

#[tokio::test]
async fn a_node_is_completed_as_show_tells() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let run = start(&server.api, "approved", &json!({"text": "x"})).await;
    awaits(&server.api, &run, "approval").await;
    let shown = shell.ok(&["show", &run]).await;
    assert!(
        shown.contains("approval running, awaits record { by: string, ok: bool } until 20"),
        "{shown}"
    );
    let command = format!("`weft complete {run} approval by=… ok=…`");
    assert!(shown.contains(&format!("to complete it: {command}")), "{shown}");
    for (value, text) in [
        (
            &[][..],
            "awaits a value of type `record { by: string, ok: bool }`, and none was given",
        ),
        (&["by=Grace", "ok=maybe"][..], "/ok"),
        (&["yes"][..], "expected a record"),
    ] {
        let (code, error) = shell
            .fails(&[&["complete", &run, "approval"][..], value].concat())
            .await;
        assert_eq!(code, 6, "{value:?}: {error}");
        assert!(
            error.contains(text) && error.contains(&command),
            "{value:?}: {error}"
        );
    }
    shell
        .ok(&["complete", &run, "approval", "by=Grace", "ok=true"])
        .await;
    assert_eq!(ended(&server.api, &run).await["result"]["by"], "Grace");
    let (code, error) = shell
        .fails(&["complete", &run, "approval", "by=Grace", "ok=true"])
        .await;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("is over"), "{error}");
}

#[tokio::test]
async fn values_of_events_come_from_anywhere() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    std::fs::write(shell.directory.path().join("value.json"), "\"from a file\"").unwrap();
    for (arguments, input, result) in [
        (&["yes"][..], "", "yes"),
        (&["--file", "value.json"][..], "", "from a file"),
        (&["-"][..], "\"from a pipe\"", "from a pipe"),
    ] {
        let run = start(&server.api, "signal", &json!({})).await;
        awaits(&server.api, &run, "go").await;
        shell.ok(&["complete", &run, "go"]).await;
        awaits(&server.api, &run, "said").await;
        let command = [&["complete", &run, "said"][..], arguments].concat();
        let output = shell.run(&command, input.as_bytes()).await;
        assert!(output.status.success(), "{command:?}: {output:?}");
        assert_eq!(ended(&server.api, &run).await["result"], result);
    }
}

#[tokio::test]
async fn runs_are_drawn_and_deleted() {
    let server = Server::start().await;
    prepare(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let (_, error) = shell.fails(&["call", "crash", "--output", "json"]).await;
    let error: Value = serde_json::from_str(&error).unwrap();
    let run = error["run"].as_str().unwrap();
    let drawn = shell.ok(&["graph", "--run", run]).await;
    assert!(
        drawn.starts_with("flowchart LR") && drawn.contains("class n0 failed"),
        "{drawn}"
    );
    let graph = shell.json(&["graph", "--run", run]).await;
    assert_eq!(
        (&graph["nodes"][0]["name"], &graph["nodes"][0]["status"]),
        (&json!("crash"), &json!("failed"))
    );
    let deleted = shell.run(&["delete", "crash"], b"").await;
    let told = String::from_utf8(deleted.stderr).unwrap();
    assert!(
        deleted.status.success() && told.contains("`weft runs crash` lists them"),
        "{told}"
    );
    assert!(shell.ok(&["runs", "crash"]).await.contains(run));
    let deleted = shell.run(&["delete", "signal"], b"").await;
    assert_eq!(String::from_utf8(deleted.stderr).unwrap(), "", "it never ran");
    let gone = "is no longer told: version 1 of `crash`, which it executed, is gone";
    assert!(shell.ok(&["show", run]).await.contains(gone));
    let (code, error) = shell.fails(&["graph", "--run", run]).await;
    assert!(code == 4 && error.contains(gone), "{error}");
    assert_eq!(
        shell.ok(&["delete", "--run", run]).await,
        format!("run {run} is deleted")
    );
    let (code, error) = shell.fails(&["show", run]).await;
    assert_eq!(code, 4, "{error}");
}
