//! What may be asked of a state.

use jiff::Timestamp;
use weft_types::{NodeStatus, RunStatus};

use super::RunState;
use super::cell::Phase;
use super::items::ItemPhase;
use super::run::Stage;
use crate::event::{Counts, NodeError, Origin, Place};
use crate::plan::{Catch, NodeIndex, Plan};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Its status.
    pub status: NodeStatus,
    /// Why it is so, where its own attempts do not tell.
    pub reason: Option<Reason>,
    /// The number of its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When its next attempt is due, or its sleep or wait ends.
    pub due: Option<Timestamp>,
    /// Its items, once it is expanded.
    pub items: Option<ItemCounts>,
}

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemView {
    /// Its status.
    pub status: NodeStatus,
    /// The number of its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When its next attempt is due.
    pub due: Option<Timestamp>,
}

/// Why a node is over without an attempt that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Skipped: its own condition was false.
    Condition,
    /// Skipped: this predecessor was, whose value it needs.
    SkippedUpstream(NodeIndex),
    /// Skipped: it is a fallback, and what it stands in for did not fail.
    NotNeeded,
    /// Skipped: outside of what was selected to be executed again, without a result that could be reused.
    LeftOut,
    /// Succeeded or skipped: given with the run.
    Given(Origin),
    /// Succeeded: it failed, and the failure was caught.
    Caught,
    /// Failed: this node did, and it needs that one, maybe through others.
    FailedUpstream(NodeIndex),
    /// Cancelled or timed out: the run ended this way before the node did.
    RunEnded(RunStatus),
}

/// The items of a node, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemCounts {
    /// All.
    pub total: u32,
    /// With an output.
    pub succeeded: u32,
    /// For good; timed out counts here.
    pub failed: u32,
    /// Stopped.
    pub cancelled: u32,
    /// Of those that succeeded: executed by the run that this one repeats.
    pub reused: u32,
}

