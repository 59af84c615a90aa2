//! What became of one node.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::NodeStatus;

use crate::event::{NodeError, Place, Stored, Usage};
use crate::plan::NodeIndex;
use crate::state::{ItemCounts, Reason};

/// Attempts and failed items that are told of one node at most: the latest attempts, the first failures.
pub const MAX_ATTEMPTS: usize = 100;

/// A node of a run. Its inputs are not here: they follow from the plan and the outputs of others.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRecord {
    /// The node.
    pub node: NodeIndex,
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub status: NodeStatus,
    /// Why it is so, where its own attempts do not tell.
    pub reason: Option<Reason>,
    /// When its next attempt is due, or its sleep or wait ends.
    pub due: Option<Timestamp>,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The number of its latest attempt; 0 before the first. Not all of them are in `attempts`.
    pub attempt: u32,
    /// Its latest attempts in order, [`MAX_ATTEMPTS`] at most. For a node that goes over a list, those of its items are not here.
    pub attempts: Vec<AttemptRecord>,
    /// Its items, where it goes over a list and that was expanded.
    pub items: Option<ItemsRecord>,
    /// What its attempts cost, those of its items included.
    pub usage: Usage,
    /// Its output: its own, a given one, or that of the fallback that took its place.
    pub output: Option<Stored>,
    /// Who brought what it awaited.
    pub completed_by: Option<String>,
    /// Why it failed, and the place where: the node itself or one of its items. There also where the failure was caught.
    pub error: Option<(Place, NodeError)>,
}

/// One try.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRecord {
    /// From 1.
    pub number: u32,
    /// When it began, as far as is known.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it cost.
    pub usage: Usage,
    /// Why it failed.
    pub error: Option<NodeError>,
}

/// The items of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemsRecord {
    /// How many, and how they ended.
    pub counts: ItemCounts,
    /// Attempts that failed and were followed by another.
    pub retried: u32,
    /// The first items that failed for good, in the order in which they did; [`MAX_ATTEMPTS`] at most.
    pub failures: Vec<(u32, NodeError)>,
}

impl NodeRecord {
    /// A node to which nothing happened.
    pub(super) fn new(node: NodeIndex, name: Arc<str>) -> Self {
        Self {
            node,
            name,
            status: NodeStatus::Waiting,
            reason: None,
            due: None,
            started_at: None,
            finished_at: None,
            attempt: 0,
            attempts: Vec::new(),
            items: None,
            usage: Usage::default(),
            output: None,
            completed_by: None,
            error: None,
        }
    }

    /// The record of an attempt, made where it is the first that is heard of it.
    pub(super) fn attempt(&mut self, number: u32) -> &mut AttemptRecord {
        let is_known = self.attempts.last().is_some_and(|last| last.number == number);
        if !is_known {
            if self.attempts.len() == MAX_ATTEMPTS {
                self.attempts.remove(0);
            }
            self.attempts.push(AttemptRecord {
                number,
                started_at: None,
                finished_at: None,
                usage: Usage::default(),
                error: None,
            });
        }
        let last = self.attempts.len() - 1;
        &mut self.attempts[last]
    }
}
