//! What follows a failure for good.

use weft_types::{FailurePolicy, NodeStatus, RunStatus};

use super::Action;
use super::cell::Phase;
use super::turn::Turn;
use super::view::Reason;
use crate::event::{ErrorCode, NodeError, Place};
use crate::plan::{Catch, NodeIndex};

impl Turn<'_> {
    /// A node failed for good, at `place`: itself or one of its items. Its failure is caught, or becomes the run's.
    pub(super) fn fail(&mut self, node: NodeIndex, place: Place, error: NodeError) {
        if self.state.ending.is_some() {
            return self.lose(node, place, error);
        }
        match self.plan.node(node).catch {
            None => self.lose(node, place, error),
            Some(Catch::Value(_)) => {
                self.state.errors.insert(node, (place, error));
                self.state.cell_mut(node).phase = Phase::Catching;
                self.actions.push(Action::Catch(node));
            }
            Some(Catch::Node(fallback)) => {
                self.state.errors.insert(node, (place, error));
                self.state.cell_mut(node).phase = Phase::Falling;
                self.call_for(node, fallback);
            }
        }
    }

    /// A failure that nothing caught.
    pub(super) fn lose(&mut self, node: NodeIndex, place: Place, error: NodeError) {
        self.close(node, failed_status(error.code), None);
        if self.state.ending.is_some() {
            return;
        }
        self.state.failure.get_or_insert((Some(place), error));
        match self.plan.defaults.policy {
            FailurePolicy::End => self.stop(RunStatus::Failed),
            FailurePolicy::Continue => {}
        }
    }

    /// A failure that was to be caught, and is not.
    pub(super) fn lose_caught(&mut self, node: NodeIndex) {
        // `fail` put it there when it began to be caught, and only `close` takes it away.
        if let Some((place, error)) = self.state.errors.get(&node).cloned() {
            self.lose(node, place, error);
        }
    }

    /// The value that was to stand in for a node is not to be had.
    pub(super) fn catch_failed(&mut self, node: NodeIndex, why: &NodeError) {
        if self.state.ending.is_none()
            && let Some((_, error)) = self.state.errors.get_mut(&node)
        {
            error.message = format!("{}; what was to catch it failed: {}", error.message, why.message);
        }
        self.lose_caught(node);
    }

    /// A node that has a fallback is over without calling for it, or with its end.
    pub(super) fn not_needed(&mut self, fallback: NodeIndex) {
        if self.state.cell(fallback).phase == Phase::Waiting {
            self.close(fallback, NodeStatus::Skipped, Some(Reason::NotNeeded));
        }
    }

    /// What the end of a fallback means for the node that it catches.
    pub(super) fn fallback_is_over(&mut self, caught: NodeIndex, fallback: NodeIndex) {
        if self.state.cell(caught).phase != Phase::Falling {
            return;
        }
        if self.state.cell(fallback).phase.status() == NodeStatus::Succeeded {
            self.close(caught, NodeStatus::Succeeded, Some(Reason::Caught));
        } else {
            self.lose_caught(caught);
        }
    }

    /// The fallback may be over already: its output was given, or it was left out.
    fn call_for(&mut self, node: NodeIndex, fallback: NodeIndex) {
        let cell = self.state.cell(fallback);
        if cell.phase.is_closed() {
            self.fallback_is_over(node, fallback);
        } else if cell.missing == 0 {
            self.needs_are_over(fallback);
        }
    }
}

/// How a node counts whose failure nothing caught.
pub(super) fn failed_status(code: ErrorCode) -> NodeStatus {
    match code {
        ErrorCode::Timeout | ErrorCode::WaitTimeout => NodeStatus::TimedOut,
        ErrorCode::FunctionError
        | ErrorCode::Trap
        | ErrorCode::Limit
        | ErrorCode::Unavailable
        | ErrorCode::Platform
        | ErrorCode::Cancelled
        | ErrorCode::OutcomeUnknown
        | ErrorCode::Evaluation
        | ErrorCode::Run => NodeStatus::Failed,
    }
}
