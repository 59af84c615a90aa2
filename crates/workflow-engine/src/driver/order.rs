//! Obeying what is asked of a run.

use weft_types::{RunStatus, Value};
use weft_workflow::event::Usage;
use weft_workflow::plan::Kind;
use weft_workflow::{Event, NodeIndex, Place};

use super::Driver;
use super::slot::Slot;
use super::slots::Key;
use crate::Error;
use crate::mailbox::{Letter, Order, Refusal};
use crate::open_run::Lost;

impl Driver {
    /// Takes up every order there is.
    pub(super) fn take_orders(&mut self) {
        while let Some(Letter { to, order, answer }) = self.mailbox.take() {
            match self.obey(to, order) {
                Ok(()) => self.answers.push(answer),
                // Whoever asked may have gone.
                Err(error) => drop(answer.send(Err(error))),
            }
        }
        if self.mailbox.is_stopped() || self.inner.drivers.is_stopping() {
            self.leaving.lost.get_or_insert(Lost::Stopped);
        }
    }

    fn obey(&mut self, key: Key, order: Order) -> Result<(), Refusal> {
        let Some(slot) = self.slots.get(key) else {
            return match order {
                Order::PassOn => Ok(()),
                Order::Cancel { .. }
                | Order::Pause { .. }
                | Order::Resume { .. }
                | Order::Complete { .. } => Err(Refusal::Gone),
            };
        };
        match order {
            Order::Cancel { .. } if slot.state.ending() == Some(RunStatus::Cancelled) => Ok(()),
            Order::Cancel { .. } | Order::Pause { .. } | Order::Resume { .. }
                if slot.state.ending().is_some() =>
            {
                Err(Error::Ending(slot.open.run).into())
            }
            Order::Cancel { by, reason } => {
                self.tell(key, Event::CancelRequested { by, reason });
                Ok(())
            }
            Order::Pause { by } => Ok(self.pause(key, &by)?),
            Order::Resume { by } => Ok(self.go_on(key, &by)?),
            Order::Complete { node, value, by } => Ok(self.complete(key, node, value, by)?),
            Order::PassOn => Ok(()),
        }
    }

    fn pause(&mut self, key: Key, by: &str) -> Result<(), Error> {
        self.expect_paused(key, false)?;
        for key in self.with_nested(key) {
            self.pause_one(key, by);
        }
        Ok(())
    }

    /// Pauses one run, unless it is or cannot be.
    pub(super) fn pause_one(&mut self, key: Key, by: &str) {
        let slot = self.slots.get(key);
        if slot.is_some_and(|slot| !slot.is_paused() && slot.state.ending().is_none()) {
            self.tell(key, Event::Paused { by: by.to_owned() });
            self.leave_line(key);
        }
    }

    /// The innermost first: a crash in between leaves runs around them paused, not runs within a run that goes on.
    fn go_on(&mut self, key: Key, by: &str) -> Result<(), Error> {
        self.expect_paused(key, true)?;
        for key in self.with_nested(key).into_iter().rev() {
            if self.slots.get(key).is_some_and(Slot::is_paused) {
                self.tell(key, Event::Resumed { by: by.to_owned() });
                self.release_held(key);
            }
        }
        Ok(())
    }

    /// What was held begins.
    fn release_held(&mut self, key: Key) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        for work in std::mem::take(&mut slot.held) {
            self.enqueue(work);
        }
        self.admit_nested(key);
    }

    fn expect_paused(&self, key: Key, expected: bool) -> Result<(), Error> {
        match self.slots.get(key) {
            Some(slot) if slot.is_paused() != expected => Err(Error::Pausing {
                run: slot.open.run,
                paused: !expected,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// A run and all that are nested in it, however deep.
    fn with_nested(&self, key: Key) -> Vec<Key> {
        let mut all = vec![key];
        let mut at = 0;
        while let Some(&key) = all.get(at) {
            all.extend(self.slots.children(key));
            at += 1;
        }
        all
    }

    /// The event that a node awaits has come.
    fn complete(&mut self, key: Key, node: NodeIndex, value: Option<Value>, by: String) -> Result<(), Error> {
        let Some(slot) = self.slots.get(key) else {
            return Ok(());
        };
        let place = Place::of(node);
        let (kind, attempt) = (&slot.plan().node(node).kind, slot.attempt(place));
        let awaits = slot.state.is_suspended(node);
        if !awaits || !matches!(kind, Kind::Wait { .. }) {
            return Err(Error::NotWaiting {
                run: slot.open.run,
                node: slot.plan().node(node).name.to_string(),
                status: slot.state.node(node).status,
            });
        }
        self.unstand(key, place);
        self.tell(key, Event::Completed { node, by });
        self.succeed(key, place, attempt, Usage::default(), value);
        Ok(())
    }
}
