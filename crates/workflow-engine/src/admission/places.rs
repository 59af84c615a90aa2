//! The places that one driver holds.

use std::sync::Arc;
use std::task::{Poll, Waker};

use weft_types::Priority;

use super::gate::{Gate, Waiter};

/// Places of a gate. Those that are not used are kept until [`Self::rest`], so that steps in a row ask the gate once;
/// but not while somebody else waits for one.
pub(crate) struct Places {
    gate: Arc<Gate>,
    /// For fairness: who has the same takes turns as one.
    group: u64,
    held: u32,
    used: u32,
    /// Whether one of those that are held was taken ahead and is still to be used.
    reserved: bool,
    waiter: Option<Waiter>,
}

impl Places {
    pub(crate) fn new(gate: &Arc<Gate>, group: u64) -> Self {
        Self {
            gate: Arc::clone(gate),
            group,
            held: 0,
            used: 0,
            reserved: false,
            waiter: None,
        }
    }

    /// Takes a place into use. Where there is none, joins the line, and `waker` is woken once it is worth trying again.
    pub(crate) fn take(&mut self, priority: Priority, waker: &Waker) -> bool {
        let reserved = std::mem::take(&mut self.reserved);
        if self.held > self.used && !reserved && self.gate.waiting() > 0 {
            self.release_unused();
        }
        if self.held == self.used && !self.enter(priority, waker) {
            return false;
        }
        self.used += 1;
        true
    }

    /// Takes a place into use that there need not be.
    pub(crate) fn take_anyway(&mut self) {
        self.gate.enter_anyway();
        self.held += 1;
        self.used += 1;
    }

    /// Takes a place, or one in line, before anybody is there to be woken.
    pub(crate) fn reserve(&mut self, priority: Priority) {
        self.reserved = self.take(priority, Waker::noop());
        if self.reserved {
            self.give_back();
        }
    }

    /// Takes a place out of use.
    pub(crate) fn give_back(&mut self) {
        self.used -= 1;
    }

    /// How many are in use.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// Gives up the places that are not used, and the place in line unless one is still `wanted`.
    pub(crate) fn rest(&mut self, wanted: bool) {
        self.release_unused();
        if !wanted {
            self.waiter = None;
        }
    }

    fn enter(&mut self, priority: Priority, waker: &Waker) -> bool {
        let entered = match self.waiter.take() {
            None => self.gate.try_enter() || self.wait(priority, waker),
            Some(waiter) => self.wait_on(waiter, waker),
        };
        self.held += u32::from(entered);
        entered
    }

    fn wait(&mut self, priority: Priority, waker: &Waker) -> bool {
        let waiter = self.gate.join(priority, self.group);
        self.wait_on(waiter, waker)
    }

    fn wait_on(&mut self, waiter: Waiter, waker: &Waker) -> bool {
        match waiter.poll(waker) {
            Poll::Ready(()) => waiter
                .enter()
                .map_err(|waiter| self.waiter = Some(waiter))
                .is_ok(),
            Poll::Pending => {
                self.waiter = Some(waiter);
                false
            }
        }
    }

    fn release_unused(&mut self) {
        for _ in self.used..self.held {
            self.gate.leave();
        }
        self.held = self.used;
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        self.used = 0;
        self.release_unused();
    }
}

#[cfg(test)]
mod tests;
