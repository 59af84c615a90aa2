//! So many at once, the others in line.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use futures_util::task::AtomicWaker;
use weft_types::Priority;

use super::line::{Line, Ticket};

/// Bits 0–31 of the state: inside. Bits 32–63: waiting.
const ONE_WAITING: u64 = 1 << 32;

/// Counts who is inside and lines up who waits.
///
/// Entering and leaving are one compare-and-swap while nobody waits. While somebody does, newcomers queue and
/// whoever leaves hands the place over, in the order of [`Line`]. What is waiting changes only under the lock of the line.
pub(crate) struct Gate {
    limit: AtomicU32,
    /// How many may wait.
    queue: u32,
    state: AtomicU64,
    line: Mutex<Line<u64, Arc<Called>>>,
}

/// One who waits. Dropped, it leaves the line, or gives back the place that it was called to.
pub(crate) struct Waiter {
    gate: Arc<Gate>,
    ticket: Ticket,
    called: Arc<Called>,
}

/// How one who waits is told.
struct Called {
    waker: AtomicWaker,
    state: AtomicBool,
}

/// Too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Gate {
    pub(crate) fn new(limit: u32, queue: u32) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.max(1).into(),
            queue,
            state: AtomicU64::new(0),
            line: Mutex::new(Line::new()),
        })
    }

    /// Goes in, unless all places are taken or somebody waits.
    pub(crate) fn try_enter(&self) -> bool {
        let limit = u64::from(self.limit.load(SeqCst));
        self.state
            .fetch_update(SeqCst, SeqCst, |state| (state < limit).then_some(state + 1))
            .is_ok()
    }

    /// Goes in, however many are inside: who was there before there was this gate is not to be sent away.
    pub(crate) fn enter_anyway(&self) {
        self.state.fetch_add(1, SeqCst);
    }

    /// Joins the line, however long it is.
    pub(crate) fn join(self: &Arc<Self>, priority: Priority, group: u64) -> Waiter {
        let called = Arc::new(Called {
            waker: AtomicWaker::new(),
            state: false.into(),
        });
        let mut line = self.lock();
        let ticket = line.join(priority, group, Arc::clone(&called));
        self.state.fetch_add(ONE_WAITING, SeqCst);
        self.fill(&mut line);
        Waiter {
            gate: Arc::clone(self),
            ticket,
            called,
        }
    }

    /// Whether the line has room.
    pub(crate) fn check_room(&self) -> Result<(), Crowded> {
        match self.waiting() < self.queue {
            true => Ok(()),
            false => Err(Crowded),
        }
    }

    /// Gives a place back.
    pub(crate) fn leave(&self) {
        let before = self.state.fetch_sub(1, SeqCst);
        if before >= ONE_WAITING {
            self.fill(&mut self.lock());
        }
    }

    /// Lets so many in from now on; whoever is inside stays.
    pub(crate) fn set_limit(&self, limit: u32) {
        let limit = limit.max(1);
        if self.limit.swap(limit, SeqCst) < limit {
            self.fill(&mut self.lock());
        }
    }

    /// How many are inside.
    pub(crate) fn inside(&self) -> u32 {
        self.state.load(SeqCst) as u32
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> u32 {
        (self.state.load(SeqCst) >> 32) as u32
    }

    /// Calls as many as there are free places. Whoever joins or leaves does so afterwards, so no place stays free.
    fn fill(&self, line: &mut Line<u64, Arc<Called>>) {
        while self.take_for_next() {
            match line.call() {
                Some(called) => called.call(),
                // Never: who waits is counted, in or out, only under this lock.
                None => break,
            }
        }
    }

    /// Moves one from the line inside, as far as counting goes.
    fn take_for_next(&self) -> bool {
        let limit = u64::from(self.limit.load(SeqCst));
        self.state
            .fetch_update(SeqCst, SeqCst, |state| {
                let free = state & (ONE_WAITING - 1) < limit;
                (free && state >= ONE_WAITING).then(|| state - ONE_WAITING + 1)
            })
            .is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Line<u64, Arc<Called>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Whether it was called; else wakes `waker` once it is.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<()> {
        self.called.waker.register(waker);
        match self.called.state.load(SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Takes the place that it was called to, which is given back by [`Gate::leave`]; the waiter itself where it was not.
    pub(crate) fn enter(self) -> Result<(), Self> {
        match self.called.state.swap(false, SeqCst) {
            true => Ok(()),
            false => Err(self),
        }
    }
}

impl Called {
    fn call(&self) {
        self.state.store(true, SeqCst);
        self.waker.wake();
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut line = self.gate.lock();
        if line.leave(self.ticket).is_some() {
            self.gate.state.fetch_sub(ONE_WAITING, SeqCst);
            return;
        }
        drop(line);
        if self.called.state.load(SeqCst) {
            self.gate.leave();
        }
    }
}

#[cfg(test)]
mod tests;
