//! What a workflow calls, and in which version.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use weft_api::wire::{Flavor, Version};

use crate::client::Client;

/// What a version of a workflow calls: each callee once, with the nodes that call it.
pub(super) struct Calls(pub(super) Vec<String>);

/// What is read of a graph.
#[derive(Deserialize)]
struct Graph {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    function: Option<String>,
    version: Option<u32>,
}

impl Calls {
    /// Asks for it; nothing where it is no workflow, or one that cannot run any longer.
    pub(super) async fn of(client: &Client, version: &Version) -> Self {
        if version.flavor != Flavor::Workflow {
            return Self(Vec::new());
        }
        let request = client
            .request(Method::GET, &[&version.function, "graph"])
            .query(&[("version", version.version)]);
        let graph = client.json::<Graph>(request).await;
        Self(graph.map_or_else(|_| Vec::new(), in_lines))
    }
}

fn in_lines(graph: Graph) -> Vec<String> {
    let mut callees: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in graph.nodes {
        if let (Some(function), Some(version)) = (node.function, node.version) {
            callees
                .entry(format!("{function}@{version}"))
                .or_default()
                .push(node.name);
        }
    }
    let lines = callees.into_iter();
    lines
        .map(|(callee, nodes)| format!("{callee} ({})", nodes.join(", ")))
        .collect()
}
