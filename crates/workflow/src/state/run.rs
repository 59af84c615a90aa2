//! What is known of a run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weft_types::{NodeStatus, RunId, RunStatus};

use super::cell::Cell;
use crate::event::{Counts, NodeError, Place};
use crate::plan::{Node, NodeIndex, Plan};

/// Where a run stands: 32 bytes per node, and 4 per item of a node that goes over a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    pub(super) stage: Stage,
    /// Whether new work is held back until somebody resumes the run.
    pub(super) paused: bool,
    /// How the run will end, once it is being stopped.
    pub(super) ending: Option<RunStatus>,
    /// The run's identity; nil before it is accepted.
    pub(super) run: RunId,
    pub(super) deadline: Option<Timestamp>,
    pub(super) nodes: Box<[Cell]>,
    /// Nodes that are not over.
    pub(super) open: u32,
    pub(super) counts: Counts,
    /// Why it does not succeed, once that is known.
    pub(super) failure: Option<(Option<Place>, NodeError)>,
    /// Failures of nodes that are not over: being caught, or waiting for the rest of their items.
    pub(super) errors: BTreeMap<NodeIndex, (Place, NodeError)>,
    /// When the next attempt is due, or a sleep or a wait ends.
    pub(super) dues: BTreeMap<Place, Timestamp>,
    /// Items whose outputs are reused, ascending, of nodes that were not expanded yet.
    pub(super) reused: BTreeMap<NodeIndex, Vec<u32>>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing happened yet.
    New,
    /// It waits to be admitted.
    Accepted,
    /// It was admitted.
    Started,
    /// Every node is over, and it is to end so.
    Decided(RunStatus),
    /// It ended.
    Closed(RunStatus),
}

impl RunState {
    /// The state before the first event.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let nodes: Box<[Cell]> = plan.nodes.iter().map(|node| Cell::new(missing(node))).collect();
        Self {
            stage: Stage::New,
            paused: false,
            ending: None,
            run: RunId(uuid::Uuid::nil()),
            deadline: None,
            // A plan has far fewer than 2^32 nodes: their indices are `u32`.
            open: nodes.len() as u32,
            nodes,
            counts: Counts::default(),
            failure: None,
            errors: BTreeMap::new(),
            dues: BTreeMap::new(),
            reused: BTreeMap::new(),
        }
    }

    pub(super) fn cell(&self, node: NodeIndex) -> &Cell {
        &self.nodes[node.0 as usize]
    }

    pub(super) fn cell_mut(&mut self, node: NodeIndex) -> &mut Cell {
        &mut self.nodes[node.0 as usize]
    }

    /// Whether new work may be given.
    pub(super) fn admits(&self) -> bool {
        self.stage == Stage::Started && !self.paused && self.ending.is_none()
    }
}

/// A fallback is told by the node that it catches when its turn comes: that one does not count.
fn missing(node: &Node) -> u32 {
    let needs = node.needs.iter();
    needs.filter(|need| Some(need.node) != node.catches).count() as u32
}

/// Counts a node that is over.
pub(super) fn count(counts: &mut Counts, status: NodeStatus) {
    match status {
        NodeStatus::Succeeded => counts.succeeded += 1,
        NodeStatus::Skipped => counts.skipped += 1,
        NodeStatus::Failed | NodeStatus::TimedOut => counts.failed += 1,
        NodeStatus::Cancelled => counts.cancelled += 1,
        NodeStatus::Waiting | NodeStatus::Ready | NodeStatus::Running | NodeStatus::Retrying => {}
    }
}
