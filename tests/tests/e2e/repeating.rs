//! Runs repeated with single arguments changed, and laid beside what they repeat.

use serde_json::{Value, json};
use weft_tests::runs::{RUNS, ended, post, save, start};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, fixture};

const SPLIT: &str = "workflow: split
input: { sum: u32, by: u32, big: u64 }
nodes:
  double: { call: arith#add, with: { a: $input.sum, b: $input.sum } }
  part: { call: trap#divide, with: { dividend: $double, divisor: $input.by } }
output: { part: $part, big: $input.big }
";

async fn started() -> Server {
    let server = Server::start().await;
    server.api.deploy("arith", fixture("arith")).await;
    server.api.deploy("trap", fixture("trap")).await;
    save(&server.api, "split", SPLIT).await.ok();
    server
}

/// A run that fails as it divides by zero.
async fn failed(api: &Api) -> String {
    let run = start(
        api,
        "split",
        &json!({"sum": 3, "by": 0, "big": "18446744073709551615"}),
    )
    .await;
    assert_eq!(ended(api, &run).await["status"], "failed");
    run
}

#[tokio::test]
async fn one_argument_is_changed_and_the_others_stay() {
    let server = started().await;
    let api = &server.api;
    let run = failed(api).await;
    let rerun = async |body: Value| post(api, &format!("{RUNS}/{run}/rerun"), &body).await;
    let again = rerun(json!({"change": {"by": 2}})).await;
    assert_eq!(again.status, 202, "{}", again.text());
    let again = again.json()["run"].as_str().unwrap().to_owned();
    let told = ended(api, &again).await;
    assert_eq!(
        told["result"],
        json!({"part": 3, "big": "18446744073709551615"}),
        "{told}"
    );
    // What the change does not concern is reused.
    assert_eq!(
        told["node-states"][0]["reason"], "its result was reused",
        "{told}"
    );

    let wrong = rerun(json!({"change": {"by": "two"}})).await;
    assert_eq!(wrong.expect_problem(400, "invalid-arguments")["pointer"], "/by");
    let unknown = rerun(json!({"change": {"bye": 2}})).await;
    let unknown = unknown.expect_problem(400, "invalid-arguments");
    assert!(unknown["detail"].as_str().unwrap().contains("bye"), "{unknown}");
    let both = rerun(json!({"change": {"by": 2}, "arguments": {"sum": 1, "by": 1, "big": 1}})).await;
    assert_eq!(both.expect_problem(400, "invalid-request")["member"], "change");
}

#[tokio::test]
async fn a_repetition_is_laid_beside_what_it_repeats() {
    let server = started().await;
    let run = failed(&server.api).await;
    let shell = Shell::at(&server.api.base);
    let (code, error) = shell.fails(&["rerun", &run, "--arg", "by=two"]).await;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("/by"), "{error}");
    let (code, error) = shell.fails(&["rerun", &run, "--arg", "by"]).await;
    assert_eq!(code, 2, "{error}");
    let again = shell.ok(&["rerun", &run, "--arg", "by=3"]).await;
    ended(&server.api, &again).await;

    let compared = shell.ok(&["compare", &run, &again]).await;
    let row = |node: &str| {
        let line = compared.lines().find(|line| line.starts_with(node));
        line.unwrap_or_else(|| panic!("{compared}")).to_owned()
    };
    assert!(row("double").contains("succeeded → reused"), "{compared}");
    assert!(row("part").contains("failed → succeeded"), "{compared}");
    for line in ["part input /divisor: 0 → 3", "part output: nothing → 2"] {
        assert!(compared.lines().any(|it| it == line), "{compared}");
    }
    assert!(compared.contains("part in the first: `part`: "), "{compared}");

    let told = shell.json(&["compare", &run, &again]).await;
    let [double, part] = &told["nodes"].as_array().unwrap()[..] else {
        panic!("{told}");
    };
    assert_eq!(
        (&double["after"]["given"], &double["input"]),
        (&json!("reused"), &json!("same"))
    );
    assert_eq!(part["before"]["error"]["code"], "trap");
    assert_eq!(part["output-differs"], json!([{"at": "", "after": 2}]));
}
