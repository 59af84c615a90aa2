//! A plan as data.

use serde::Serialize;
use weft_types::{Digest, Durability, FunctionName, Signature, VersionNumber};

use crate::plan::{Kind, Node, NodeIndex, Pins, Plan};

/// A plan as data: what a drawing of it needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drawing {
    /// The name that the definition gives itself.
    pub name: String,
    /// Names the plan.
    pub digest: Digest,
    /// What it is called with and what it answers.
    pub signature: Signature,
    /// Whether runs are journalled.
    pub durability: Durability,
    /// Whether no node has effects.
    pub effect_free: bool,
    /// The versions that were found for callees whose version the definition leaves open.
    pub pins: Pins,
    /// Each node behind all that it needs.
    pub nodes: Vec<DrawnNode>,
    /// Which value flows where.
    pub edges: Vec<DrawnEdge>,
    /// Names of nodes that need no other.
    pub entries: Vec<String>,
    /// Names of nodes that no other needs.
    pub exits: Vec<String>,
    /// How many levels there are.
    pub levels: u32,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DrawnNode {
    /// Unique in the workflow.
    pub name: String,
    /// What it does.
    #[serde(flatten)]
    pub kind: DrawnKind,
    /// The longest way to it from an entry, in nodes.
    pub level: u32,
    /// How many nodes it waits for.
    pub upstream: usize,
    /// How many nodes wait for it.
    pub downstream: usize,
    /// Whether executing it goes unnoticed.
    pub effect_free: bool,
    /// The type of its output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The list that it goes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// The node whose failure it is executed after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catches: Option<String>,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DrawnKind {
    /// It calls a function.
    Call(DrawnCallee),
    /// It runs another workflow.
    Workflow(DrawnCallee),
    /// It waits for a time.
    Sleep {
        /// For how long, in milliseconds, or where that comes from.
        duration: String,
    },
    /// It waits for an outside event.
    Wait {
        /// How long at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
    },
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DrawnCallee {
    /// The function.
    pub function: FunctionName,
    /// The version.
    pub version: VersionNumber,
    /// The full name of the export.
    pub export: String,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawnEdge {
    /// A node, `$input`, `$global` or `$blob`.
    pub from: String,
    /// A node, or `$output`.
    pub to: String,
    /// What it is for there: a parameter, a member of the result, `when`, `after` and their like.
    pub port: String,
    /// The reference; none where only the order matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The type of what flows.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<String>,
}

/// A plan as data.
#[must_use]
pub fn drawing(plan: &Plan) -> Drawing {
    let names = |indexes: &[NodeIndex]| {
        let names = indexes.iter().map(|index| plan.node(*index).name.to_string());
        names.collect()
    };
    let edges = plan.edges().into_iter().map(|edge| DrawnEdge {
        from: plan.name_of(edge.from).to_owned(),
        to: plan.name_of(edge.to).to_owned(),
        port: edge.port.to_owned(),
        reference: edge.reference.map(str::to_owned),
        ty: edge.ty.map(ToString::to_string),
    });
    Drawing {
        name: plan.name.to_string(),
        digest: plan.digest,
        signature: plan.signature.clone(),
        durability: plan.durability,
        effect_free: plan.effect_free,
        pins: plan.pins.clone(),
        nodes: plan.nodes.iter().map(|node| drawn(plan, node)).collect(),
        edges: edges.collect(),
        entries: names(&plan.entries),
        exits: names(&plan.exits),
        levels: plan.nodes.iter().map(|node| node.level + 1).max().unwrap_or(0),
    }
}

fn drawn(plan: &Plan, node: &Node) -> DrawnNode {
    DrawnNode {
        name: node.name.to_string(),
        kind: kind(node),
        level: node.level,
        upstream: node.needs.len(),
        downstream: node.successors.len(),
        effect_free: node.effect_free,
        output: node.output.as_ref().map(ToString::to_string),
        when: node.when.as_ref().map(|when| when.text().to_owned()),
        for_each: node.for_each.as_ref().map(|it| it.list.text()),
        catches: node.catches.map(|failed| plan.node(failed).name.to_string()),
    }
}

fn kind(node: &Node) -> DrawnKind {
    match &node.kind {
        Kind::Call(call) => {
            let callee = DrawnCallee {
                function: call.function.clone(),
                version: call.version,
                export: call.export_name.to_string(),
            };
            match call.workflow {
                true => DrawnKind::Workflow(callee),
                false => DrawnKind::Call(callee),
            }
        }
        Kind::Sleep { duration } => DrawnKind::Sleep {
            duration: duration.text(),
        },
        Kind::Wait { timeout } => DrawnKind::Wait {
            // Timeouts are far below the 584 million years that fit.
            timeout_ms: timeout.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
        },
    }
}
