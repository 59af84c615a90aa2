//! Plans as pictures and as data for those who draw.

mod json;
mod layout;
mod mermaid;
mod svg;

pub use json::{Drawing, DrawnEdge, DrawnKind, DrawnNode, drawing};
pub use mermaid::mermaid;
pub use svg::svg;

use crate::plan::{Kind, Node};

/// What a node does, in a line.
fn deed(node: &Node) -> String {
    match &node.kind {
        Kind::Call(call) => format!("{}@{}#{}", call.function, call.version, short(&call.export_name)),
        Kind::Sleep { duration } => format!("sleep {}", duration.text()),
        Kind::Wait { .. } => "wait".to_owned(),
    }
}

/// The function's own name in the full name of an export.
fn short(export: &str) -> &str {
    export.rsplit_once('#').map_or(export, |(_, name)| name)
}

/// The first characters of a text.
fn cut(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.pop();
        cut.push('…');
    }
    cut
}
