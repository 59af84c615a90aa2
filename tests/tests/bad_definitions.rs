//! Whatever is wrong with a definition is told at once, each mistake with its place, and nothing is stored.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::{Answer, send};
use weft_tests::{Api, Server, bad_input, example, fixture};

const VALIDATE: &str = "/v1/projects/default/validate?function=bad";

/// Examples begin with `### what is wrong`; behind a line `+++` stands what is told. `WEFT_BLESS=1` writes that anew.
#[tokio::test]
async fn each_mistake_is_told_with_its_place() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_definitions.txt");
    let content = std::fs::read_to_string(&path).unwrap();
    let server = Server::start().await;
    bad_input::deploy(&server.api).await;
    server.api.deploy("trap", fixture("trap")).await;
    server.api.deploy("markdown", example("markdown")).await;
    let (mut blessed, mut wrong, mut count) = (String::new(), String::new(), 0);
    for example in content.split("### ").skip(1) {
        let (title, rest) = example.split_once('\n').unwrap();
        let (text, expected) = rest.split_once("+++\n").unwrap();
        let told = told(&server.api, title, text).await;
        if told != expected.trim_end() {
            write!(wrong, "### {title}\n{told}\nbut expected\n{expected}").unwrap();
        }
        write!(blessed, "### {title}\n{text}+++\n{told}\n\n").unwrap();
        count += 1;
    }
    if std::env::var_os("WEFT_BLESS").is_some() {
        std::fs::write(&path, blessed).unwrap();
        return;
    }
    assert!(count >= 70, "only {count} examples");
    assert!(wrong.is_empty(), "{wrong}");
    nothing_was_stored(&server.api).await;
}

/// Sizes that no file should hold.
#[tokio::test]
async fn what_is_too_much_is_told_where_it_begins() {
    let server = Server::start().await;
    let nodes = |count: usize, node: &str| {
        let nodes: String = (0..count).map(|at| format!("  n{at}: {node}\n")).collect();
        format!("workflow: bad\nnodes:\n{nodes}")
    };
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("workflow: bad\nnodes: {{ n: {{ call: x, with: {{ a: {open}{close} }} }} }}\n")
    };
    let many = nodes(100_000, "{ sleep: 1s }");
    for (text, line, code, message) in [
        (many, 10_003, "too-many-nodes", "at most 10000 nodes"),
        (nested(61), 2, "too-deep", "may nest 64 deep"),
        (nested(10_000), 2, "syntax", "recursion limit"),
        (String::new(), 1, "empty", "there is nothing here"),
    ] {
        let problem = refused(&server.api, text.as_bytes(), code).await;
        let problems = problem["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{code}");
        assert_eq!(
            (&problems[0]["line"], &problems[0]["code"]),
            (&json!(line), &json!(code))
        );
        assert!(
            problems[0]["message"].as_str().unwrap().contains(message),
            "{code}"
        );
    }
    let latin = refused(&server.api, b"workflow: bad\ndescription: caf\xe9\n", "latin").await;
    let expected = json!([{
        "line": 2, "column": 17, "code": "not-utf-8", "path": "",
        "message": "a definition is UTF-8, this byte is not",
    }]);
    assert_eq!(latin["problems"], expected);
    // As many are told as anyone reads, with how many more there are.
    let unknown = nodes(3_000, "{ call: nothing }");
    let problem = refused(&server.api, unknown.as_bytes(), "3,000 mistakes").await;
    let problems = problem["problems"].as_array().unwrap();
    assert_eq!(
        (problems.len(), &problems[1000]["code"]),
        (1001, &json!("more-problems"))
    );
    nothing_was_stored(&server.api).await;
}

/// What is told about a definition, a line for each mistake, the same whether it is checked or saved.
async fn told(api: &Api, title: &str, text: &str) -> String {
    let problem = refused(api, text.as_bytes(), title).await;
    let problems = problem["problems"].as_array().unwrap();
    let place = |it: &Value| format!("line {}, column {}", it["line"], it["column"]);
    let first = format!(
        "{}: {}",
        place(&problems[0]),
        problems[0]["message"].as_str().unwrap()
    );
    let rest = match problems.len() {
        1 => String::new(),
        2 => " (and 1 more problem, see `problems`)".to_owned(),
        more => format!(" (and {} more problems, see `problems`)", more - 1),
    };
    assert_eq!(problem["detail"], first + &rest, "{title}");
    let lines = problems.iter().map(|it| {
        let text = |member: &str| it[member].as_str().unwrap();
        let (code, path, message) = (text("code"), text("path"), text("message"));
        format!("{}:{} {code} {path}: {message}", it["line"], it["column"])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The one refusal of a definition, by the check and by the attempt to save it.
async fn refused(api: &Api, text: &[u8], what: &str) -> Value {
    let [checked, saved] = both(api, text).await.map(|answer| {
        assert_eq!(
            answer.problem(),
            "invalid-definition",
            "{what}: {}",
            answer.text()
        );
        answer.expect_problem(400, "invalid-definition")
    });
    assert_eq!(checked, saved, "{what}");
    checked
}

async fn both(api: &Api, text: &[u8]) -> [Answer; 2] {
    let save = Api::path("bad", "");
    let ask = async |method, path: &str| {
        let request = api
            .request(method, path)
            .header("content-type", "application/yaml");
        send(request.body(text.to_vec())).await
    };
    [ask(Method::POST, VALIDATE).await, ask(Method::PUT, &save).await]
}

async fn nothing_was_stored(api: &Api) {
    let answer = api.get(&Api::path("bad", "")).await;
    answer.expect_problem(404, "not-found-function");
}
