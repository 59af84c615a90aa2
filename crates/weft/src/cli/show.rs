use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Items, NestedRun, Node, NodeDetail, NodeError, Run, RunSummary};

use super::awaited::Awaited;
use super::{Session, follow};
use crate::client::Client;
use crate::failure::{Exit, Failure};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The run's id.
    #[arg(value_name = "RUN")]
    run: String,
    /// Watch it until it ends, and print its result.
    #[arg(short, long)]
    follow: bool,
    /// Only this node, with what it was called with.
    #[arg(long, value_name = "NODE", conflicts_with = "follow")]
    node: Option<String>,
    /// Which item's input, from 0, where the node goes over a list.
    #[arg(long, value_name = "ITEM", requires = "node")]
    item: Option<u32>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    if args.follow {
        return follow::follow(&client, &args.run, session.output).await;
    }
    if let Some(node) = &args.node {
        let request = client.in_project(Method::GET, &["runs", &args.run, "nodes", node]);
        let item = args.item.map(|item| [("item", item)]);
        let node: NodeDetail = client.json(request.query(&item)).await?;
        if let Some(item) = args.item {
            is_there(&node.node, item)?;
        }
        session.output.result(&node, detail(&node))?;
        return Ok(());
    }
    let run = fetch(&client, &args.run).await?;
    let awaited = Awaited::of(&client, &run).await;
    session.output.result(&run, tree(&run, &awaited))?;
    Ok(())
}

/// Refuses an item that the node does not have.
fn is_there(node: &Node, item: u32) -> Result<(), Failure> {
    let name = &node.name;
    match &node.items {
        Some(items) if item < items.total => Ok(()),
        Some(items) => Err(Failure::new(
            Exit::NotFound,
            format!(
                "`{name}` has no item {item}: it has {}",
                counted(items.total, "item")
            ),
        )
        .hint("they count from 0")),
        None => Err(
            Failure::new(Exit::NotFound, format!("`{name}` has no items, or none yet"))
                .hint("leave --item out"),
        ),
    }
}

/// The run as it stands.
pub(super) async fn fetch(client: &Client, run: &str) -> Result<Run> {
    client.json(client.in_project(Method::GET, &["runs", run])).await
}

/// Why it failed, with its place.
pub(super) fn because(error: &NodeError) -> String {
    match (&error.node, error.item) {
        (Some(node), Some(item)) => format!("`{node}[{item}]`: {}", error.message),
        (Some(node), None) => format!("`{node}`: {}", error.message),
        (None, _) => error.message.clone(),
    }
}

/// The run nested in the node which a run failed with, where that failed itself.
pub(super) fn nested_that_failed(run: &Run) -> Option<&str> {
    let error = run.summary.error.as_ref()?;
    let mut nodes = run.node_states.iter();
    let node = nodes.find(|node| Some(&node.name) == error.node.as_ref())?;
    let mut ended = node.nested.iter();
    let failed = ended.find(|nested| matches!(nested.status.as_str(), "failed" | "timed-out"))?;
    Some(&failed.run)
}

/// Why nothing is known of the nodes of a run that has some.
pub(super) fn untold(run: &Run) -> Option<String> {
    let RunSummary {
        workflow,
        version,
        nodes,
        ..
    } = &run.summary;
    (run.node_states.is_empty() && *nodes > 0).then(|| {
        format!("what the nodes of the run did is no longer told: version {version} of `{workflow}`, which it executed, is gone")
    })
}

