//! Definitions of workflows: read, checked against functions, planned and drawn.

use weft_types::Digest;
use weft_workflow::check::{self, Options, check};
use weft_workflow::definition::{self, Bounds};
use weft_workflow::draw;
use weft_workflow::plan::Pins;

use super::Target;
use super::world::World;

pub(super) const TARGET: Target = Target {
    name: "definition",
    run,
    seeds: || vec![EXAMPLE.into(), JSON.into()],
    words: &[
        "workflow: ",
        "types: |\n",
        "input: {",
        "nodes:\n",
        "output: ",
        "call: ",
        "with: {",
        "for-each: ",
        "when: ",
        "after: [",
        "retry: {",
        "timeout: ",
        "catch: ",
        "wait: ",
        "sleep: ",
        "durability: express",
        "globals: ",
        "defaults: ",
        "concurrency: ",
        "pricing#total",
        "payments",
        "score",
        "double",
        "notify",
        "$input.",
        "$item",
        "$index",
        "$error",
        "5s",
        " && ",
        " || ",
        "len(",
        "&anchor",
        "*anchor",
        "!!str ",
        "<<: ",
        "{\"$blob\":\"",
        "|-\n",
        "\"\\u0000\"",
    ],
    longest: 4096,
    changes: 4_000,
};

/// The YAML to begin with: a node of each kind.
const EXAMPLE: &str = "\
workflow: order
description: All kinds of nodes
types: |
  record line { sku: string, qty: u32, price: f64 }
input: { id: string, lines: list<line>, go: bool }
nodes:
  total:  { call: pricing#total, with: { lines: $input.lines }, cache: 1h }
  charge: { call: payments, with: { order: $input.id, amount: $total }, retry: { attempts: 4, backoff: 200ms }, timeout: 5s }
  labels: { call: make-label, for-each: $input.lines, with: { line: $item }, concurrency: 8 }
  pause:  { sleep: 10s, after: [charge] }
  ok:     { wait: bool, timeout: 7d, after: [pause] }
  told:   { call: notify, with: { id: $input.id }, when: $total > 100.0 && $input.go, after: [ok] }
output: { receipt: $charge, labels: $labels }
";

/// And a JSON one.
const JSON: &str = r#"{"workflow": "w", "input": {"n": "u32"}, "nodes": {"a": {"call": "score", "with": {"n": "$input.n"}},
    "b": {"call": "double", "with": {"n": 2}, "when": "$a.grade == \"high\""}}, "output": "$a.value"}"#;

fn run(input: &[u8]) {
    let read = definition::read(input, &Bounds::default());
    assert!(read.definition.is_some() || !read.problems.is_empty());
    assert!(read.problems.is_sorted_by_key(|problem| problem.at));
    let lines = input.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u32 + 2;
    for problem in &read.problems {
        assert!((1..=lines).contains(&problem.at.line), "{problem}");
        assert!(problem.at.column >= 1 && !problem.message.is_empty(), "{problem}");
    }
    let Some(definition) = read.definition.filter(|_| read.problems.is_empty()) else {
        return;
    };
    let checked = check(
        &definition,
        &World,
        &Options {
            source: Digest::of(input),
            function: None,
            pins: &Pins::default(),
            limits: check::Limits::default(),
        },
    );
    assert_ne!(
        checked.plan.is_some(),
        !checked.problems.is_empty(),
        "a plan or problems"
    );
    for problem in &checked.problems {
        assert!((1..=lines).contains(&problem.at.line), "{problem}");
        assert!(!problem.message.is_empty(), "{problem}");
    }
    if let Some(plan) = checked.plan {
        assert!(checked.signature.is_some());
        assert!(!draw::svg(&plan).is_empty() && !draw::mermaid(&plan).is_empty());
        let drawing = draw::drawing(&plan);
        assert!(drawing.nodes.len() >= plan.iter().count());
    }
}
