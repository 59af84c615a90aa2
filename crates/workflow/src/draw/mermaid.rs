//! A plan in the language of Mermaid, which Markdown of many places shows as a picture.

use std::fmt::Write as _;

use super::{cut, deed};
use crate::edge::{Edge, End};
use crate::plan::{Kind, Node, Plan};

/// Labels are cut to so many characters.
const LONGEST: usize = 60;

/// A plan as a flowchart of Mermaid.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    let edges = plan.edges();
    let mut text = String::from("flowchart LR\n");
    for end in ends(plan, &edges) {
        let _ = writeln!(text, "  {}{}", id(end), shape(plan, end));
    }
    for edge in &edges {
        let arrow = if edge.reference.is_some() { "-->" } else { "-.->" };
        let (from, to) = (id(edge.from), id(edge.to));
        let _ = writeln!(text, "  {from} {arrow}|\"{}\"| {to}", label(edge));
    }
    text
}

/// Everything that there is to draw: what the edges begin with, the nodes, the result.
fn ends(plan: &Plan, edges: &[Edge<'_>]) -> Vec<End> {
    let used = |end: &End| edges.iter().any(|edge| edge.from == *end);
    let sources = [End::Input, End::Globals, End::Blob].into_iter().filter(used);
    let nodes = plan.iter().map(|(index, _)| End::Node(index));
    let result = plan.result.as_ref().map(|_| End::Output);
    sources.chain(nodes).chain(result).collect()
}

fn id(end: End) -> String {
    match end {
        End::Input => "input".to_owned(),
        End::Globals => "global".to_owned(),
        End::Blob => "blob".to_owned(),
        End::Node(index) => format!("n{}", index.0),
        End::Output => "output".to_owned(),
    }
}

fn shape(plan: &Plan, end: End) -> String {
    let End::Node(index) = end else {
        return format!("([\"{}\"])", plan.name_of(end));
    };
    let node = plan.node(index);
    let label = lines(node);
    match &node.kind {
        Kind::Call(call) if call.workflow => format!("[[\"{label}\"]]"),
        Kind::Call(_) => format!("[\"{label}\"]"),
        Kind::Sleep { .. } => format!("([\"{label}\"])"),
        Kind::Wait { .. } => format!("{{{{\"{label}\"}}}}"),
    }
}

fn lines(node: &Node) -> String {
    let mut lines = vec![node.name.to_string(), deed(node)];
    lines.extend(node.when.as_ref().map(|when| format!("when {}", when.text())));
    lines.extend(
        node.for_each
            .as_ref()
            .map(|it| format!("for each {}", it.list.text())),
    );
    let lines: Vec<_> = lines.iter().map(|line| escaped(&cut(line, LONGEST))).collect();
    lines.join("<br/>")
}

fn label(edge: &Edge<'_>) -> String {
    let label = match edge.ty {
        Some(ty) => format!("{}: {}", edge.port, ty),
        None => edge.port.to_owned(),
    };
    escaped(&cut(&label, LONGEST))
}

/// What Mermaid would take for its own signs, by its own escapes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            '`' => escaped.push_str("#96;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
