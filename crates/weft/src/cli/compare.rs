use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{ComparedNode, ComparedRun, Comparison};

use super::Session;
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
    let mut table = Table::new(["node", "input", "output", "status", "attempts", "definition"]);
    for node in &comparison.nodes {
        table.row([
            node.name.clone(),
            node.input.clone(),
            node.output.clone(),
            both(&node.before.status, &node.after.status),
            both(&node.before.attempt, &node.after.attempt),
            definition(node),
        ]);
    }
    lines.push(table.to_string());
    lines.join("\n")
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
    use super::*;

    #[test]
    fn what_is_the_same_is_said_once() {
        assert_eq!(both(&"failed", &"failed"), "failed");
        assert_eq!(both(&1, &2), "1 → 2");
    }
}
