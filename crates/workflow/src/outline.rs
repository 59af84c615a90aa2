//! A plan in short: what a record of a run keeps, so that it can be read when the function is gone.

use serde::{Deserialize, Serialize};
use weft_types::{Digest, FunctionName, VersionNumber};

use crate::plan::{Kind, Node, NodeIndex, Plan};

/// A plan in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outline {
    /// Names the plan.
    pub plan: Digest,
    /// The name that the definition gives itself.
    pub name: String,
    /// Each node behind all that it needs.
    pub nodes: Vec<OutlineNode>,
}

/// A node in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OutlineNode {
    /// Unique in the workflow.
    pub name: String,
    /// What it does.
    pub kind: OutlineKind,
    /// The longest way to it from an entry, in nodes.
    pub level: u32,
    /// What it waits for.
    pub needs: Vec<NodeIndex>,
    /// Whether it goes over a list.
    pub for_each: bool,
    /// Whether it has a condition.
    pub conditional: bool,
    /// The node whose failure it is executed after.
    pub catches: Option<NodeIndex>,
    /// Whether executing it goes unnoticed.
    pub effect_free: bool,
}

/// What a node does, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutlineKind {
    /// It calls a function, or runs another workflow.
    Call {
        /// The function.
        function: FunctionName,
        /// The version.
        version: VersionNumber,
        /// The full name of the export.
        export: String,
        /// Whether it is a workflow.
        workflow: bool,
    },
    /// It waits for a time.
    Sleep,
    /// It waits for an outside event.
    Wait,
}

impl From<&Plan> for Outline {
    fn from(plan: &Plan) -> Self {
        Self {
            plan: plan.digest,
            name: plan.name.to_string(),
            nodes: plan.nodes.iter().map(OutlineNode::from).collect(),
        }
    }
}

impl From<&Node> for OutlineNode {
    fn from(node: &Node) -> Self {
        let kind = match &node.kind {
            Kind::Call(call) => OutlineKind::Call {
                function: call.function.clone(),
                version: call.version,
                export: call.export_name.to_string(),
                workflow: call.workflow,
            },
            Kind::Sleep { .. } => OutlineKind::Sleep,
            Kind::Wait { .. } => OutlineKind::Wait,
        };
        Self {
            name: node.name.to_string(),
            kind,
            level: node.level,
            needs: node.needs.iter().map(|need| need.node).collect(),
            for_each: node.for_each.is_some(),
            conditional: node.when.is_some(),
            catches: node.catches,
            effect_free: node.effect_free,
        }
    }
}
