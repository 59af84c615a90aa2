//! Doing what follows from an event.

use jiff::Timestamp;
use weft_workflow::state::Action;
use weft_workflow::{NodeIndex, Place};

use super::Driver;
use super::due::Due;
use super::ready::Work;
use super::slot::Standing;
use super::slots::Key;

impl Driver {
    pub(super) fn act(&mut self, key: Key, action: Action) {
        match action {
            Action::Dispatch(node) => self.dispatch(key, Place::of(node), 1),
            Action::DispatchItem(node, item) => self.dispatch(key, Place::item(node, item), 1),
            Action::Retry { place, attempt, due } => {
                self.stand(key, place, Standing::Retry(attempt));
                self.timers.set(due, Due::Attempt(key, place, attempt));
            }
            Action::Await { node, due } => {
                // What it awaits may have come already.
                if self
                    .slots
                    .get(key)
                    .is_some_and(|slot| slot.state.is_suspended(node))
                {
                    self.suspend(key, node, due);
                }
            }
            Action::Gather(node) => self.gather(key, node, Vec::new()),
            Action::Catch(node) => self.catch(key, node, Vec::new()),
            Action::Stop(place) => self.stop(key, place),
            Action::Finish(status) => self.finish(key, status, Vec::new()),
        }
    }

    fn suspend(&mut self, key: Key, node: NodeIndex, due: Option<Timestamp>) {
        self.stand(key, Place::of(node), Standing::Suspended);
        if let Some(due) = due {
            self.timers.set(due, Due::Suspended(key, node));
        }
    }

    /// Queues an attempt.
    pub(super) fn dispatch(&mut self, key: Key, place: Place, attempt: u32) {
        self.enqueue(Work {
            key,
            place,
            attempt,
            lent: Vec::new(),
        });
    }

    /// Notes what is under way at a place.
    pub(super) fn stand(&mut self, key: Key, place: Place, standing: Standing) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.standing.insert(place, standing);
        }
    }

    /// What was under way at a place no longer is.
    pub(super) fn unstand(&mut self, key: Key, place: Place) -> Option<Standing> {
        let standing = &mut self.slots.get_mut(key)?.standing;
        if standing.is_empty() {
            return None;
        }
        standing.remove(&place)
    }
}
