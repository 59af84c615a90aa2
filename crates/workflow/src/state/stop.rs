//! The run ends early.

use weft_types::{NodeStatus, RunStatus};

use super::Action;
use super::cell::Phase;
use super::items::ItemPhase;
use super::turn::{Turn, Verdict};
use super::view::Reason;
use crate::event::{ErrorCode, NodeError, Place};
use crate::plan::NodeIndex;

impl Turn<'_> {
    /// Somebody asked for the end. Of a run that is ending already it changes nothing.
    pub(super) fn cancel_requested(&mut self, by: &str, reason: &str) -> Verdict {
        if self.state.ending().is_none() {
            let message = match reason {
                "" => format!("cancelled by {by}"),
                _ => format!("cancelled by {by}: {reason}"),
            };
            self.end_early(RunStatus::Cancelled, ErrorCode::Cancelled, message);
        }
        Ok(())
    }

    /// The deadline passed. Of a run that is ending already it changes nothing.
    pub(super) fn deadline_passed(&mut self) -> Verdict {
        let Some(deadline) = self.state.deadline else {
            return Err("the run has no deadline".into());
        };
        if self.state.ending().is_none() {
            let message = format!("the run did not end by its deadline, {deadline}");
            self.end_early(RunStatus::TimedOut, ErrorCode::Timeout, message);
        }
        Ok(())
    }

    /// Stops what is outstanding, cancels the rest.
    pub(super) fn stop(&mut self, status: RunStatus) {
        self.state.ending = Some(status);
        self.state.paused = false;
        for at in 0..self.state.nodes.len() {
            self.stop_node(NodeIndex(at as u32), status);
        }
    }

    /// Stops the active items of a node, but for `except`; no further ones begin.
    pub(super) fn stop_items(&mut self, node: NodeIndex, except: Option<u32>) {
        let Some(items) = &mut self.state.nodes[node.0 as usize].items else {
            return;
        };
        items.ending = true;
        let active = items.active().filter(|(item, _, _)| Some(*item) != except);
        let active: Vec<(u32, ItemPhase, u32)> = active.collect();
        for (item, phase, _) in active {
            let place = Place::item(node, item);
            self.state.dues.remove(&place);
            if phase.is_outstanding() {
                self.actions.push(Action::Stop(place));
            } else {
                items.close(item, NodeStatus::Cancelled);
            }
        }
    }

    fn end_early(&mut self, status: RunStatus, code: ErrorCode, message: String) {
        let error = NodeError {
            code,
            message,
            value: None,
        };
        self.state.failure = Some((None, error));
        self.stop(status);
    }

    fn stop_node(&mut self, node: NodeIndex, status: RunStatus) {
        match self.state.cell(node).phase {
            Phase::Waiting | Phase::Held | Phase::RetryHeld => {
                self.close(node, NodeStatus::Cancelled, Some(Reason::RunEnded(status)));
            }
            Phase::Told
            | Phase::Started
            | Phase::Suspended
            | Phase::RetryTold
            | Phase::Gathering
            | Phase::Catching => {
                self.state.dues.remove(&Place::of(node));
                self.actions.push(Action::Stop(Place::of(node)));
            }
            Phase::Expanded => {
                if !self.stops_items(node) {
                    self.stop_items(node, None);
                }
                self.go_on(node);
            }
            Phase::Falling => self.lose_caught(node),
            Phase::Closed(..) => {}
        }
    }
}
