//! The command and workflows: checked, saved, described, compared.

use serde_json::{Value, json};
use weft_tests::guests::path as guest;
use weft_tests::shell::Shell;
use weft_tests::{Server, example};

const PLAIN: &str = "workflow: plain\ninput: { text: string }\nnodes:\n  page: { call: markdown, with: { text: $input.text } }\noutput: $page\n";

async fn with_markdown() -> (Server, Shell) {
    let server = Server::start().await;
    server.api.deploy("markdown", example("markdown")).await;
    let shell = Shell::at(&server.api.base);
    write(&shell, "some.yaml", PLAIN);
    (server, shell)
}

fn write(shell: &Shell, name: &str, text: &str) {
    std::fs::write(shell.directory.path().join(name), text).unwrap();
}

#[tokio::test]
async fn everything_wrong_with_a_definition_is_told_at_its_place() {
    let (_server, shell) = with_markdown().await;
    let bad = "workflow: bad\ninput: { n: u32 }\nnodes:\n  a: { call: markdwon, with: { text: x } }\n  \
               b: { call: markdown, with: { text: $input.n } }\n  c: { call: markdown, with: { text: x, more: 1 } }\n";
    write(&shell, "bad.yaml", bad);
    for command in ["validate", "deploy"] {
        let (code, error) = shell.fails(&[command, "bad.yaml"]).await;
        assert_eq!(code, 6, "{error}");
        let lines: Vec<_> = error
            .lines()
            .filter(|line| line.starts_with("bad.yaml:"))
            .collect();
        assert_eq!(lines.len(), 3, "{error}");
        for (line, (place, path)) in lines.iter().zip([
            ("bad.yaml:4:", " nodes.a.call: "),
            ("bad.yaml:5:", " nodes.b.with.text: "),
            ("bad.yaml:6:", " nodes.c.with.more: "),
        ]) {
            assert!(line.starts_with(place) && line.contains(path), "{line}");
        }
        assert!(
            error.starts_with("error: ") && error.contains("3 problems"),
            "{error}"
        );
    }
    let (_, error) = shell.fails(&["validate", "bad.yaml", "--output", "json"]).await;
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["problem"]["problems"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn pools_that_there_are_not_are_warned_of() {
    let (server, shell) = with_markdown().await;
    let text = "workflow: far\ndefaults: { group: gpu }\nnodes:\n  a: { call: markdown, with: { text: x }, profile: sandbx }\n  \
                b: { call: markdown, with: { text: x }, profile: sandbox, group: default }\n";
    write(&shell, "far.yaml", text);
    for command in ["validate", "deploy"] {
        let output = shell.run(&[command, "far.yaml"], b"").await;
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 2, "{told}");
        assert!(
            lines[0].starts_with(
                "warning: far.yaml:2:20 defaults.group: nodes would fail: no pool profile has the label `gpu`"
            ),
            "{told}"
        );
        assert_eq!(
            lines[1],
            "warning: far.yaml:4:52 nodes.a.profile: the node would fail: there is no pool profile `sandbx`, did you mean \
             `sandbox`? [unknown-profile]"
        );
    }
    let valid = shell.json(&["validate", "far.yaml"]).await;
    let codes: Vec<_> = valid["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["code"])
        .collect();
    assert_eq!(codes, ["unknown-group", "unknown-profile"]);
    let again = server.api.about("far", "").await;
    assert_eq!(again["active"], 1, "it is saved nevertheless: {again}");
    let repinned = shell.run(&["repin", "far"], b"").await;
    let told = String::from_utf8(repinned.stderr).unwrap();
    assert!(
        told.starts_with("warning: far:2:20 defaults.group: nodes would fail"),
        "{told}"
    );
    let repinned = shell.json(&["repin", "far", "--dry-run"]).await;
    assert_eq!(repinned["warnings"], valid["warnings"]);
    write(
        &shell,
        "near.yaml",
        &text.replace("gpu", "default").replace("sandbx", "sandbox"),
    );
    assert_eq!(shell.json(&["validate", "near.yaml"]).await.get("warnings"), None);
}

#[tokio::test]
async fn a_workflow_has_the_name_in_its_definition() {
    let (_server, shell) = with_markdown().await;
    let deployed = shell.ok(&["deploy", "some.yaml"]).await;
    assert!(deployed.starts_with("plain version 1: deployed"), "{deployed}");
    let deployed = shell.ok(&["deploy", "some.yaml", "--name", "other"]).await;
    assert!(deployed.starts_with("other version 1: deployed"), "{deployed}");
    // What has no name is told with all that is wrong.
    write(&shell, "nameless.yaml", "nodes: {}\n");
    let (code, error) = shell.fails(&["deploy", "nameless.yaml"]).await;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("nameless.yaml:1:1"), "{error}");
}

#[tokio::test]
async fn a_workflow_has_labels_but_no_grants() {
    let (_server, shell) = with_markdown().await;
    let deploy = [
        "deploy",
        "some.yaml",
        "--label",
        "team=shop",
        "--description",
        "makes pages",
    ];
    let deployed = shell.json(&deploy).await;
    assert_eq!(deployed["settings"]["labels"], json!({"team": "shop"}));
    let again = shell.json(&deploy).await;
    assert_eq!(
        (&again["existed"], &again["version"]),
        (&json!(true), &deployed["version"])
    );
    let found = shell.json(&["functions", "--label", "team=shop"]).await;
    assert_eq!(found[0]["function"], "plain");
    for flags in [
        ["--grant-http", "example.com"],
        ["--env", "A=1"],
        ["--profile", "process"],
        ["--settings", "settings.toml"],
    ] {
        let (code, error) = shell
            .fails(&[&["deploy", "some.yaml"][..], &flags[..]].concat())
            .await;
        assert_eq!(code, 2, "{error}");
        assert!(
            error.contains(flags[0]) && error.contains("definition of a workflow"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_workflow_tells_what_it_is_made_of() {
    let (_server, shell) = with_markdown().await;
    shell.ok(&["deploy", "some.yaml", "--user", "ada"]).await;
    assert_eq!(shell.ok(&["definition", "plain"]).await, PLAIN.trim_end());
    let described = shell.ok(&["describe", "plain"]).await;
    assert!(
        described.contains("calls    markdown@1 (page)") && described.contains(" by ada"),
        "{described}"
    );
    let (code, error) = shell.fails(&["diff", "plain"]).await;
    assert_eq!(code, 2, "{error}");
    let next = PLAIN.replace(
        "output: $page",
        "  title: { call: markdown, with: { text: $page } }\noutput: $page",
    );
    write(&shell, "next.yaml", &next);
    shell.ok(&["deploy", "next.yaml"]).await;
    for arguments in [&["diff", "plain"][..], &["diff", "plain", "1", "2"][..]] {
        let differs = shell.ok(arguments).await;
        assert!(
            differs.starts_with("plain: version 1 -> 2\n+ node title\n"),
            "{differs}"
        );
    }
    assert_eq!(
        shell.json(&["diff", "plain"]).await["nodes"]["added"],
        json!(["title"])
    );
    let graph = shell.json(&["graph", "plain"]).await;
    assert_eq!(graph["nodes"][1]["name"], "title");
}

#[tokio::test]
async fn mistakes_are_told_with_what_would_be_right() {
    let (_server, shell) = with_markdown().await;
    shell.ok(&["deploy", "some.yaml"]).await;
    write(&shell, "arguments.json", "{}");
    let fetched = shell.ok(&["deploy", &guest("fetch.wasm")]).await;
    assert!(
        fetched.contains("missing: outbound HTTP") && fetched.contains("--grant-http api.example.com"),
        "{fetched}"
    );
    for (arguments, code, text) in [
        (
            vec!["run", "plain", "-f", "arguments.json"],
            2,
            "hint: --file arguments.json",
        ),
        (
            vec!["call", "markdown", "text=true"],
            6,
            "hint: the value of a pair is JSON",
        ),
        (
            vec!["call", "markdown", "text=a", "text=b"],
            2,
            "`text` is given twice",
        ),
        (
            vec!["deploy", "nope.yaml"],
            2,
            "a workflow's definition (.yaml or .json)",
        ),
        (vec!["runs", "nope"], 4, "nope"),
        (
            vec!["call", "markdown@9", "text=a"],
            4,
            "hint: `weft versions markdown`",
        ),
        (vec!["functions", "--user", "Ada L"], 2, "--user takes"),
    ] {
        let (found, error) = shell.fails(&arguments).await;
        assert_eq!(found, code, "{arguments:?}: {error}");
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
    for arguments in [&["runs", "plain"][..], &["logs", "plain"][..]] {
        let output = shell.run(arguments, b"").await;
        assert!(output.status.success(), "{arguments:?}");
        assert!(
            !output.stderr.is_empty(),
            "{arguments:?}: it is said that there is nothing"
        );
    }
    let (code, error) = shell.fails(&["call", "--nope", "--output", "json"]).await;
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, &error["exit"]), (2, &json!(2)));
    assert!(error["error"].as_str().unwrap().contains("--nope"), "{error}");
}

#[tokio::test]
async fn an_address_needs_no_scheme() {
    let (server, shell) = with_markdown().await;
    let address = server.api.base.trim_start_matches("http://");
    let functions = shell.json(&["functions", "--server", address]).await;
    assert_eq!(functions[0]["function"], "markdown");
}
