//! One event being taken: the state, the plan, and what follows.

use jiff::Timestamp;
use weft_types::{NodeStatus, RunStatus};

use super::Action;
use super::cell::Phase;
use super::run::{RunState, Stage, count};
use super::view::Reason;
use crate::event::{Event, Place, micros};
use crate::plan::{NodeIndex, Plan};

/// A transition under way. Those of the single events are in modules of their own; each first looks whether the event is legal, and
/// changes nothing before.
pub(super) struct Turn<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a mut RunState,
    pub(super) at: Timestamp,
    pub(super) actions: &'a mut Vec<Action>,
    /// Nodes that are over since the turn began.
    pub(super) closed: Vec<NodeIndex>,
    /// Nodes that became ready. They are told last: what else follows from the event may end the run.
    pub(super) ready: Vec<NodeIndex>,
}

/// Why an event is illegal.
pub(super) type Verdict = Result<(), String>;

impl<'a> Turn<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        state: &'a mut RunState,
        at: Timestamp,
        actions: &'a mut Vec<Action>,
    ) -> Self {
        Self {
            plan,
            state,
            at: micros(at),
            actions,
            closed: Vec::new(),
            ready: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, event: &Event) -> Verdict {
        match (self.state.stage, event) {
            (Stage::New, Event::Accepted(accepted)) => return self.accepted(accepted),
            (Stage::New, _) => return Err("the run was not accepted yet".into()),
            (Stage::Closed(_), _) => return Err("the run has ended".into()),
            (Stage::Accepted | Stage::Started | Stage::Decided(_), _) => {}
        }
        match event {
            Event::Accepted(_) => Err("the run was accepted before".into()),
            Event::Started => self.started(),
            Event::NodeStarted { place, attempt } => self.node_started(*place, *attempt),
            Event::Expanded { node, items } => self.expanded(*node, *items),
            Event::Suspended { node, due } => self.suspended(*node, *due),
            Event::Completed { node, .. } => self.completed(*node),
            Event::NodeSucceeded { place, attempt, .. } => self.succeeded(*place, *attempt),
            Event::NodeFailed {
                place,
                attempt,
                error,
                ..
            } => self.failed(*place, *attempt, error),
            Event::NodeSkipped { node } => self.skipped(*node),
            Event::Paused { .. } => self.paused(),
            Event::Resumed { .. } => self.resumed(),
            Event::CancelRequested { by, reason } => self.cancel_requested(by, reason),
            Event::DeadlinePassed => self.deadline_passed(),
            Event::Finished(finished) => self.finished(finished),
            Event::ItemReused { node, item, .. } => self.item_reused(*node, *item),
        }
    }

    /// Draws every consequence of what was taken.
    pub(super) fn settle(&mut self) {
        let mut told = 0;
        while let Some(&node) = self.closed.get(told) {
            told += 1;
            self.tell_downstream(node);
        }
        self.ready.sort_unstable();
        for node in std::mem::take(&mut self.ready) {
            self.give(node);
        }
        if self.state.open == 0 {
            self.decide_end();
        }
    }

    /// A node is over.
    pub(super) fn close(&mut self, node: NodeIndex, status: NodeStatus, reason: Option<Reason>) {
        let cell = self.state.cell_mut(node);
        cell.phase = Phase::Closed(status, reason);
        if let Some(items) = &mut cell.items {
            items.seal();
        }
        self.state.open -= 1;
        count(&mut self.state.counts, status);
        self.state.dues.remove(&Place::of(node));
        self.state.errors.remove(&node);
        self.state.reused.remove(&node);
        self.closed.push(node);
    }

    /// Every node is over.
    fn decide_end(&mut self) {
        let status = match self.state.stage {
            Stage::New | Stage::Decided(_) | Stage::Closed(_) => return,
            Stage::Accepted if self.state.ending.is_none() => return,
            Stage::Accepted | Stage::Started => match (self.state.ending, &self.state.failure) {
                (Some(status), _) => status,
                (None, Some(_)) => RunStatus::Failed,
                (None, None) => RunStatus::Succeeded,
            },
        };
        self.state.paused = false;
        self.state.stage = Stage::Decided(status);
        self.actions.push(Action::Finish(status));
    }
}
