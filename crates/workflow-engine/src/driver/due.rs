//! What happens when a time comes.

use weft_workflow::event::{ErrorCode, Usage};
use weft_workflow::plan::Kind;
use weft_workflow::{Event, NodeIndex, Place};

use super::Driver;
use super::event::failure;
use super::slot::Standing;
use super::slots::{Key, Slots};

/// What a driver waits for the time of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The next attempt at a place.
    Attempt(Key, Place, u32),
    /// The end of a sleep, or of the patience of a wait.
    Suspended(Key, NodeIndex),
    /// The deadline of a run.
    Deadline(Key),
}

impl Due {
    /// Whether it still matters.
    fn is_alive(self, slots: &Slots) -> bool {
        let standing = |key: Key, place: Place| slots.get(key)?.standing.get(&place).copied();
        match self {
            Self::Attempt(key, place, attempt) => standing(key, place) == Some(Standing::Retry(attempt)),
            Self::Suspended(key, node) => standing(key, Place::of(node)) == Some(Standing::Suspended),
            Self::Deadline(key) => slots.get(key).is_some(),
        }
    }
}

impl Driver {
    /// Takes what is due.
    pub(super) fn take_due(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = self.inner.ports.clock.now();
        while let Some(due) = self.timers.take(now) {
            if due.is_alive(&self.slots) {
                self.take_one(due);
            }
        }
        let slots = &self.slots;
        self.timers.purge(|due| due.is_alive(slots));
    }

    /// Ends a run in time.
    pub(crate) fn watch_deadline(&mut self, key: Key) {
        if let Some(deadline) = self.slots.get(key).and_then(|slot| slot.state.deadline()) {
            self.timers.set(deadline, Due::Deadline(key));
        }
    }

    fn take_one(&mut self, due: Due) {
        match due {
            Due::Attempt(key, place, attempt) => {
                self.unstand(key, place);
                self.dispatch(key, place, attempt);
            }
            Due::Suspended(key, node) => {
                self.unstand(key, Place::of(node));
                self.wake_up(key, node);
            }
            Due::Deadline(key) => {
                let passed = self
                    .slots
                    .get(key)
                    .is_some_and(|slot| slot.state.deadline().is_some());
                if passed {
                    self.tell(key, Event::DeadlinePassed);
                }
            }
        }
    }

    /// A sleep is over, or a wait has been long enough.
    fn wake_up(&mut self, key: Key, node: NodeIndex) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let (place, attempt) = (Place::of(node), slot.attempt(Place::of(node)));
        match slot.plan().node(node).kind {
            Kind::Sleep { .. } => self.succeed(key, place, attempt, Usage::default(), None),
            Kind::Call(_) | Kind::Wait { .. } => {
                let error = failure(
                    ErrorCode::WaitTimeout,
                    "the event that it awaited did not come in time",
                );
                self.fail(key, place, attempt, Usage::default(), error);
            }
        }
    }
}
