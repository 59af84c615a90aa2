use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{ComparedNode, ComparedRun, Comparison, Difference, ItemsDiffer, Json, NodeSide};

use super::Session;
use super::show::{because, counted};
use crate::output::Table;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The one run's id.
    #[arg(value_name = "RUN")]
    run: String,
    /// The other run's id.
    #[arg(value_name = "OTHER")]
    other: String,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let request = client.in_project(Method::GET, &["runs", &args.run, "compare"]);
    let comparison: Comparison = client.json(request.query(&[("with", &args.other)])).await?;
    session.output.result(&comparison, in_text(&comparison))?;
    Ok(())
}

fn in_text(comparison: &Comparison) -> String {
    let Comparison { before, after, .. } = comparison;
    let mut lines = vec![
        side(before),
        side(after),
        format!(
            "arguments {}, globals {}, result {}",
            comparison.arguments, comparison.globals, comparison.result
        ),
    ];
    lines.extend(places("arguments", &comparison.arguments_differ));
    lines.extend(places("result", &comparison.result_differs));
    for (run, which) in [(before, "the first"), (after, "the second")] {
        if !run.only.is_empty() {
            lines.push(format!("only {which} has {}", run.only.join(", ")));
        }
    }
    let mut table = Table::new([
        "node",
        "input",
        "output",
        "status",
        "attempts",
        "took",
        "definition",
    ]);
    for node in &comparison.nodes {
        table.row([
            node.name.clone(),
            node.input.clone(),
            node.output.clone(),
            both(&standing(&node.before), &standing(&node.after)),
            both(&node.before.attempt, &node.after.attempt),
            both(&took(&node.before), &took(&node.after)),
            definition(node),
        ]);
    }
    lines.push(table.to_string());
    lines.extend(comparison.nodes.iter().flat_map(more));
    lines.join("\n")
}

/// Where a node stands, or where its output came from.
fn standing(side: &NodeSide) -> String {
    let stands = side.given.as_ref().unwrap_or(&side.status);
    match side.reused_items {
        0 => stands.clone(),
        items => format!("{stands}, {} reused", counted(items, "item")),
    }
}

fn took(side: &NodeSide) -> String {
    let times = side.started_at.zip(side.finished_at);
    times.map_or_else(
        || "-".to_owned(),
        |(start, end)| format!("{:.1}ms", end.duration_since(start).as_secs_f64() * 1e3),
    )
}

/// What went in or came out otherwise, place by place, and what failed.
fn more(node: &ComparedNode) -> Vec<String> {
    let name = &node.name;
    let mut lines = Vec::new();
    lines.extend(places(&format!("{name} input"), &node.input_differs));
    lines.extend(node.items_differ.as_ref().map(|differ| items(name, differ)));
    lines.extend(places(&format!("{name} output"), &node.output_differs));
    for (which, side) in [("the first", &node.before), ("the second", &node.after)] {
        if let Some(error) = &side.error {
            lines.push(format!("{name} in {which}: {}", because(error)));
        }
    }
    lines
}

/// Each place at which a value differs.
fn places(what: &str, differ: &[Difference]) -> Vec<String> {
    let told = |value: &Option<Json>| {
        let value = value.as_ref();
        value.map_or_else(|| "nothing".to_owned(), Json::to_string)
    };
    let lines = differ.iter().map(|Difference { at, before, after }| {
        let at = if at.is_empty() {
            String::new()
        } else {
            format!(" {at}")
        };
        format!("{what}{at}: {} → {}", told(before), told(after))
    });
    lines.collect()
}

/// How many items were called with something else, and which first.
fn items(name: &str, differ: &ItemsDiffer) -> String {
    let ItemsDiffer {
        before,
        after,
        compared,
        differing,
        first,
    } = differ;
    let mut line = format!("{name} input: ");
    if before != after {
        line.push_str(&format!("{} → {after}, ", counted(*before, "item")));
    }
    line.push_str(&format!("{differing} of {compared} differ"));
    if !first.is_empty() {
        let mut numbers: Vec<_> = first.iter().map(|item| format!("[{item}]")).collect();
        if first.len() < *differing as usize {
            numbers.push("…".to_owned());
        }
        line.push_str(&format!(": {}", numbers.join(" ")));
    }
    line
}

fn side(run: &ComparedRun) -> String {
    let took = run
        .took_us
        .map_or_else(String::new, |took| format!(" {:.1}ms", took as f64 / 1e3));
    format!(
        "{} {}@{} {}{took}",
        run.run, run.workflow, run.version, run.status
    )
}

/// One word where both sides say the same.
fn both(before: &(impl ToString + PartialEq), after: &(impl ToString + PartialEq)) -> String {
    let (before, after) = (before.to_string(), after.to_string());
    match before == after {
        true => before,
        false => format!("{before} → {after}"),
    }
}

fn definition(node: &ComparedNode) -> String {
    let word = if node.redefined { "different" } else { "same" };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_is_said_once() {
        assert_eq!(both(&"failed", &"failed"), "failed");
        assert_eq!(both(&1, &2), "1 → 2");
    }

    #[test]
    fn items_that_differ_are_counted_and_the_first_are_named() {
        let check = |differ: serde_json::Value, expected: &str| {
            assert_eq!(items("a", &serde_json::from_value(differ).unwrap()), expected);
        };
        check(
            json!({"before": 5, "after": 5, "compared": 5, "differing": 2, "first": [0, 3]}),
            "a input: 2 of 5 differ: [0] [3]",
        );
        check(
            json!({"before": 1, "after": 3, "compared": 1, "differing": 0, "first": []}),
            "a input: 1 item → 3, 0 of 1 differ",
        );
        check(
            json!({"before": 90, "after": 90, "compared": 90, "differing": 11, "first": [1, 2]}),
            "a input: 11 of 90 differ: [1] [2] …",
        );
    }

    #[test]
    fn what_differs_is_told_by_its_place() {
        let side = |given: Option<&str>, error: Option<&str>| {
            let error = error.map(|error| json!({"node": "a", "code": "trap", "message": error}));
            json!({
                "status": "succeeded", "given": given, "error": error, "attempt": 1,
                "usage": {"wall-us": 0, "cpu-us": 0},
            })
        };
        let node: ComparedNode = serde_json::from_value(json!({
            "name": "a", "before": side(None, Some("it broke")), "after": side(Some("reused"), None),
            "input": "different", "output": "different", "redefined": false,
            "input-differs": [{"at": "/n", "before": 1, "after": 2}, {"at": "/more", "after": [true]}],
            "output-differs": [{"at": "", "before": "x"}],
        }))
        .unwrap();
        assert_eq!(
            more(&node),
            [
                "a input /n: 1 → 2",
                "a input /more: nothing → [true]",
                "a output: \"x\" → nothing",
                "a in the first: `a`: it broke",
            ]
        );
        assert_eq!(
            (standing(&node.before), standing(&node.after)),
            ("succeeded".into(), "reused".into())
        );
    }
}
