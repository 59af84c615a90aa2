//! Whose guest executes next: versions share the time of a thread, and within a version its guests take turns. Thousands that
//! wait for one version delay the guests of another by a slice of a millisecond, not by all of them.
//!
//! Runtimes serve tasks in the order in which they were woken, whosever they are. So only guests whose turn it is are woken:
//! each asks an [`Order`] before it executes, for one slice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

mod rounds;
mod threads;

pub use rounds::serve_in_rounds;
pub(crate) use rounds::{Rounds, of_this_thread};
pub(crate) use threads::Threads;

/// Decides who executes.
pub(crate) trait Order {
    /// Begins a slice, or lines up whoever comes.
    fn begin(self: &Arc<Self>, version: u64, cx: &Context<'_>) -> Begun;

    /// A slice of a guest of this version ended, after so much time.
    fn end(&self, version: u64, used: Duration);

    /// Whoever had this number comes no more.
    fn give_up(&self, version: u64, number: u64);
}

/// What became of a guest that would execute.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It executes.
    Now,
    /// It is in line, under this number, and will be woken.
    Waits(u64, Arc<Ticket>),
}

/// Somebody in line.
#[derive(Debug)]
pub(crate) struct Ticket {
    called: AtomicBool,
    waker: Mutex<Waker>,
}

impl Ticket {
    fn new(cx: &Context<'_>) -> Arc<Self> {
        Arc::new(Self {
            called: AtomicBool::new(false),
            waker: Mutex::new(cx.waker().clone()),
        })
    }

    fn call(&self) {
        self.called.store(true, Ordering::SeqCst);
        self.lock().wake_by_ref();
    }

    /// Whether it was called; else `cx` is woken when it is.
    fn is_called(&self, cx: &Context<'_>) -> bool {
        // First the waker, then the look: whoever calls does it the other way round.
        self.lock().clone_from(cx.waker());
        self.called.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Waker> {
        // A waker is replaced whole.
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One guest's place in an order.
#[derive(Debug)]
pub(crate) struct Turn<O: Order> {
    order: Arc<O>,
    version: u64,
    waits: Option<(u64, Arc<Ticket>)>,
}

/// The right to execute until it is dropped.
#[derive(Debug)]
pub(crate) struct Slice<'a, O: Order> {
    order: &'a O,
    version: u64,
    used: Duration,
}

impl<O: Order> Turn<O> {
    /// Of a guest of this version.
    pub(crate) fn new(order: Arc<O>, version: u64) -> Self {
        Self {
            order,
            version,
            waits: None,
        }
    }

    /// The right to a slice, once it is this guest's turn.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Slice<'_, O>> {
        match &self.waits {
            Some((_, ticket)) if ticket.is_called(cx) => self.waits = None,
            Some(_) => return Poll::Pending,
            None => {
                if let Begun::Waits(number, ticket) = self.order.begin(self.version, cx) {
                    self.waits = Some((number, ticket));
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Slice {
            order: &self.order,
            version: self.version,
            used: Duration::ZERO,
        })
    }
}

impl<O: Order> Slice<'_, O> {
    /// Says how much time it took.
    pub(crate) fn used(&mut self, time: Duration) {
        self.used = time;
    }
}

impl<O: Order> Drop for Slice<'_, O> {
    fn drop(&mut self) {
        self.order.end(self.version, self.used);
    }
}

impl<O: Order> Drop for Turn<O> {
    fn drop(&mut self) {
        if let Some((number, _)) = self.waits.take() {
            self.order.give_up(self.version, number);
        }
    }
}

#[cfg(test)]
mod tests;
