//! Attempts that may have nested a run before a crash.

use std::sync::Arc;

use weft_workflow::Place;
use weft_workflow::event::ErrorCode;
use weft_workflow::plan::Kind;

use super::Driver;
use super::event::failure;
use super::job::{Done, Errand, Job, Task};
use super::nested::is_durable;
use super::slot::Parent;
use super::slots::Key;
use crate::nested_end::NestedEnd;

impl Driver {
    /// Whether the attempt at a place may have nested a run before a crash that is journalled by itself, and is not open any longer.
    /// Where its plan cannot be had, it may be such a run.
    pub(super) fn may_have_nested(&self, key: Key, place: Place) -> bool {
        let Some(slot) = self.slots.get(key).filter(|slot| slot.is_interrupted(place)) else {
            return false;
        };
        match &slot.plan().node(place.node).kind {
            Kind::Call(call) if call.workflow => {
                let plan = self.plan_of_call(slot, call);
                plan.map_or(true, |plan| is_durable(&plan))
            }
            Kind::Call(_) | Kind::Sleep { .. } | Kind::Wait { .. } => false,
        }
    }

    /// Finds out what became of the run that an attempt nested before a crash: before it is made again, or as it is being stopped. In
    /// the latter case, a run that is open is not waited for.
    pub(super) fn look_for_end(&mut self, key: Key, place: Place, stops: bool) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let attempt = slot.attempt(place);
        let (project, run) = (slot.open.project.clone(), slot.nested_at(place, attempt));
        let ty = slot.plan().node(place.node).reply_type().cloned();
        let inner = Arc::clone(&self.inner);
        let look = async move {
            let end = match stops {
                true => inner.nested_end(&project, run, ty.as_ref()).await,
                false => inner.nested_end_at_last(&project, run, ty.as_ref()).await,
            };
            match end {
                Ok(end) => Done::LookedUp(end, stops),
                Err(broken) => Done::Broken(broken),
            }
        };
        let errand = self.errand_to_nest(key, place, attempt);
        self.start_job(Job::before(errand, look));
    }

    /// It is known what became of it.
    pub(super) fn take_end(&mut self, errand: Errand, end: NestedEnd, stops: bool) {
        let Task::Attempt(place, attempt) = errand.task else {
            return;
        };
        let why = match end {
            NestedEnd::Ended(outcome, unknown) => {
                let parent = Parent {
                    key: errand.key,
                    place,
                    attempt,
                    since: errand.since,
                };
                return self.child_ended(parent, &outcome, unknown);
            }
            NestedEnd::Never => return self.begin_or_stop(errand, place, stops),
            NestedEnd::Unreadable(why) => why,
            NestedEnd::Open => "it is open, and could not be taken up".to_owned(),
        };
        // Nothing that is tried again by itself: another attempt would be another run.
        let code = match (errand.effects, stops) {
            (true, _) => ErrorCode::OutcomeUnknown,
            (false, true) => ErrorCode::Cancelled,
            (false, false) => ErrorCode::Evaluation,
        };
        let message = format!("what came of the run within it is not known: {why}");
        self.fail_task(errand, failure(code, message));
    }

    /// Nothing had begun before the crash.
    fn begin_or_stop(&mut self, errand: Errand, place: Place, stops: bool) {
        if let Some(slot) = self.slots.get_mut(errand.key) {
            slot.interrupted.remove(&place);
        }
        if stops {
            let error = failure(ErrorCode::Cancelled, "it was stopped before it began");
            self.fail_task(errand, error);
        } else {
            self.continue_with(errand, Vec::new());
        }
    }
}