/// A run with its nodes, as a tree.
fn tree(run: &Run, awaited: &[Awaited]) -> String {
    let summary = &run.summary;
    let mut lines = vec![format!(
        "{} {}@{} {} {:.0} %",
        summary.run,
        summary.workflow,
        summary.version,
        summary.status,
        run.progress * 100.0
    )];
    let last = run.node_states.len().saturating_sub(1);
    for (index, node) in run.node_states.iter().enumerate() {
        let branch = if index == last { "└─" } else { "├─" };
        let awaited = awaited.iter().find(|awaited| awaited.node == node.name);
        let awaits = awaited.map_or_else(String::new, |awaited| format!(", {}", awaited.in_words()));
        lines.push(format!("{branch} {}{awaits}", in_line(node)));
        let stem = if index == last { " " } else { "│" };
        lines.extend(failures(node).iter().map(|line| format!("{stem}    {line}")));
    }
    lines.extend(untold(run));
    for awaited in awaited {
        lines.push(format!("to complete it: {}", awaited.command(&summary.run)));
    }
    if let Some(error) = &summary.error {
        lines.push(format!("error: {}", because(error)));
        let log = nested_that_failed(run).unwrap_or(&summary.run);
        lines.push(format!("what was written: weft logs --run {log}"));
    }
    if let Some(result) = &run.result {
        lines.push(format!("result: {}", shortened(&result.to_string())));
    }
    if let Some(webhook) = &run.webhook {
        let why = webhook
            .error
            .as_ref()
            .map_or_else(String::new, |error| format!(": {error}"));
        lines.push(format!(
            "webhook: {} after {}{why}",
            webhook.state,
            counted(webhook.attempts, "attempt")
        ));
    }
    lines.join("\n")
}

/// The items of a node that failed, one a line, and how many more there are.
fn failures(node: &Node) -> Vec<String> {
    let Some(items) = &node.items else {
        return Vec::new();
    };
    let mut lines: Vec<_> = items.failures.iter().map(item_failure).collect();
    let more = (items.failed as usize).saturating_sub(lines.len());
    if more > 0 && !lines.is_empty() {
        lines.push(format!("and {more} more that failed"));
    }
    lines
}

fn item_failure(error: &NodeError) -> String {
    let item = error.item.unwrap_or_default();
    format!("[{item}] {}: {}", error.code, error.message)
}

/// A value as far as it is worth reading: bytes are long, and are no text.
fn shortened(value: &str) -> String {
    const SHOWN: usize = 2_000;
    match value.char_indices().nth(SHOWN) {
        None => value.to_owned(),
        Some((end, _)) => format!(
            "{}… ({} bytes, which --output json shows)",
            &value[..end],
            value.len()
        ),
    }
}

/// A node with what went in and what came out.
fn detail(detail: &NodeDetail) -> String {
    let mut lines = vec![in_line(&detail.node)];
    let callee = detail.callee.as_ref().map(|callee| format!(" {callee}"));
    lines.push(format!("{}{}", detail.kind, callee.unwrap_or_default()));
    lines.extend(failures(&detail.node));
    for (what, value) in [("input", &detail.input), ("output", &detail.node.output)] {
        lines.extend(
            value
                .iter()
                .map(|value| format!("{what}: {}", shortened(&value.to_string()))),
        );
    }
    lines.join("\n")
}

