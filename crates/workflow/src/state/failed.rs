//! An attempt failed.

use weft_types::{NodeStatus, RunStatus};

use super::RunState;
use super::backoff::{due, may_retry};
use super::catch::failed_status;
use super::cell::Phase;
use super::items::ItemPhase;
use super::outstanding::Outstanding;
use super::turn::{Turn, Verdict};
use super::view::Reason;
use crate::event::{ErrorCode, Event, NodeError, Place};
use crate::plan::{ItemFailure, NodeIndex};

impl Turn<'_> {
    /// Another attempt follows, or the failure is for good. Of what is being stopped, it is the outcome.
    pub(super) fn failed(&mut self, place: Place, attempt: u32, error: &NodeError) -> Verdict {
        match self.outstanding(place, attempt)? {
            Outstanding::Item(item) => self.item_failed(place, item, attempt, error),
            Outstanding::Catch => self.catch_failed(place.node, error),
            Outstanding::Attempt | Outstanding::Suspension | Outstanding::Gather
                if self.state.ending.is_some() =>
            {
                self.stopped(place.node, error.code);
            }
            Outstanding::Attempt | Outstanding::Suspension
                if may_retry(&self.plan.node(place.node).retry, attempt, error.code) =>
            {
                self.retry(place, attempt + 1);
            }
            Outstanding::Attempt | Outstanding::Suspension | Outstanding::Gather => {
                self.state.dues.remove(&place);
                self.fail(place.node, place, error.clone());
            }
        }
        Ok(())
    }

    /// A node whose items were stopped with the run is over with the last of them.
    pub(super) fn close_stopped(&mut self, node: NodeIndex) {
        self.stopped(node, ErrorCode::Cancelled);
    }

    fn item_failed(&mut self, place: Place, item: u32, attempt: u32, error: &NodeError) {
        if self.stops_items(place.node) {
            let status = self.stopped_status(place, error.code);
            return self.close_item(place, item, status);
        }
        let node = self.plan.node(place.node);
        if may_retry(&node.retry, attempt, error.code) {
            return self.retry(place, attempt + 1);
        }
        let for_each = node.for_each.as_ref();
        match for_each.map_or(ItemFailure::End, |for_each| for_each.on_failure) {
            ItemFailure::Collect => {}
            ItemFailure::Continue => self.keep_error(place, error),
            ItemFailure::End => {
                self.keep_error(place, error);
                self.stop_items(place.node, Some(item));
            }
        }
        self.close_item(place, item, failed_status(error.code));
    }

    /// Whether the items of a node are being stopped.
    pub(super) fn stops_items(&self, node: NodeIndex) -> bool {
        let items = self.state.cell(node).items.as_ref();
        items.is_some_and(|items| items.ending)
    }

    /// The first failure of an item is the node's.
    fn keep_error(&mut self, place: Place, error: &NodeError) {
        let errors = &mut self.state.errors;
        errors.entry(place.node).or_insert_with(|| (place, error.clone()));
    }

    fn retry(&mut self, place: Place, attempt: u32) {
        let retry = &self.plan.node(place.node).retry;
        let due = due(retry, self.state.run, place, attempt, self.at);
        self.state.dues.insert(place, due);
        let cell = self.state.cell_mut(place.node);
        match (place.item, &mut cell.items) {
            (Some(item), Some(items)) => items.set(item, ItemPhase::RetryHeld, attempt),
            (_, _) => {
                cell.phase = Phase::RetryHeld;
                cell.attempt = attempt;
            }
        }
        if self.state.admits() {
            self.give_retry(place);
        }
    }

    /// A node that was told to stop did.
    fn stopped(&mut self, node: NodeIndex, code: ErrorCode) {
        let reason = self.state.ending.filter(|_| is_stop(code)).map(Reason::RunEnded);
        self.close(node, self.stopped_status(Place::of(node), code), reason);
    }

    /// What was stopped, unless it failed by itself first.
    fn stopped_status(&self, place: Place, code: ErrorCode) -> NodeStatus {
        match is_stop(code) {
            true => self.state.stopped_status(place),
            false => failed_status(code),
        }
    }
}

impl RunState {
    /// How this event, which is next, ends what was told to stop: cancelled or timed out. None where it tells of nothing that was stopped.
    #[must_use]
    pub fn stopped_by(&self, event: &Event) -> Option<NodeStatus> {
        let Event::NodeFailed { place, error, .. } = event else {
            return None;
        };
        let cell = self.nodes.get(place.node.0 as usize)?;
        let is_stopping = match place.item {
            Some(_) => cell.items.as_ref().is_some_and(|items| items.ending),
            None => self.ending.is_some(),
        };
        (is_stopping && is_stop(error.code)).then(|| self.stopped_status(*place))
    }

    /// A node that the run's deadline stopped is timed out. Its items are cancelled whatever stopped them: they were not too slow.
    fn stopped_status(&self, place: Place) -> NodeStatus {
        match (place.item, self.ending) {
            (None, Some(RunStatus::TimedOut)) => NodeStatus::TimedOut,
            (_, _) => NodeStatus::Cancelled,
        }
    }
}

/// Whether this is what becomes of an attempt that is stopped. One with effects may have had them.
fn is_stop(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Cancelled | ErrorCode::OutcomeUnknown)
}
