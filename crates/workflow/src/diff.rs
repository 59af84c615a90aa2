//! What changed from one plan to another.

use std::collections::HashMap;

use serde::Serialize;

use crate::compatible::breaks;
use crate::plan::{Node, Plan};

mod edges;
mod node;

pub use edges::EdgeName;

/// What changed from one plan to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diff {
    /// What is wrong for callers that know the older one, each in a sentence; nothing where all their calls stay right.
    pub breaking: Vec<String>,
    /// Changes of the workflow itself: its signature, its durability, what applies to runs.
    pub workflow: Vec<Change>,
    /// Nodes by name.
    pub nodes: Nodes,
    /// Edges.
    pub edges: Edges,
}

/// Nodes that came, went and changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nodes {
    /// Names of those that are new.
    pub added: Vec<String>,
    /// Names of those that are gone.
    pub removed: Vec<String>,
    /// Those that changed.
    pub changed: Vec<NodeChange>,
}

/// A node that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeChange {
    /// Its name.
    pub name: String,
    /// How.
    pub changes: Vec<Change>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What, such as `call`, `with.amount` or `timeout`.
    pub what: String,
    /// What it was; none where it was not there.
    pub before: Option<String>,
    /// What it is; none where it is gone.
    pub after: Option<String>,
}

/// Edges that came, went and changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Edges {
    /// Those that are new.
    pub added: Vec<EdgeName>,
    /// Those that are gone.
    pub removed: Vec<EdgeName>,
    /// Those whose type changed.
    pub changed: Vec<EdgeChange>,
}

/// An edge whose type changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeChange {
    /// Which.
    #[serde(flatten)]
    pub edge: EdgeName,
    /// The type that flowed.
    pub before: String,
    /// The type that flows.
    pub after: String,
}

impl Diff {
    /// Whether nothing changed at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What changed from `before` to `after`. Nodes are the same where their names are.
#[must_use]
pub fn diff(before: &Plan, after: &Plan) -> Diff {
    Diff {
        breaking: breaks(&before.signature, &after.signature),
        workflow: workflow(before, after),
        nodes: nodes(before, after),
        edges: edges::diff(before, after),
    }
}

fn nodes(before: &Plan, after: &Plan) -> Nodes {
    let by_name = |plan: &'_ Plan| -> HashMap<String, usize> {
        let names = plan
            .iter()
            .map(|(index, node)| (node.name.to_string(), index.0 as usize));
        names.collect()
    };
    let (old, new) = (by_name(before), by_name(after));
    let only = |nodes: &[Node], others: &HashMap<String, usize>| {
        let names = nodes.iter().map(|node| node.name.to_string());
        names.filter(|name| !others.contains_key(name)).collect()
    };
    let changed = after.nodes.iter().filter_map(|node| {
        let was = &before.nodes[*old.get(&*node.name)?];
        let changes = node::changes((before, was), (after, node));
        let name = node.name.to_string();
        (!changes.is_empty()).then_some(NodeChange { name, changes })
    });
    Nodes {
        added: only(&after.nodes, &old),
        removed: only(&before.nodes, &new),
        changed: changed.collect(),
    }
}

fn workflow(before: &Plan, after: &Plan) -> Vec<Change> {
    let facts = |plan: &Plan| {
        let defaults = &plan.defaults;
        let globals = plan.globals.as_ref().map(|globals| {
            let mut text = Vec::new();
            weft_types::json::print(&globals.ty, &globals.defaults, &mut text);
            format!("{} {}", globals.ty, String::from_utf8_lossy(&text))
        });
        vec![
            ("name", Some(plan.name.to_string())),
            ("input", Some(plan.signature.params.to_string())),
            (
                "output-type",
                plan.signature.result.as_ref().map(ToString::to_string),
            ),
            ("durability", Some(word(&plan.durability))),
            ("on-failure", Some(word(&defaults.policy))),
            ("priority", Some(word(&defaults.priority))),
            ("group", defaults.group.as_ref().map(ToString::to_string)),
            ("timeout", defaults.timeout.map(|it| format!("{it:?}"))),
            ("concurrency", defaults.concurrency.map(|it| it.to_string())),
            ("parameters", globals),
        ]
    };
    let mut changes = compare(facts(before), facts(after));
    let output = |plan: &Plan| -> Vec<(String, Option<String>)> {
        let result = plan.result.as_ref();
        let members = result.map(|source| source.members()).unwrap_or_default();
        named("output", members)
    };
    changes.append(&mut compare_by_name(output(before), output(after)));
    changes
}

/// A word as it is written in definitions.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}

/// Facts under one name each, which both have in the same order.
fn compare(before: Vec<(&str, Option<String>)>, after: Vec<(&str, Option<String>)>) -> Vec<Change> {
    let pairs = before.into_iter().zip(after);
    let changed = pairs.filter(|((_, before), (_, after))| before != after);
    let changes = changed.map(|((what, before), (_, after))| Change {
        what: what.to_owned(),
        before,
        after,
    });
    changes.collect()
}

/// Facts by name, which only one may have.
fn compare_by_name(
    before: Vec<(String, Option<String>)>,
    after: Vec<(String, Option<String>)>,
) -> Vec<Change> {
    let find = |facts: &[(String, Option<String>)], name: &str| {
        let found = facts.iter().find(|(other, _)| other == name);
        found.and_then(|(_, text)| text.clone())
    };
    let gone = before
        .iter()
        .filter(|(name, _)| !after.iter().any(|(other, _)| other == name));
    let names = after.iter().chain(gone).map(|(name, _)| name);
    let changes = names.map(|name| Change {
        what: name.clone(),
        before: find(&before, name),
        after: find(&after, name),
    });
    changes.filter(|change| change.before != change.after).collect()
}

fn named(prefix: &str, members: Vec<(&str, String)>) -> Vec<(String, Option<String>)> {
    let members = members.into_iter().map(|(name, text)| match name {
        "" => (prefix.to_owned(), Some(text)),
        _ => (format!("{prefix}.{name}"), Some(text)),
    });
    members.collect()
}
