//! What every node refers to, before types are looked at.

use std::collections::HashSet;

use super::hint;
use super::names::Names;
use crate::definition::quote::quoted;
use crate::definition::{Catch, Definition, Form, Kind, Node, Pause, Reference, Root, Source, Spot};
use crate::expression::{self, SyntaxError, Term, TermKind};
use crate::problem::Problem;

/// Edges between nodes by their places in the definition.
pub(super) struct Edges {
    /// From a node to one that waits for it, where the latter says so.
    pub(super) all: Vec<(usize, usize, Spot)>,
    /// Of each node, the nodes that `after` names.
    pub(super) after: Vec<Vec<usize>>,
    /// Of each node, the node that is executed when it fails for good.
    pub(super) fallback: Vec<Option<usize>>,
    /// Of each node, the node whose failure it is executed after.
    pub(super) catches: Vec<Option<usize>>,
    /// Of each node, its condition.
    pub(super) conditions: Vec<Option<Result<Term, SyntaxError>>>,
}

/// Collects them. References to nodes that do not exist are told when their types are looked at; names in `after` and `catch`
/// are told here.
/// `most` is the bound on edges.
pub(super) fn collect(
    definition: &Definition,
    names: &Names<'_>,
    most: usize,
    problems: &mut Vec<Problem>,
) -> Edges {
    let count = definition.nodes.len();
    let mut collector = Collector {
        definition,
        names,
        most,
        problems,
        edges: Edges {
            all: Vec::new(),
            after: vec![Vec::new(); count],
            fallback: vec![None; count],
            catches: vec![None; count],
            conditions: Vec::with_capacity(count),
        },
    };
    for (index, node) in definition.nodes.iter().enumerate() {
        collector.node(index, node);
    }
    collector.behind_fallbacks();
    collector.edges
}

struct Collector<'c, 'd> {
    definition: &'d Definition,
    names: &'c Names<'d>,
    most: usize,
    problems: &'c mut Vec<Problem>,
    edges: Edges,
}

impl Collector<'_, '_> {
    fn node(&mut self, index: usize, node: &Node) {
        match &node.kind {
            Some(Kind::Call(call)) => call.with.iter().for_each(|it| self.source(index, &it.source)),
            Some(Kind::Sleep(sleep)) => match &sleep.duration {
                Pause::Given(reference) => self.reference(index, reference),
                Pause::Fixed(_) => {}
            },
            Some(Kind::Wait(_)) | None => {}
        }
        if let Some(for_each) = &node.for_each {
            self.source(index, &for_each.list);
        }
        self.condition(index, node);
        for name in &node.after {
            if let Some(before) = self.named(&name.value, name.spot) {
                self.edges.after[index].push(before);
                self.edges.all.push((before, index, name.spot));
            }
        }
        match node.catch.as_ref().map(|catch| &catch.value) {
            Some(Catch::Value(source)) => self.source(index, source),
            Some(Catch::Node(name)) => self.fallback(index, &name.value, name.spot),
            None => {}
        }
    }

    fn condition(&mut self, index: usize, node: &Node) {
        let parsed = node.when.as_ref().map(|when| {
            let parsed = expression::condition(&when.value);
            if let Ok(term) = &parsed {
                self.term(index, term, when.spot);
            }
            parsed
        });
        self.edges.conditions.push(parsed);
    }

    fn term(&mut self, index: usize, term: &Term, spot: Spot) {
        match &term.kind {
            TermKind::Bool(_) | TermKind::Whole(_) | TermKind::Real(_) | TermKind::Text(_) => {}
            TermKind::Reference(reference) | TermKind::Has(reference) => {
                self.edge(index, &reference.root, spot);
            }
            TermKind::Not(inner) | TermKind::Negate(inner) => self.term(index, inner, spot),
            TermKind::List(terms) | TermKind::Call(_, terms) => self.terms(index, terms, spot),
            TermKind::Junction(_, sides) | TermKind::Compare(_, sides) => self.terms(index, &**sides, spot),
            TermKind::Arithmetic(_, sides) | TermKind::In(sides) => self.terms(index, &**sides, spot),
            TermKind::Choose(parts) => self.terms(index, &**parts, spot),
        }
    }

    fn terms(&mut self, index: usize, terms: &[Term], spot: Spot) {
        terms.iter().for_each(|term| self.term(index, term, spot));
    }

    fn source(&mut self, index: usize, source: &Source) {
        match &source.form {
            Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) => {}
            Form::Blob(_) | Form::Wrong => {}
            Form::List(elements) => elements.iter().for_each(|element| self.source(index, element)),
            Form::Map(members) => members
                .iter()
                .for_each(|member| self.source(index, &member.value)),
            Form::Reference(reference) => self.reference(index, reference),
        }
    }

    fn reference(&mut self, index: usize, reference: &Reference) {
        self.edge(index, &reference.root, reference.spot);
    }

    fn edge(&mut self, index: usize, root: &Root, spot: Spot) {
        if let Root::Node(name) = root
            && let Some(before) = self.names.node(name)
        {
            self.edges.all.push((before, index, spot));
        }
    }

    fn fallback(&mut self, index: usize, name: &str, spot: Spot) {
        let Some(fallback) = self.named(name, spot) else {
            return;
        };
        if let Some(other) = self.edges.catches[fallback] {
            let other = &self.definition.nodes[other].name.value;
            let message =
                format!("`{name}` is executed for `{other}` already: a node stands in for one other");
            self.wrong(spot, "catch-twice", message);
            return;
        }
        self.edges.fallback[index] = Some(fallback);
        self.edges.catches[fallback] = Some(index);
        self.edges.all.push((index, fallback, spot));
    }

    /// What waits for a node waits for the one that is executed in its place, too, and for the one in place of that. Stops
    /// beyond the bound on edges, which is told then anyway.
    fn behind_fallbacks(&mut self) {
        let edges = &mut self.edges;
        let mut known: HashSet<_> = edges
            .all
            .iter()
            .map(|&(before, index, _)| (before, index))
            .collect();
        let mut next = 0;
        while next < edges.all.len() && edges.all.len() <= self.most {
            let (before, index, spot) = edges.all[next];
            next += 1;
            if let Some(instead) = edges.fallback[before]
                && instead != index
                && known.insert((instead, index))
            {
                edges.all.push((instead, index, spot));
            }
        }
    }

    fn named(&mut self, name: &str, spot: Spot) -> Option<usize> {
        let node = self.names.node(name);
        if node.is_none() {
            let nodes = self.definition.nodes.iter().map(|node| &*node.name.value);
            let message = format!("there is no node {}{}", quoted(name), hint(name, nodes));
            self.wrong(spot, "unknown-node", message);
        }
        node
    }

    fn wrong(&mut self, spot: Spot, code: &'static str, message: String) {
        let problem = self.definition.places.problem(spot, code, message);
        self.problems.push(problem);
    }
}
