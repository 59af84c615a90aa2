//! The edges of a plan: which value flows where.

use std::collections::HashSet;
use std::fmt;

use weft_types::Type;
use weft_types::ty::Shape;

use crate::evaluate::{Expression, Path, Root};
use crate::plan::{Catch, Kind, Node, NodeIndex, Plan, Source};

/// A value that flows from one place to another, or the mere order of two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge<'p> {
    /// Where it comes from.
    pub from: End,
    /// Where it goes.
    pub to: End,
    /// What it is for there: a parameter, a member of the result, or `when`, `for-each`, `sleep`, `catch`, `after`.
    pub port: &'p str,
    /// What is taken: a reference as it is written. None where nothing flows, only the order matters.
    pub reference: Option<&'p str>,
    /// The type of what is taken.
    pub ty: Option<&'p Type>,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The arguments of the run.
    Input,
    /// The global parameters.
    Globals,
    /// A value that is stored under an address.
    Blob,
    /// A node.
    Node(NodeIndex),
    /// What the workflow answers.
    Output,
}

impl Plan {
    /// All edges: those to each node in order, then those to the result.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge<'_>> {
        let mut edges = Vec::new();
        for (index, node) in self.iter() {
            into_node(node, index, &mut edges);
        }
        if let Some(result) = &self.result {
            members(result, End::Output, "output", &mut edges);
        }
        edges
    }

    /// What an end is called.
    #[must_use]
    pub fn name_of(&self, end: End) -> &str {
        match end {
            End::Input => "$input",
            End::Globals => "$global",
            End::Blob => "$blob",
            End::Node(index) => &self.node(index).name,
            End::Output => "$output",
        }
    }
}

fn into_node<'p>(node: &'p Node, index: NodeIndex, edges: &mut Vec<Edge<'p>>) {
    let to = End::Node(index);
    let first = edges.len();
    match &node.kind {
        Kind::Call(call) => members(&call.arguments, to, "with", edges),
        Kind::Sleep { duration } => whole(duration, to, "sleep", edges),
        Kind::Wait { .. } => {}
    }
    if let Some(for_each) = &node.for_each {
        whole(&for_each.list, to, "for-each", edges);
    }
    if let Some(when) = &node.when {
        when.formula.each_path(&mut |path| push(edges, path, to, "when"));
    }
    if let Some(Catch::Value(value)) = &node.catch {
        whole(value, to, "catch", edges);
    }
    let flows: HashSet<End> = edges[first..].iter().map(|edge| edge.from).collect();
    let before = node.needs.iter().map(|need| (End::Node(need.node), "after"));
    let failed = node.catches.map(|failed| (End::Node(failed), "catch"));
    for (from, port) in before.chain(failed) {
        if !flows.contains(&from) {
            edges.push(Edge {
                from,
                to,
                port,
                reference: None,
                ty: None,
            });
        }
    }
}

/// Edges to the members of a record, or to `port` where it is none.
fn members<'p>(source: &'p Source, to: End, port: &'static str, edges: &mut Vec<Edge<'p>>) {
    match (&source.expression, source.ty.shape()) {
        (Expression::Members(parts), Shape::Record(fields)) => {
            for (part, field) in parts.iter().zip(fields) {
                part.each_path(&mut |path| push(edges, path, to, &field.name));
            }
        }
        _ => whole(source, to, port, edges),
    }
}

fn whole<'p>(source: &'p Source, to: End, port: &'static str, edges: &mut Vec<Edge<'p>>) {
    source
        .expression
        .each_path(&mut |path| push(edges, path, to, port));
}

fn push<'p>(edges: &mut Vec<Edge<'p>>, path: &'p Path, to: End, port: &'p str) {
    let from = match path.root {
        Root::Input => End::Input,
        Root::Globals => End::Globals,
        Root::Node(node) => End::Node(node),
        Root::Blob(_) => End::Blob,
        // The items of a list that the node puts together itself.
        Root::List => return,
    };
    let edge = Edge {
        from,
        to,
        port,
        reference: Some(&path.text),
        ty: Some(path.target()),
    };
    // A condition may name a value many times; those for one port stand together.
    let mut same_port = edges.iter().rev().take_while(|it| it.to == to && it.port == port);
    if !same_port.any(|it| *it == edge) {
        edges.push(edge);
    }
}

impl fmt::Display for Edge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reference, self.ty) {
            (Some(reference), Some(ty)) => write!(f, "{reference} -> {}: {ty}", self.port),
            _ => f.write_str(self.port),
        }
    }
}