fn in_line(node: &Node) -> String {
    let mark = match node.status.as_str() {
        "succeeded" => "✓",
        "failed" | "timed-out" => "✗",
        "skipped" => "-",
        "cancelled" => "×",
        "running" | "retrying" => "…",
        _ => " ",
    };
    let took = node.started_at.zip(node.finished_at);
    let took = took.map_or_else(String::new, |(start, end)| {
        format!(" {:.1}ms", end.duration_since(start).as_secs_f64() * 1e3)
    });
    let items = node.items.as_ref().map_or_else(String::new, items);
    let attempts = match node.attempt {
        0 | 1 => String::new(),
        many => format!(" {many} attempts"),
    };
    let why = match (&node.error, &node.reason) {
        // An output in spite of an error: something took its place.
        (Some(error), Some(reason)) if node.status == "succeeded" => {
            format!(": {reason} ({})", because(error))
        }
        (Some(error), _) => format!(": {}", because(error)),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    let nested = nested(&node.nested);
    format!(
        "{mark} {} {}{items}{attempts}{took}{nested}{why}",
        node.name, node.status
    )
}

/// The runs that are nested in a node, but for those that went well: `weft show` tells of each by its id.
fn nested(runs: &[NestedRun]) -> String {
    const SHOWN: usize = 3;
    let rest = runs.iter().filter(|run| run.status != "succeeded");
    let told = rest
        .clone()
        .take(SHOWN)
        .map(|run| format!(" run {} {}", run.run, run.status));
    let more = rest.skip(SHOWN).count();
    let more = (more > 0).then(|| format!(" and {more} more"));
    told.chain(more).collect::<Vec<_>>().join(",")
}

/// How many items are over, and how many of those not well.
fn items(items: &Items) -> String {
    let over = items.succeeded + items.failed + items.cancelled;
    let mut text = format!(" {over}/{}", counted(items.total, "item"));
    let counts = [
        (items.reused, "reused"),
        (items.failed, "failed"),
        (items.cancelled, "cancelled"),
    ];
    for (number, what) in counts {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    text
}

/// A number of things: `1 item`, `2 items`.
pub(super) fn counted(number: u32, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(more: Value, expected: &str) {
        let mut node =
            json!({"name": "a", "status": "succeeded", "attempt": 1, "usage": {"wall-us": 0, "cpu-us": 0}});
        let more = more.as_object().unwrap().clone();
        node.as_object_mut().unwrap().extend(more);
        assert_eq!(in_line(&serde_json::from_value(node).unwrap()), expected);
    }

    #[test]
    fn long_values_are_shortened() {
        assert_eq!(shortened("[1]"), "[1]");
        assert_eq!(shortened(&"é".repeat(2_000)), "é".repeat(2_000));
        let long = shortened(&"é".repeat(2_001));
        assert_eq!(
            long,
            format!("{}… (4002 bytes, which --output json shows)", "é".repeat(2_000))
        );
    }

    #[test]
    fn items_that_failed_are_told_one_a_line() {
        let of = |failed: u32, failures: Value| {
            let items =
                json!({"total": 9, "succeeded": 1, "failed": failed, "cancelled": 0, "failures": failures});
            let usage = json!({"wall-us": 0, "cpu-us": 0});
            let node = json!({"name": "a", "status": "failed", "attempt": 1, "usage": usage, "items": items});
            failures_of(node)
        };
        let failure = json!({"item": 4, "code": "trap", "message": "it broke"});
        assert_eq!(of(0, json!([])), [""; 0]);
        assert_eq!(of(1, json!([failure])), ["[4] trap: it broke"]);
        assert_eq!(
            of(7, json!([failure])),
            ["[4] trap: it broke", "and 6 more that failed"]
        );
    }

    #[test]
    fn an_item_that_is_not_there_is_refused() {
        let items = json!({"total": 5, "succeeded": 5, "failed": 0, "cancelled": 0});
        let usage = json!({"wall-us": 0, "cpu-us": 0});
        let node = json!({"name": "a", "status": "succeeded", "attempt": 1, "usage": usage, "items": items});
        let mut node: Node = serde_json::from_value(node).unwrap();
        assert!(is_there(&node, 4).is_ok());
        let told = is_there(&node, 5).unwrap_err().to_string();
        assert_eq!(told, "`a` has no item 5: it has 5 items");
        node.items = None;
        assert!(is_there(&node, 0).is_err());
    }

    fn failures_of(node: Value) -> Vec<String> {
        failures(&serde_json::from_value(node).unwrap())
    }

    #[test]
    fn a_node_is_told_in_a_line() {
        let error = json!({"code": "trap", "message": "it broke"});
        check(json!({}), "✓ a succeeded");
        check(json!({"attempt": 3}), "✓ a succeeded 3 attempts");
        check(
            json!({"status": "failed", "error": error}),
            "✗ a failed: it broke",
        );
        check(
            json!({"error": error, "reason": "it failed, and the failure was caught"}),
            "✓ a succeeded: it failed, and the failure was caught (it broke)",
        );
        check(
            json!({"items": {"total": 1, "succeeded": 1, "failed": 0, "cancelled": 0}}),
            "✓ a succeeded 1/1 item",
        );
        check(
            json!({"items": {"total": 9, "succeeded": 8, "failed": 0, "cancelled": 0, "reused": 7}}),
            "✓ a succeeded 8/9 items, 7 reused",
        );
        check(
            json!({"items": {"total": 3, "succeeded": 1, "failed": 1, "cancelled": 0}}),
            "✓ a succeeded 2/3 items, 1 failed",
        );
        let run = |status: &str| json!({"run": "01", "status": status});
        check(
            json!({"status": "running", "nested": [run("succeeded"), run("running"), run("paused")]}),
            "… a running run 01 running, run 01 paused",
        );
        let many = vec![run("failed"); 5];
        check(
            json!({"nested": many}),
            "✓ a succeeded run 01 failed, run 01 failed, run 01 failed, and 2 more",
        );
        check(
            json!({"status": "skipped", "reason": "its condition was false"}),
            "- a skipped: its condition was false",
        );
    }
}
