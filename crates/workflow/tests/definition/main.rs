//! The definition language, as those who write it meet it.
#![allow(clippy::unwrap_used)]

mod blobs;
mod bounds;
mod generate;
mod json;
mod model;
mod places;
mod print;
mod problems;
mod properties;
mod recovery;
mod schema;
mod types;
mod validate;
mod yaml;

use weft_workflow::definition::{self, Bounds, Definition, Read};
use weft_workflow::{Position, Problem};

/// Marks the place of a problem in a text; it is taken out before the text is read.
const MARK: char = '‸';

fn read(text: &str) -> Read {
    definition::read(text.as_bytes(), &Bounds::default())
}

/// What a text without mistakes says.
fn sound(text: &str) -> Definition {
    let Read { definition, problems } = read(text);
    assert_eq!(problems, [], "{text}");
    definition.unwrap()
}

/// The text without its marks, and where they were.
fn unmarked(text: &str) -> (String, Vec<Position>) {
    let (mut plain, mut marks) = (String::new(), Vec::new());
    let mut at = Position { line: 1, column: 1 };
    for char in text.chars() {
        match char {
            MARK => marks.push(at),
            char => {
                plain.push(char);
                at = match char {
                    '\n' => Position {
                        line: at.line + 1,
                        column: 1,
                    },
                    _ => Position {
                        column: at.column + 1,
                        ..at
                    },
                };
            }
        }
    }
    (plain, marks)
}

/// Checks that exactly the expected problems are told, one at each mark: code, path and a part of the message.
fn check(text: &str, expected: &[(&str, &str, &str)]) {
    let (plain, marks) = unmarked(text);
    assert_eq!(
        marks.len(),
        expected.len(),
        "marks and expected problems of\n{plain}"
    );
    let problems = read(&plain).problems;
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.at, problem.code, &*problem.path))
        .collect();
    let wanted: Vec<_> = marks
        .into_iter()
        .zip(expected)
        .map(|(at, (code, path, _))| (at, *code, *path))
        .collect();
    assert_eq!(found, wanted, "\n{plain}\n{}", shown(&problems));
    for (problem, (_, _, message)) in problems.iter().zip(expected) {
        assert!(
            problem.message.contains(message),
            "{:?} in\n{}",
            message,
            problem.message
        );
    }
}

/// Checks a node: `text` is what stands behind `n: `.
fn check_node(text: &str, expected: &[(&str, &str, &str)]) {
    let paths: Vec<String> = expected
        .iter()
        .map(|(_, path, _)| {
            format!(
                "nodes.n{}{path}",
                if path.is_empty() || path.starts_with('[') {
                    ""
                } else {
                    "."
                }
            )
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .zip(&paths)
        .map(|((code, _, message), path)| (*code, &**path, *message))
        .collect();
    check(&format!("workflow: w\nnodes:\n  n: {text}\n"), &expected);
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}
