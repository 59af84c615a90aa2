//! What changed about edges.

use std::collections::HashMap;

use serde::Serialize;

use super::{EdgeChange, Edges};
use crate::plan::Plan;

/// What names an edge: its two ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EdgeName {
    /// The node or value that it comes from, such as `charge` or `$input`.
    pub from: String,
    /// The node that it goes to, or `$output`.
    pub to: String,
    /// What it is for there: a parameter, a member of the result, `when`, `after` and their like.
    pub port: String,
    /// The reference; none where only the order matters.
    pub reference: Option<String>,
}

pub(super) fn diff(before: &Plan, after: &Plan) -> Edges {
    let (old, new) = (named(before), named(after));
    let mut edges = Edges::default();
    for (edge, ty) in &new {
        match old.get(edge) {
            None => edges.added.push(edge.clone()),
            Some(was) if was == ty => {}
            Some(was) => edges.changed.push(EdgeChange {
                edge: edge.clone(),
                before: was.clone(),
                after: ty.clone(),
            }),
        }
    }
    edges.removed = old.into_keys().filter(|edge| !new.contains_key(edge)).collect();
    edges.added.sort_unstable();
    edges.removed.sort_unstable();
    edges.changed.sort_unstable_by(|a, b| a.edge.cmp(&b.edge));
    edges
}

/// Each edge and the type that flows.
fn named(plan: &Plan) -> HashMap<EdgeName, String> {
    let edges = plan.edges().into_iter().map(|edge| {
        let name = EdgeName {
            from: plan.name_of(edge.from).to_owned(),
            to: plan.name_of(edge.to).to_owned(),
            port: edge.port.to_owned(),
            reference: edge.reference.map(str::to_owned),
        };
        (name, edge.ty.map(ToString::to_string).unwrap_or_default())
    });
    edges.collect()
}
