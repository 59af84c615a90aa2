//! What newer versions of callees break, and what changed between plans.

use weft_workflow::check::newer;
use weft_workflow::diff::diff;
use weft_workflow::plan::Pins;

use super::world::{World, check_with, of, plan, pure};

const TEXT: &str = "workflow: w
input: { n: u64 }
nodes:
  a: { call: double, with: { n: $input.n } }
  b: { call: 'double@1', with: { n: $a } }
  c: { call: echo, with: { value: x } }
";

#[test]
fn newer_versions_are_told_with_what_they_break() {
    let plan = plan(TEXT);
    assert_eq!(newer(&plan, &World::new()), []);
    let check = |params: &str, result: &str, expected: &[&str]| {
        let world = World::new().with(pure("double", 2, vec![("double", of(params, result))]));
        let told = newer(&plan, &world);
        let names: Vec<_> = told
            .iter()
            .map(|it| (&*it.node, it.open, it.active.map(|it| it.0)))
            .collect();
        assert_eq!(names, [("a", true, Some(2)), ("b", false, Some(2))]);
        assert_eq!(told[0].breaks, expected, "{params} -> {result}");
    };
    check("n: u64", "u64", &[]);
    check(
        "n: f64",
        "u64",
        &["parameter `n`: found u64, expected f64: not every u64 fits"],
    );
    check("n: option<u64>, m: option<u8>", "u32", &[]);
    check(
        "m: u64",
        "u64",
        &["parameter `n` is gone", "parameter `m` is new and must be given"],
    );
    check(
        "n: u64",
        "f64",
        &["result: found f64, expected u64: not every f64 fits"],
    );
    check("n: u64", "", &["it no longer answers anything"]);
    check(
        "n: u64",
        "option<u64>",
        &["result: found option<u64>, expected u64: it may be none"],
    );
    let world = World::new().with(pure("double", 2, vec![("twice", of("n: u64", "u64"))]));
    let told = newer(&plan, &world);
    assert_eq!(
        (told[0].active, &*told[0].breaks[0]),
        (None, "`double` exports `twice`, name one of them")
    );
}

fn changes(before: &str, after: &str) -> String {
    let plan = |text: &str| check_with(text, &World::new(), &Pins::default()).plan.unwrap();
    serde_json::to_string_pretty(&diff(&plan(before), &plan(after))).unwrap()
}

#[test]
fn a_plan_differs_from_itself_in_nothing() {
    let plan = plan(TEXT);
    assert!(diff(&plan, &plan).is_empty());
}

#[test]
fn changes_are_named() {
    let after = "workflow: w
input: { n: u32, m: string }
nodes:
  a: { call: double, with: { n: $input.n }, timeout: 5s, retry: 2, when: $input.n > 1 }
  c: { call: echo, with: { value: $input.m } }
  d: { call: log, with: { text: x }, after: [a] }
output: $c
";
    let expected = include_str!("../golden/diff.json");
    let found = changes(TEXT, after);
    if std::env::var_os("WEFT_BLESS").is_some() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diff.json");
        std::fs::write(path, &found).unwrap();
    }
    assert_eq!(found.trim(), expected.trim());
}
