//! What became of each node, in the drawing of a workflow.

use std::collections::BTreeMap;

use serde_json::Value;
use weft_api::wire::Run;

/// States and how their nodes are painted.
const COLOURS: [(&str, &str); 7] = [
    ("succeeded", "fill:#dafbe1,stroke:#1a7f37"),
    ("failed", "fill:#ffebe9,stroke:#cf222e"),
    ("timed-out", "fill:#ffebe9,stroke:#cf222e"),
    ("cancelled", "fill:#fff8c5,stroke:#9a6700"),
    ("running", "fill:#ddf4ff,stroke:#0969da"),
    ("retrying", "fill:#ddf4ff,stroke:#0969da"),
    ("skipped", "fill:#f6f8fa,stroke:#afb8c1,color:#6e7781"),
];

/// Adds `status` to each node of a graph.
pub(super) fn add_to_data(graph: &mut Value, run: &Run) {
    let nodes = graph.get_mut("nodes").and_then(Value::as_array_mut);
    for node in nodes.into_iter().flatten() {
        let status = node
            .get("name")
            .and_then(Value::as_str)
            .and_then(|name| status(run, name));
        if let (Some(status), Some(members)) = (status.map(str::to_owned), node.as_object_mut()) {
            members.insert("status".to_owned(), status.into());
        }
    }
}

/// Paints the nodes of a drawing, which numbers them in the order of the graph.
pub(super) fn add_to_mermaid(drawn: &str, graph: &Value, run: &Run) -> String {
    let nodes = graph.get("nodes").and_then(Value::as_array);
    let names = nodes
        .into_iter()
        .flatten()
        .map(|node| node.get("name").and_then(Value::as_str));
    let mut by_status: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (index, name) in names.enumerate() {
        if let Some(status) = name.and_then(|name| status(run, name)) {
            by_status.entry(status).or_default().push(format!("n{index}"));
        }
    }
    let mut text = drawn.trim_end().to_owned();
    for (status, colours) in COLOURS {
        if let Some(nodes) = by_status.get(status) {
            text.push_str(&format!(
                "\n  classDef {status} {colours}\n  class {} {status}",
                nodes.join(",")
            ));
        }
    }
    text
}

fn status<'a>(run: &'a Run, name: &str) -> Option<&'a str> {
    let node = run.node_states.iter().find(|node| node.name == name)?;
    Some(&node.status)
}
