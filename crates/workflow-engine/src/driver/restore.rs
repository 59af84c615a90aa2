//! Taking up a run after a restart.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::image::Invalid;
use weft_types::{RunId, Type, Value};
use weft_workflow::event::{Given, Stored};
use weft_workflow::plan::Kind;
use weft_workflow::state::{Action, Illegal, decide, resume};
use weft_workflow::{Event, NodeIndex, Place, Stamped};

use super::Driver;
use super::outcome::ok_type;
use super::ready::Callee;
use super::slot::{Parent, Slot, Standing};
use super::slots::Key;
use crate::engine::Inner;

/// What is stored of a run is not what was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damaged {
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error("a value of it is damaged: {0}")]
    Value(#[from] Invalid),
}

impl Slot {
    /// Takes the events that there were, the first of which accepted the run.
    pub(crate) fn replay(&mut self, events: &[Stamped], inner: &Inner) -> Result<(), Damaged> {
        let mut actions = Vec::new();
        for stamped in events {
            actions.clear();
            let plan = Arc::clone(self.plan());
            decide(&plan, &mut self.state, stamped.at, &stamped.event, &mut actions)?;
            self.restore(&stamped.event, inner)?;
            self.count_event(stamped);
        }
        // A run has far fewer than 2^32 events: their numbers are `u32`.
        self.continue_from(events.len() as u32);
        self.open.note_waits(&self.waits());
        self.count_status();
        Ok(())
    }

    /// The nodes that await an outside event.
    fn waits(&self) -> Vec<(NodeIndex, bool)> {
        let waits = self.plan().iter().filter(|(index, node)| {
            matches!(node.kind, Kind::Wait { .. }) && self.state.is_suspended(*index)
        });
        waits.map(|(index, _)| (index, true)).collect()
    }

    /// Takes back the values that an event brought.
    fn restore(&mut self, event: &Event, inner: &Inner) -> Result<(), Damaged> {
        match event {
            Event::Accepted(accepted) => {
                for given in &accepted.given {
                    self.restore_given(given, inner)?;
                }
            }
            Event::Expanded { node, items } => self.expand(*node, *items, None, inner.config.values.bytes),
            Event::NodeSucceeded { place, output, .. } => {
                let plan = Arc::clone(self.plan());
                let node = plan.node(place.node);
                let ty = match place.item {
                    Some(_) => ok_type(node),
                    None => node.output.as_deref(),
                };
                let output = verified(output.as_ref(), ty, inner)?;
                self.set_output(*place, output);
            }
            Event::NodeFailed { place, error, .. } => self.set_failure(*place, error),
            Event::ItemReused { node, item, output } => {
                let plan = Arc::clone(self.plan());
                let output = verified(output.as_ref(), ok_type(plan.node(*node)), inner)?;
                self.reuse_item(*node, *item, output);
            }
            Event::Started
            | Event::NodeStarted { .. }
            | Event::Suspended { .. }
            | Event::NodeSkipped { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::CancelRequested { .. }
            | Event::DeadlinePassed
            | Event::Completed { .. }
            | Event::Finished(_) => {}
        }
        Ok(())
    }

    fn restore_given(&mut self, given: &Given, inner: &Inner) -> Result<(), Damaged> {
        let plan = Arc::clone(self.plan());
        let ty = plan.node(given.node).output.as_deref();
        let output = verified(given.output.as_ref(), ty, inner)?;
        self.set_output(Place::of(given.node), output);
        Ok(())
    }
}

fn verified(stored: Option<&Stored>, ty: Option<&Type>, inner: &Inner) -> Result<Option<Value>, Invalid> {
    match (stored, ty) {
        (Some(stored), Some(ty)) => stored.verify(ty, inner.config.values).map(Some),
        (_, _) => Ok(None),
    }
}

impl Driver {
    /// Notes that a nested run is what an attempt is doing.
    pub(crate) fn attach(&mut self, parent: Parent, nested: Key) {
        self.stand(parent.key, parent.place, Standing::Nested(nested));
        if let Some(slot) = self.slots.get_mut(parent.key) {
            slot.nesting.insert(parent.place);
        }
    }

    /// Goes on with every run of the tree where it was left.
    pub(crate) fn take_up(&mut self) {
        for key in self.slots.keys() {
            self.take_up_one(key);
        }
    }

    /// Takes the places that its runs have among those of their workflows: before any run is taken up that waits for one.
    pub(crate) fn hold_places(&mut self) {
        for key in self.slots.keys() {
            self.hold_place(key);
        }
    }

    /// Ends a run whose parent is not there any longer.
    pub(crate) fn end_orphan(&mut self, parent: RunId) {
        let event = Event::CancelRequested {
            by: format!("the end of run {parent}"),
            reason: "it was nested in that".to_owned(),
        };
        let root = self.root;
        self.tell(root, event);
    }

    fn take_up_one(&mut self, key: Key) {
        self.watch_deadline(key);
        let now = self.inner.ports.clock.now();
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        let outstanding = resume(&slot.open.plan, &slot.state);
        for action in outstanding {
            if let Some(place) = attempted(&action) {
                // What a nested run does that was attached goes on there, or is stopped there.
                let goes_on = slot.standing.contains_key(&place);
                if goes_on && !matches!(action, Action::Stop(_)) {
                    continue;
                }
                if !goes_on && slot.may_have_begun(&action, place, now) {
                    slot.interrupted.insert(place, slot.attempt(place));
                }
            }
            self.actions.push_back((key, action));
        }
        let parent = slot.parent;
        if let Some(parent) = parent {
            // The pause of a run and those of its nested runs are events of their own: a crash may have come between.
            if self.slots.get(parent.key).is_some_and(Slot::is_paused) {
                self.pause_one(key, "the run around it");
            }
            self.admit_nested(key);
        }
    }
}

impl Slot {
    /// Whether an attempt may have begun before a crash that is to be made, or to be stopped.
    fn may_have_begun(&self, action: &Action, place: Place, now: Timestamp) -> bool {
        match (self.callee_at(place), action) {
            (Callee::None, _) => false,
            // The clock tells nothing against what is written: it may have been set back since.
            (Callee::Function, Action::Retry { due, .. }) => self.state.has_started(place) || *due <= now,
            (Callee::Function | Callee::Workflow, _) => self.state.may_execute(place),
        }
    }
}

/// The place of an attempt that an action makes or stops.
fn attempted(action: &Action) -> Option<Place> {
    match action {
        Action::Dispatch(node) => Some(Place::of(*node)),
        Action::DispatchItem(node, item) => Some(Place::item(*node, *item)),
        Action::Retry { place, .. } | Action::Stop(place) => Some(*place),
        Action::Await { .. } | Action::Gather(_) | Action::Catch(_) | Action::Finish(_) => None,
    }
}
