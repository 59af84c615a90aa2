//! What the nodes of an open run await.

use std::collections::HashMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use weft_api::wire::{Node, Run};
use weft_types::Type;
use weft_types::ty::Shape;

use crate::client::Client;

/// A node that awaits an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Awaited {
    /// Its name.
    pub(super) node: String,
    /// The type of the value that the event brings; none where it brings none.
    pub(super) ty: Option<String>,
    /// When it is no longer awaited.
    pub(super) due: Option<Timestamp>,
}

/// What is read of a graph.
#[derive(Deserialize)]
struct Graph {
    nodes: Vec<GraphNode>,
}

#[derive(Deserialize)]
struct GraphNode {
    name: String,
    kind: String,
    output: Option<String>,
}

impl Awaited {
    /// The nodes of this run that await an event; none as well where the workflow is not there any longer.
    pub(super) async fn of(client: &Client, run: &Run) -> Vec<Self> {
        let open = run.summary.finished_at.is_none();
        let running: HashMap<&str, &Node> = run
            .node_states
            .iter()
            .filter(|node| open && node.status == "running")
            .map(|node| (node.name.as_str(), node))
            .collect();
        if running.is_empty() {
            return Vec::new();
        }
        let request = client
            .request(Method::GET, &[&run.summary.workflow, "graph"])
            .query(&[("version", run.summary.version)]);
        let Ok(graph) = client.json::<Graph>(request).await else {
            return Vec::new();
        };
        let waits = graph.nodes.into_iter().filter(|node| node.kind == "wait");
        waits
            .filter_map(|node| {
                let due = running.get(node.name.as_str())?.due;
                Some(Self {
                    ty: node.output,
                    node: node.name,
                    due,
                })
            })
            .collect()
    }

    /// The command that completes it, with places to fill in.
    pub(super) fn command(&self, run: &str) -> String {
        let value = self.ty.as_deref().map_or_else(String::new, example);
        format!("`weft complete {run} {}{value}`", self.node)
    }

    /// What it awaits, in words.
    pub(super) fn in_words(&self) -> String {
        let what = self.ty.as_deref().unwrap_or("an event without a value");
        match self.due {
            Some(due) => format!("awaits {what} until {}", due.strftime("%Y-%m-%d %H:%M:%SZ")),
            None => format!("awaits {what}"),
        }
    }
}

/// How a value of this type is written, with its places open: ` by=… ok=…` for a record.
fn example(ty: &str) -> String {
    match ty.parse::<Type>().as_ref().map(Type::shape) {
        Ok(Shape::Record(fields)) => fields.iter().map(|field| format!(" {}=…", field.name)).collect(),
        _ => " VALUE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_a_place_for_each_field() {
        for (ty, command) in [
            (None, "`weft complete 018f approval`"),
            (Some("bool"), "`weft complete 018f approval VALUE`"),
            (
                Some("record { by: string, ok: bool }"),
                "`weft complete 018f approval by=… ok=…`",
            ),
            (
                Some("record { a: list<tuple<u8, u8>>, b: record { c: u8, d: u8 } }"),
                "`weft complete 018f approval a=… b=…`",
            ),
        ] {
            let awaited = Awaited {
                node: "approval".into(),
                ty: ty.map(str::to_owned),
                due: None,
            };
            assert_eq!(awaited.command("018f"), command);
        }
    }
}
