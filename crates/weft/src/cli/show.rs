use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use reqwest::header::ACCEPT;
use weft_api::wire::{Node, NodeDetail, NodeError, Run, RunEvent};

use super::Session;
use crate::client::{Client, Events};
use crate::failure::{Exit, Failure};
use crate::output::Output;

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
        return follow(&client, &args.run, session.output).await;
    }
    if let Some(node) = &args.node {
        let request = client.in_project(Method::GET, &["runs", &args.run, "nodes", node]);
        let item = args.item.map(|item| [("item", item)]);
        let node: NodeDetail = client.json(request.query(&item)).await?;
        session.output.result(&node, detail(&node))?;
        return Ok(());
    }
    let run = fetch(&client, &args.run).await?;
    session.output.result(&run, tree(&run))?;
    Ok(())
}

/// Tells what happens in a run until it ends; then prints its result, or fails as it did.
pub(crate) async fn follow(client: &Client, run: &str, output: Output) -> Result<()> {
    let request = client.in_project(Method::GET, &["runs", run, "events"]);
    let response = client.send(request.header(ACCEPT, "text/event-stream")).await?;
    let mut events = Events::new(response);
    while let Some(event) = events.next().await? {
        let event: RunEvent = serde_json::from_str(&event.data)
            .with_context(|| format!("the server sent an event that is not expected: {}", event.data))?;
        output.note(line(&event));
    }
    let run = fetch(client, run).await?;
    if run.summary.status != "succeeded" {
        return Err(failure(&run).into());
    }
    match &run.result {
        Some(result) => Ok(output.line(result)?),
        None => Ok(()),
    }
}

async fn fetch(client: &Client, run: &str) -> Result<Run> {
    client.json(client.in_project(Method::GET, &["runs", run])).await
}

fn failure(run: &Run) -> Failure {
    let summary = &run.summary;
    let why = summary
        .error
        .as_ref()
        .map_or_else(String::new, |error| format!(": {}", because(error)));
    Failure::new(
        Exit::FunctionFailed,
        format!("run {} {}{why}", summary.run, summary.status),
    )
    .hint(format!(
        "`weft show {}` tells what became of each node",
        summary.run
    ))
}

fn because(error: &NodeError) -> String {
    match (&error.node, error.item) {
        (Some(node), Some(item)) => format!("item {item} of `{node}`: {}", error.message),
        (Some(node), None) => format!("`{node}`: {}", error.message),
        (None, _) => error.message.clone(),
    }
}

/// An event in a line.
fn line(event: &RunEvent) -> String {
    let time = event.at.strftime("%H:%M:%S%.3f");
    let place = match (&event.node, event.item) {
        (Some(node), Some(item)) => format!(" {node}[{item}]"),
        (Some(node), None) => format!(" {node}"),
        (None, _) => String::new(),
    };
    let more = [
        event.items.map(|items| format!("{items} items")),
        event
            .attempt
            .filter(|&attempt| attempt > 1)
            .map(|attempt| format!("attempt {attempt}")),
        event.status.clone(),
        event.error.as_ref().map(because),
    ];
    let more: Vec<_> = more.into_iter().flatten().collect();
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(": {}", more.join(", "))
    };
    format!("{time} {}{place}{more}", event.kind)
}

/// A run with its nodes, as a tree.
fn tree(run: &Run) -> String {
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
        lines.push(format!("{branch} {}", in_line(node)));
    }
    if let Some(error) = &summary.error {
        lines.push(format!("error: {}", because(error)));
    }
    if let Some(result) = &run.result {
        lines.push(format!("result: {result}"));
    }
    if let Some(webhook) = &run.webhook {
        let why = webhook
            .error
            .as_ref()
            .map_or_else(String::new, |error| format!(": {error}"));
        lines.push(format!(
            "webhook: {} after {} attempts{why}",
            webhook.state, webhook.attempts
        ));
    }
    lines.join("\n")
}

/// A node with what went in and what came out.
fn detail(detail: &NodeDetail) -> String {
    let mut lines = vec![in_line(&detail.node)];
    let callee = detail.callee.as_ref().map(|callee| format!(" {callee}"));
    lines.push(format!("{}{}", detail.kind, callee.unwrap_or_default()));
    for (what, value) in [("input", &detail.input), ("output", &detail.node.output)] {
        lines.extend(value.iter().map(|value| format!("{what}: {value}")));
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
    let items = node.items.map_or_else(String::new, |items| {
        format!(
            " {}/{} items",
            items.succeeded + items.failed + items.cancelled,
            items.total
        )
    });
    let why = match (&node.error, &node.reason) {
        (Some(error), _) => format!(": {}", because(error)),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    format!("{mark} {} {}{items}{took}{why}", node.name, node.status)
}