impl RunState {
    /// Where the run stands. Before its first event it counts as waiting.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        match self.stage {
            Stage::Closed(status) => status,
            Stage::New | Stage::Accepted | Stage::Started | Stage::Decided(_) if self.paused => {
                RunStatus::Paused
            }
            Stage::New | Stage::Accepted => RunStatus::Waiting,
            Stage::Started | Stage::Decided(_) => RunStatus::Running,
        }
    }

    /// Whether the run was admitted.
    #[must_use]
    pub fn is_started(&self) -> bool {
        match self.stage {
            Stage::New | Stage::Accepted => false,
            Stage::Started | Stage::Decided(_) | Stage::Closed(_) => true,
        }
    }

    /// How the run will end, once that is decided: it is being stopped, or its result is put together.
    #[must_use]
    pub fn ending(&self) -> Option<RunStatus> {
        match self.stage {
            Stage::Decided(status) | Stage::Closed(status) => Some(status),
            Stage::New | Stage::Accepted | Stage::Started => self.ending,
        }
    }

    /// When the run must have ended; none once nothing depends on it any longer. Who drives the run answers it with
    /// [`Event::DeadlinePassed`](crate::Event::DeadlinePassed), paused or not.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        if self.ending().is_some() {
            None
        } else {
            self.deadline
        }
    }

    /// Whether there is such a node.
    #[must_use]
    pub fn has(&self, node: NodeIndex) -> bool {
        (node.0 as usize) < self.nodes.len()
    }

    /// Where a node stands.
    ///
    /// # Panics
    /// Where `node` is not of this plan.
    #[must_use]
    pub fn node(&self, node: NodeIndex) -> NodeView {
        let cell = self.cell(node);
        let reason = match cell.phase {
            Phase::Closed(_, reason) => reason,
            Phase::Waiting
            | Phase::Held
            | Phase::Told
            | Phase::Started
            | Phase::Suspended
            | Phase::RetryHeld
            | Phase::RetryTold
            | Phase::Expanded
            | Phase::Gathering
            | Phase::Catching
            | Phase::Falling => None,
        };
        NodeView {
            status: cell.phase.status(),
            reason,
            attempt: cell.attempt,
            due: self.dues.get(&Place::of(node)).copied(),
            items: cell.items.as_ref().map(|items| items.counts),
        }
    }

    /// Where an item of a node stands; none where there is no such item, or the node is over and only its counts are kept.
    #[must_use]
    pub fn item(&self, node: NodeIndex, item: u32) -> Option<ItemView> {
        let items = self.nodes.get(node.0 as usize)?.items.as_ref()?;
        let (phase, attempt) = items.get(item)?;
        Some(ItemView {
            status: phase.status(),
            attempt,
            due: self.dues.get(&Place::item(node, item)).copied(),
        })
    }

    /// Whether an attempt is over: it ended, or the run did, or there is no such attempt to come.
    #[must_use]
    pub fn is_attempt_over(&self, place: Place, attempt: u32) -> bool {
        let Some(cell) = self.nodes.get(place.node.0 as usize) else {
            return false;
        };
        if self.status().is_closed() || cell.phase.is_closed() {
            return true;
        }
        match place.item {
            None => attempt < cell.attempt || cell.phase.is_past_attempts(),
            Some(item) => {
                let item = cell.items.as_ref().and_then(|items| items.get(item));
                item.is_some_and(|(phase, latest)| attempt < latest || phase.is_closed())
            }
        }
    }

    /// The nodes that stand so, ascending.
    pub fn nodes_in(&self, status: NodeStatus) -> impl Iterator<Item = NodeIndex> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(move |(_, cell)| cell.phase.status() == status)
            .map(|(at, _)| NodeIndex(at as u32))
    }

    /// How many nodes are over, and how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How much is over, from 0 to 1. A node counts as one; those that go over a list, by their items.
    #[must_use]
    pub fn progress(&self) -> f64 {
        if self.nodes.is_empty() {
            return if self.ending().is_some() { 1.0 } else { 0.0 };
        }
        let parts = self.nodes.iter().map(|cell| match (cell.phase, &cell.items) {
            (Phase::Closed(..), _) => 1.0,
            (_, Some(items)) => items.counts.progress(),
            (_, None) => 0.0,
        });
        parts.sum::<f64>() / self.nodes.len() as f64
    }

    /// Why the run does not succeed, and the node it comes from: that of its first failure that nothing caught, or that it is
    /// cancelled or over its deadline.
    #[must_use]
    pub fn failure(&self) -> Option<&(Option<Place>, NodeError)> {
        self.failure.as_ref()
    }

    /// The failure of a node that is being caught, and the node or item it comes from.
    #[must_use]
    pub fn caught(&self, node: NodeIndex) -> Option<&(Place, NodeError)> {
        self.errors.get(&node)
    }

    /// Whether an attempt may be executing somewhere. Timers and outside events do not count.
    #[must_use]
    pub fn is_executing(&self) -> bool {
        self.nodes.iter().any(|cell| {
            let items = cell.items.as_ref();
            cell.phase.may_execute() || items.is_some_and(|items| items.is_executing())
        })
    }

    /// Whether an attempt at a place may be executing somewhere: it was given, and has not ended.
    #[must_use]
    pub fn may_execute(&self, place: Place) -> bool {
        let Some(cell) = self.nodes.get(place.node.0 as usize) else {
            return false;
        };
        match place.item {
            None => cell.phase.may_execute(),
            Some(item) => {
                let item = cell.items.as_ref().and_then(|items| items.get(item));
                item.is_some_and(|(phase, _)| phase.is_outstanding())
            }
        }
    }

    /// Whether the latest attempt at a place is known to have begun, and not to have ended.
    #[must_use]
    pub fn has_started(&self, place: Place) -> bool {
        let Some(cell) = self.nodes.get(place.node.0 as usize) else {
            return false;
        };
        match place.item {
            None => cell.phase == Phase::Started,
            Some(item) => {
                let item = cell.items.as_ref().and_then(|items| items.get(item));
                item.is_some_and(|(phase, _)| phase == ItemPhase::Started)
            }
        }
    }

    /// Whether a node awaits an outside event, or sleeps.
    #[must_use]
    pub fn is_suspended(&self, node: NodeIndex) -> bool {
        let cell = self.nodes.get(node.0 as usize);
        cell.is_some_and(|cell| cell.phase == Phase::Suspended)
    }

    /// The node whose recorded output references to `node` see: itself, or its fallback where that took its place. None unless it
    /// succeeded.
    #[must_use]
    pub fn output_of(&self, plan: &Plan, node: NodeIndex) -> Option<NodeIndex> {
        let mut at = node;
        loop {
            match (self.cell(at).phase, &plan.node(at).catch) {
                (Phase::Closed(NodeStatus::Succeeded, Some(Reason::Caught)), Some(Catch::Node(fallback))) => {
                    at = *fallback;
                }
                (Phase::Closed(NodeStatus::Succeeded, _), _) => return Some(at),
                (_, _) => return None,
            }
        }
    }

    /// Whether the run was told to leave nodes out: a result that needs one of them cannot be put together.
    #[must_use]
    pub fn leaves_out(&self) -> bool {
        let left_out = Phase::Closed(NodeStatus::Skipped, Some(Reason::LeftOut));
        self.nodes.iter().any(|cell| cell.phase == left_out)
    }
}

impl ItemCounts {
    /// How many are over.
    #[must_use]
    pub fn done(&self) -> u32 {
        self.succeeded + self.failed + self.cancelled
    }

    /// How much is over, from 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        if self.total == 0 {
            1.0
        } else {
            f64::from(self.done()) / f64::from(self.total)
        }
    }

    /// Counts one that is over.
    pub(super) fn add(&mut self, status: NodeStatus) {
        match status {
            NodeStatus::Succeeded => self.succeeded += 1,
            NodeStatus::Failed | NodeStatus::TimedOut => self.failed += 1,
            NodeStatus::Cancelled => self.cancelled += 1,
            NodeStatus::Waiting
            | NodeStatus::Ready
            | NodeStatus::Running
            | NodeStatus::Retrying
            | NodeStatus::Skipped => {}
        }
    }
}
