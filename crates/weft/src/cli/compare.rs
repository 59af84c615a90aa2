use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{ComparedNode, ComparedRun, Comparison, Difference, Json, NodeSide};

use super::Session;
use super::show::because;
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
    side.given.as_ref().unwrap_or(&side.status).clone()
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
    for (what, places) in [("input", &node.input_differs), ("output", &node.output_differs)] {
        for Difference { at, before, after } in places {
            let told = |value: &Option<Json>| {
                value
                    .as_ref()
                    .map_or_else(|| "nothing".to_owned(), Json::to_string)
            };
            let at = if at.is_empty() {
                String::new()
            } else {
                format!(" {at}")
            };
            lines.push(format!("{name} {what}{at}: {} → {}", told(before), told(after)));
        }
    }
    for (which, side) in [("the first", &node.before), ("the second", &node.after)] {
        if let Some(error) = &side.error {
            lines.push(format!("{name} in {which}: {}", because(error)));
        }
    }
    lines
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
