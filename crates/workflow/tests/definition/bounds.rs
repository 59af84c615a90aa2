//! How much a definition may be.

use weft_workflow::Problem;
use weft_workflow::definition::{self, Bounds};

use crate::{read, sound};

fn told(text: &str, bounds: &Bounds) -> Vec<Problem> {
    definition::read(text.as_bytes(), bounds).problems
}

/// The one problem of a text under the usual bounds.
fn one(text: &str, code: &str) -> Problem {
    let mut problems = read(text).problems;
    assert_eq!(problems.len(), 1, "{:?}", problems.first());
    assert_eq!(problems[0].code, code, "{}", problems[0]);
    problems.remove(0)
}

#[test]
fn length() {
    let text = "workflow: w\nnodes: {n: {sleep: 1s}}\n";
    let bounds = |text| Bounds {
        text,
        ..Bounds::default()
    };
    assert_eq!(told(text, &bounds(text.len())), []);
    let problems = told(text, &bounds(text.len() - 1));
    assert_eq!(problems[0].code, "too-large");
    assert_eq!(
        problems[0].message,
        "a definition has at most 35 bytes, this one has 36"
    );
}

#[test]
fn depth() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        (
            format!("workflow: w\nnodes: {{n: {{call: x, with: {{a: {open}{close}}}}}}}\n"),
            format!(
                "{{\"workflow\": \"w\", \"nodes\": {{\"n\": {{\"call\": \"x\", \"with\": {{\"a\": {open}{close}}}}}}}}}"
            ),
        )
    };
    let (yaml, json) = nested(60);
    sound(&yaml);
    sound(&json);
    let (yaml, json) = nested(61);
    assert_eq!(one(&yaml, "too-deep").at.line, 2);
    assert_eq!(one(&json, "too-deep").at.line, 1);
    // However deep: by hundreds the scanner refuses it, as JSON it is never scanned so deep.
    for depth in [1000, 100_000] {
        let (yaml, json) = nested(depth);
        one(&yaml, "syntax");
        one(&json, "too-deep");
    }
    let block: String = (0..100)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(one(&block, "too-deep").at.line, 65);
}

#[test]
fn nodes() {
    let nodes = |count: usize| -> String {
        let nodes = (0..count).map(|at| format!("  n{at}: {{ sleep: 1s }}\n"));
        std::iter::once("workflow: w\nnodes:\n".to_owned())
            .chain(nodes)
            .collect()
    };
    assert_eq!(sound(&nodes(10_000)).nodes.len(), 10_000);
    let problem = one(&nodes(10_001), "too-many-nodes");
    assert_eq!((problem.at.line, problem.path.as_str()), (10_003, "nodes"));
    one(&nodes(100_000), "too-many-nodes");
}

#[test]
fn keys_and_values() {
    let text = "workflow: w\nnodes: {n: {sleep: 1s}}\n";
    let bounds = |elements| Bounds {
        elements,
        ..Bounds::default()
    };
    // The whole, two keys, a name, two maps, two keys, a duration.
    assert_eq!(told(text, &bounds(9)), []);
    let problems = told(text, &bounds(8));
    assert_eq!(
        (problems[0].code, problems[0].at.line, problems[0].at.column),
        ("too-many-elements", 2, 20)
    );
}

#[test]
fn what_the_scanner_holds_back() {
    // A list within a list might be a key.
    let numbers = "0,".repeat(200_000);
    let list = format!("[[{numbers}0]]");
    let problem = one(
        &format!("workflow: w\nnodes: {{n: {{call: x, with: {{a: {list}}}}}}}\n"),
        "too-long",
    );
    assert_eq!(problem.at.line, 2);
    sound(&format!(
        "{{\"workflow\": \"w\", \"nodes\": {{\"n\": {{\"call\": \"x\", \"with\": {{\"a\": {list}}}}}}}}}"
    ));
    // Long scalars are none of it.
    let text = "x".repeat(1 << 20);
    sound(&format!(
        "workflow: w\nnodes:\n  n:\n    call: x\n    with:\n      a: {text}\n      b: '{text}'\n      c: |\n        {text}\n"
    ));
}

#[test]
fn problems() {
    let nodes: String = (0..50).map(|at| format!("  n{at}: {{ sleep: 1 }}\n")).collect();
    let text = format!("workflow: w\nnodes:\n{nodes}");
    let problems = told(
        &text,
        &Bounds {
            problems: 10,
            ..Bounds::default()
        },
    );
    assert_eq!(problems.len(), 11);
    assert!(problems[..10].iter().all(|problem| problem.code == "duration"));
    assert_eq!(problems[10].code, "more-problems");
    assert!(problems[10].message.starts_with("40 more problems are not told"));
}

#[test]
fn texts_within() {
    let with = |key: &str, value: &str| format!("workflow: w\n{key}: {value}\nnodes: {{n: {{sleep: 1s}}}}\n");
    sound(&with("description", &"x".repeat(4096)));
    one(&with("description", &"x".repeat(4097)), "out-of-range");
    one(
        &with("types", &format!("'//{}'", "x".repeat(256 << 10))),
        "out-of-range",
    );
    one(
        &with("input", &format!("{{a: '{}u8'}}", " ".repeat(64 << 10))),
        "out-of-range",
    );
    one(
        &format!(
            "workflow: w\nnodes: {{n: {{sleep: 1s, when: '{}'}}}}\n",
            "x".repeat((16 << 10) + 1)
        ),
        "out-of-range",
    );
}

#[test]
fn types() {
    let with = |types: &str| format!("workflow: w\ntypes: |\n{types}nodes: {{n: {{sleep: 1s}}}}\n");
    let many: String = (0..1001).map(|at| format!("  type t{at} = u8;\n")).collect();
    one(&with(&many), "too-many-types");
    // Each twice as large as the one before.
    let doubling: String = (1..64)
        .map(|at| format!("  type t{at} = tuple<t{}, t{0}>;\n", at - 1))
        .collect();
    let problems = read(&with(&format!("  type t0 = u8;\n{doubling}"))).problems;
    assert!(
        problems
            .iter()
            .all(|problem| ["type", "too-many-types"].contains(&problem.code))
    );
    assert!(!problems.is_empty());
    // Large ones used often.
    let large: String = (0..900)
        .map(|at| format!("  type l{at} = tuple<t, t, t, t>;\n"))
        .collect();
    let members = "u8, ".repeat(100);
    one(
        &with(&format!("  type t = tuple<{members}u8>;\n{large}")),
        "too-many-types",
    );
    // A long chain takes no stack.
    let chain: String = (0..900)
        .map(|at| format!("  type c{at} = c{};\n", at + 1))
        .collect();
    sound(&with(&format!("{chain}  type c900 = u8;\n")));
}
