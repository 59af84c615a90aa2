//! The account of a run for people, folded from its events.
//!
//! [`RunRecord`] needs the events alone and is kept in the store, one row per run. [`NodeRecord`]s are folded when somebody looks at a
//! single run: they need its plan and all its events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use weft_types::{Digest, FunctionName, Priority, ProjectName, RunId, RunStatus, VersionNumber};

use crate::event::{Counts, NodeError, Place, Stored, Trigger, Usage};
use crate::plan::NodeIndex;

pub use node::{AttemptRecord, ItemsRecord, MAX_ATTEMPTS, NodeRecord};
pub use nodes::{Nodes, node_records};

/// What is known of a run without its plan: enough for lists. What its nodes did is in its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run.
    pub run: RunId,
    /// Its namespace.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: FunctionName,
    /// The version.
    pub version: VersionNumber,
    /// Names the plan.
    pub plan: Digest,
    /// Where it stands.
    pub status: RunStatus,
    /// Who called.
    pub submitter: String,
    /// What started it.
    pub trigger: Trigger,
    /// When it was meant to start.
    pub scheduled_at: Option<Timestamp>,
    /// How urgent it is.
    pub priority: Priority,
    /// When it must have ended.
    pub deadline: Option<Timestamp>,
    /// Which machine executes it.
    pub host: String,
    /// For filtering.
    pub labels: BTreeMap<String, String>,
    /// Free members, JSON text.
    pub extras: String,
    /// How deep it is nested.
    pub depth: u32,
    /// Whether it is journalled.
    pub express: bool,
    /// The W3C trace it belongs to.
    pub trace: [u8; 16],
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was admitted.
    pub started_at: Option<Timestamp>,
    /// When something last happened.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How many nodes it has.
    pub nodes: u32,
    /// How many of them ended, and how. Until the run has ended, only what the events say by themselves: a node that is skipped
    /// because another was, for one, is counted at the end.
    pub counts: Counts,
    /// Nodes that go over a list and are under way, or of which items are reused.
    pub expanded: Vec<Expansion>,
    /// What its attempts cost, summed.
    pub usage: Usage,
    /// Its result.
    pub result: Option<Stored>,
    /// The failure that ended it, and the node it came from.
    pub failure: Option<(Option<Place>, NodeError)>,
    /// How many nodes have an output that was given in place of executing them: where there are any, the run is a trial.
    pub stubs: u32,
}

/// How far a node is that goes over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// The node.
    pub node: NodeIndex,
    /// How many items it has; 0 before that is known.
    pub items: u32,
    /// How many of them succeeded, here or in the run that this one repeats.
    pub succeeded: u32,
}

impl RunRecord {
    /// How much of the run is over, from 0 to 1, as far as its events say by themselves.
    #[must_use]
    pub fn progress(&self) -> f64 {
        if self.status.is_closed() {
            return 1.0;
        }
        if self.nodes == 0 {
            return 0.0;
        }
        let whole = self.counts.succeeded + self.counts.skipped + self.counts.failed + self.counts.cancelled;
        let parts = self.expanded.iter().filter(|node| node.items > 0);
        let parts = parts.map(|node| f64::from(node.succeeded) / f64::from(node.items));
        (f64::from(whole) + parts.sum::<f64>()) / f64::from(self.nodes)
    }
}

mod fold;
mod node;
mod nodes;

#[cfg(test)]
mod tests;
