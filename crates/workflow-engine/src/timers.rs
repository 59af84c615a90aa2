//! The times that one driver waits for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::task::{Context, Poll};

use jiff::Timestamp;

use crate::port::Boxed;
use crate::port::clock::Clock;

/// Times, each with what is due then. The clock is asked for a single wait: for the earliest, and only while the driver
/// rests.
///
/// A time that nobody waits for any longer stays until it comes, or until [`Self::purge`] finds it: who takes what is due
/// checks that it still matters. So their number stays within twice that of the live ones.
pub(crate) struct Timers<W> {
    due: BinaryHeap<Reverse<Due<W>>>,
    /// Numbers the entries, so that equal times come in the order in which they were set.
    next: u64,
    waiting: Option<(Timestamp, Boxed<'static, ()>)>,
    /// How many there may be before the dead ones are looked for.
    purge_at: usize,
}

struct Due<W> {
    at: Timestamp,
    number: u64,
    what: W,
}

/// Entries that are never purged: so few cost nothing.
const FEW: usize = 64;

impl<W> Timers<W> {
    pub(crate) fn new() -> Self {
        Self {
            due: BinaryHeap::new(),
            next: 0,
            waiting: None,
            purge_at: FEW,
        }
    }

    pub(crate) fn set(&mut self, at: Timestamp, what: W) {
        let number = self.next;
        self.next += 1;
        self.due.push(Reverse(Due { at, number, what }));
    }

    /// Takes what is due, the earliest first.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<W> {
        let is_due = self.due.peek().is_some_and(|Reverse(due)| due.at <= now);
        is_due
            .then(|| self.due.pop().map(|Reverse(due)| due.what))
            .flatten()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Ready where the earliest time may have come: the clock is to be asked again. Else the driver is woken then.
    pub(crate) fn poll(&mut self, clock: &dyn Clock, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Reverse(earliest)) = self.due.peek() else {
            self.waiting = None;
            return Poll::Pending;
        };
        let at = earliest.at;
        if self.waiting.as_ref().is_none_or(|(until, _)| *until != at) {
            self.waiting = Some((at, clock.sleep_until(at)));
        }
        let Some((_, sleep)) = &mut self.waiting else {
            return Poll::Pending;
        };
        let woken = Pin::new(sleep).poll(cx);
        if woken.is_ready() {
            self.waiting = None;
        }
        woken
    }

    /// Forgets those that are no longer `alive`, where there are many.
    pub(crate) fn purge(&mut self, alive: impl Fn(&W) -> bool) {
        if self.due.len() > self.purge_at {
            self.due.retain(|Reverse(due)| alive(&due.what));
            self.purge_at = FEW.max(self.due.len() * 2);
        }
    }
}

impl<W> PartialEq for Due<W> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<W> Eq for Due<W> {}

impl<W> PartialOrd for Due<W> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<W> Ord for Due<W> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests;
