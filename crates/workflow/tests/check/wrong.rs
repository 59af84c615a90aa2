//! Definitions that are wrong in one way each, and what is told.

use std::fmt::Write as _;

use super::golden::compare;
use super::world::{World, check, check_with};
use weft_workflow::plan::Pins;

#[test]
fn each_mistake_is_told_where_it_is_made() {
    let examples = compare("wrong.txt", |text| {
        let checked = check(text);
        assert!(checked.plan.is_none() != checked.problems.is_empty(), "{text}");
        let mut told = String::new();
        for problem in checked.problems {
            let at = problem.at;
            writeln!(
                told,
                "{}:{} {} {}: {}",
                at.line, at.column, problem.code, problem.path, problem.message
            )
            .unwrap();
        }
        told
    });
    assert!(examples >= 60, "{examples}");
}

#[test]
fn no_more_problems_are_told_than_allowed() {
    let mut text = String::from("workflow: many\nnodes:\n");
    for index in 0..3_000 {
        writeln!(text, "  n{index}: {{ call: nothing }}").unwrap();
    }
    let checked = check_with(&text, &World::new(), &Pins::default());
    assert_eq!(checked.problems.len(), 1_001);
    let last = &checked.problems[1_000];
    assert_eq!(last.code, "more-problems");
    assert!(last.message.starts_with("2000 more"), "{}", last.message);
}
