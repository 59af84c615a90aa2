use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use weft_api::wire::Function;
use weft_types::FunctionName;

use super::{Session, deploy};
use crate::failure::Failure;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft diff order          the newest version beside the one before it
  weft diff order 3        the newest version beside version 3
  weft diff order 3 5      version 5 beside version 3")]
pub(crate) struct Args {
    /// The workflow.
    #[arg(value_name = "WORKFLOW", value_parser = deploy::name)]
    workflow: FunctionName,
    /// The version before; the one before AFTER where not given.
    #[arg(value_name = "BEFORE", value_parser = clap::value_parser!(u32).range(1..))]
    before: Option<u32>,
    /// The version after; the newest where not given.
    #[arg(value_name = "AFTER", value_parser = clap::value_parser!(u32).range(1..))]
    after: Option<u32>,
}

/// What differs, as the server tells it.
#[derive(Debug, Serialize, Deserialize)]
struct Diff {
    breaking: Vec<String>,
    workflow: Vec<Change>,
    nodes: Nodes,
    edges: Edges,
}

#[derive(Debug, Serialize, Deserialize)]
struct Nodes {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<Changed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    name: String,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Change {
    what: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Edges {
    added: Vec<Edge>,
    removed: Vec<Edge>,
    changed: Vec<Edge>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Edge {
    from: String,
    to: String,
    port: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let name = args.workflow.as_str();
    let after = match args.after {
        Some(after) => after,
        None => {
            let function: Function = client.json(client.request(Method::GET, &[name])).await?;
            function.summary.latest
        }
    };
    let before = match args.before.or(after.checked_sub(1)) {
        Some(before) if before > 0 => before,
        _ => return Err(Failure::usage(format!("{name} has one version, so nothing differs")).into()),
    };
    let request = client
        .request(Method::GET, &[name, "diff"])
        .query(&[("from", before), ("to", after)]);
    let diff: Diff = client.json(request).await?;
    session
        .output
        .result(&diff, in_text(&diff, (name, before, after)))?;
    Ok(())
}

fn in_text(diff: &Diff, (name, before, after): (&str, u32, u32)) -> String {
    let mut lines = Vec::new();
    lines.extend(
        diff.breaking
            .iter()
            .map(|what| format!("! breaks callers: {what}")),
    );
    lines.extend(
        diff.workflow
            .iter()
            .map(|change| format!("~ {}", change.in_words())),
    );
    let Nodes {
        added,
        removed,
        changed,
    } = &diff.nodes;
    lines.extend(added.iter().map(|node| format!("+ node {node}")));
    lines.extend(removed.iter().map(|node| format!("- node {node}")));
    for node in changed {
        let changes = node.changes.iter();
        lines.extend(changes.map(|change| format!("~ node {}: {}", node.name, change.in_words())));
    }
    for (mark, edges) in [
        ('+', &diff.edges.added),
        ('-', &diff.edges.removed),
        ('~', &diff.edges.changed),
    ] {
        lines.extend(edges.iter().map(|edge| format!("{mark} {}", edge.in_words())));
    }
    if lines.is_empty() {
        lines.push("nothing differs".to_owned());
    }
    lines.insert(0, format!("{name}: version {before} -> {after}"));
    lines.join("\n")
}

impl Change {
    fn in_words(&self) -> String {
        let Self { what, before, after } = self;
        match (before, after) {
            (None, Some(after)) => format!("{what}: {after}, before nothing"),
            (Some(before), None) => format!("{what}: nothing, before {before}"),
            (Some(before), Some(after)) => format!("{what}: {before} -> {after}"),
            (None, None) => what.clone(),
        }
    }
}

impl Edge {
    fn in_words(&self) -> String {
        let reference = self.reference.as_ref();
        let reference = reference.map_or_else(String::new, |reference| format!(" ({reference})"));
        let types = self.before.as_ref().zip(self.after.as_ref());
        let types = types.map_or_else(String::new, |(before, after)| format!(": {before} -> {after}"));
        format!(
            "edge {} -> {}.{}{reference}{types}",
            self.from, self.to, self.port
        )
    }
}
