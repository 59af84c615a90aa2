//! Stopping what is under way at a place.

use weft_workflow::event::{ErrorCode, Usage};
use weft_workflow::plan::Kind;
use weft_workflow::{Event, Place};

use super::Driver;
use super::event::failure;
use super::ready::Callee;
use super::slot::{Slot, Standing};
use super::slots::Key;
use crate::jobs::JobId;

/// What is said of an attempt that was stopped.
type Stopped = (ErrorCode, &'static str);

const NOT_BEGUN: Stopped = (ErrorCode::Cancelled, "it was stopped before it began");

impl Driver {
    /// Stops what is under way at a place, and answers with its outcome: at once, or once a nested run has stopped.
    pub(super) fn stop(&mut self, key: Key, place: Place) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        // What came before the stop was answered by its outcome.
        if slot.is_over(place) {
            return;
        }
        if let Some(Standing::Nested(nested)) = slot.standing.get(&place) {
            return self.cancel_nested(*nested);
        }
        let interrupted = slot.is_interrupted(place);
        let stopped = self.drop_standing(key, place);
        if interrupted {
            self.stop_interrupted(key, place, stopped);
        } else {
            self.answer_stop(key, place, stopped);
        }
    }

    /// Drops what is under way at a place, or takes it out of the queue.
    fn drop_standing(&mut self, key: Key, place: Place) -> Stopped {
        let Some(slot) = self.slots.get_mut(key) else {
            return NOT_BEGUN;
        };
        match slot.standing.remove(&place) {
            Some(Standing::Job(id)) => self.drop_job(id),
            Some(Standing::Retry(_)) => (ErrorCode::Cancelled, "it was stopped before it was tried again"),
            Some(Standing::Suspended) => match slot.plan().node(place.node).kind {
                Kind::Sleep { .. } => (ErrorCode::Cancelled, "it was stopped while it slept"),
                Kind::Wait { .. } | Kind::Call(_) => {
                    (ErrorCode::Cancelled, "it was stopped while it awaited an event")
                }
            },
            // In the queue: taken out when its turn comes.
            Some(Standing::Nested(_)) | None => {
                slot.stopped.insert(place);
                NOT_BEGUN
            }
        }
    }

    /// Drops a job, which stops the guest.
    fn drop_job(&mut self, id: JobId) -> Stopped {
        let Some(job) = self.jobs.remove(id) else {
            return NOT_BEGUN;
        };
        if job.errand.placed {
            self.calls.give_back();
        }
        match (job.errand.effects, job.has_begun()) {
            (true, true) => (
                ErrorCode::OutcomeUnknown,
                "it was stopped while it executed: whether its effects happened is not known",
            ),
            (false, true) => (ErrorCode::Cancelled, "it was stopped while it executed"),
            (_, false) => NOT_BEGUN,
        }
    }

    /// Stops an attempt that may have begun before a crash. A nested run is looked for; of anything else nobody knows how far it came.
    fn stop_interrupted(&mut self, key: Key, place: Place, (code, message): Stopped) {
        if self.may_have_nested(key, place) {
            return self.look_for_end(key, place, true);
        }
        let unknown = code == ErrorCode::Cancelled
            && self
                .slots
                .get(key)
                .is_some_and(|slot| self.has_effects(slot, place));
        let stopped = match unknown {
            true => (
                ErrorCode::OutcomeUnknown,
                "it may have executed before the server was started anew, and was stopped before it did so again: whether its \
                 effects happened is not known",
            ),
            false => (code, message),
        };
        self.answer_stop(key, place, stopped);
    }

    /// Whether an attempt at a place may have effects.
    fn has_effects(&self, slot: &Slot, place: Place) -> bool {
        let node = slot.plan().node(place.node);
        match (&node.kind, slot.callee_at(place)) {
            (Kind::Call(call), Callee::Function) => {
                let callee = self.inner.ports.calls.callee(&slot.wanted(node, call));
                !node.effect_free || callee.is_ok_and(|callee| !callee.effect_free())
            }
            (Kind::Call(_), Callee::Workflow) => !node.effect_free,
            (Kind::Call(_) | Kind::Sleep { .. } | Kind::Wait { .. }, _) => false,
        }
    }

    fn answer_stop(&mut self, key: Key, place: Place, (code, message): Stopped) {
        let attempt = self.attempt(key, place);
        self.fail(key, place, attempt, Usage::default(), failure(code, message));
    }

    /// A nested run ends as the one around it does; its end then answers the stop.
    fn cancel_nested(&mut self, nested: Key) {
        let Some(slot) = self.slots.get(nested) else {
            return;
        };
        if slot.state.ending().is_none() {
            self.tell(
                nested,
                Event::CancelRequested {
                    by: "the run around it".to_owned(),
                    reason: String::new(),
                },
            );
        }
    }
}
