//! What newer versions of callees would break.

use serde::Serialize;
use weft_types::{FunctionName, VersionNumber};

use super::callees::Callees;
use crate::compatible::breaks;
use crate::plan::{Call, Kind, Plan};

/// A node whose callee has another active version than the one that is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Newer {
    /// The node.
    pub node: String,
    /// What it calls.
    pub function: FunctionName,
    /// The pinned version.
    pub pinned: VersionNumber,
    /// The active version; none where there is none, or it lacks the export.
    pub active: Option<VersionNumber>,
    /// Whether the plan is made with the active version when it is repinned; otherwise the definition names the version.
    pub open: bool,
    /// What the active version breaks, each in a sentence; nothing where the node stays right.
    pub breaks: Vec<String>,
}

/// Every node of `plan` whose callee has another active version now, in the order of the plan, and what that would break.
///
/// Looks at signatures alone, so that it may warn of what this workflow does not use; whether the definition can be planned
/// with the active versions is found out by checking it without pins.
#[must_use]
pub fn newer(plan: &Plan, callees: &dyn Callees) -> Vec<Newer> {
    let calls = plan.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Call(call) => Some((node, call)),
        Kind::Sleep { .. } | Kind::Wait { .. } => None,
    });
    let newer = calls.filter_map(|(node, call)| {
        let (active, breaks) = active(call, callees)?;
        Some(Newer {
            node: node.name.to_string(),
            function: call.function.clone(),
            pinned: call.version,
            active,
            open: call.open,
            breaks,
        })
    });
    newer.collect()
}

/// The active version and what it breaks; none where it is the pinned one.
fn active(call: &Call, callees: &dyn Callees) -> Option<(Option<VersionNumber>, Vec<String>)> {
    match callees.find(&call.function, None, Some(&call.export_name)) {
        Ok(found) if found.version == call.version => None,
        Ok(found) => {
            let breaks = breaks(&call.signature, &found.signature);
            Some((Some(found.version), breaks))
        }
        Err(error) => Some((None, vec![error.message])),
    }
}
