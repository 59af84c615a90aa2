//! Stopping what is under way at a place.

use weft_workflow::event::{ErrorCode, Usage};
use weft_workflow::plan::Kind;
use weft_workflow::{Event, Place};

use super::Driver;
use super::event::failure;
use super::slot::Standing;
use super::slots::Key;
use crate::jobs::JobId;

impl Driver {
    /// Stops what is under way at a place, and answers with its outcome: at once, or once a nested run has stopped.
    pub(super) fn stop(&mut self, key: Key, place: Place) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        // What came before the stop was answered by its outcome.
        if slot.is_over(place) {
            return;
        }
        let standing = slot.standing.get(&place).copied();
        let message = match standing {
            Some(Standing::Nested(nested)) => return self.cancel_nested(nested),
            Some(Standing::Job(id)) => return self.stop_job(key, place, id),
            Some(Standing::Retry(_)) => "it was stopped before it was tried again",
            Some(Standing::Suspended) => match slot.plan().node(place.node).kind {
                Kind::Sleep { .. } => "it was stopped while it slept",
                Kind::Wait { .. } | Kind::Call(_) => "it was stopped while it awaited an event",
            },
            None => "it was stopped before it began",
        };
        match standing {
            Some(_) => drop(slot.standing.remove(&place)),
            // In the queue: taken out when its turn comes.
            None => drop(slot.stopped.insert(place)),
        }
        self.answer_stop(key, place, ErrorCode::Cancelled, message);
    }

    /// Drops a job, which stops the guest.
    fn stop_job(&mut self, key: Key, place: Place, id: JobId) {
        self.unstand(key, place);
        let Some(job) = self.jobs.remove(id) else {
            return;
        };
        if job.errand.placed {
            self.calls.give_back();
        }
        let (code, message) = match (job.errand.effects, job.has_begun()) {
            (true, true) => (
                ErrorCode::OutcomeUnknown,
                "it was stopped while it executed: whether its effects happened is not known",
            ),
            (false, true) => (ErrorCode::Cancelled, "it was stopped while it executed"),
            (_, false) => (ErrorCode::Cancelled, "it was stopped before it began"),
        };
        self.answer_stop(key, place, code, message);
    }

    fn answer_stop(&mut self, key: Key, place: Place, code: ErrorCode, message: &str) {
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
