//! Admission to a pool: so many calls at once, so many waiting in order of arrival.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::profile::Queue;

mod state;
mod waiters;

use state::State;
use waiters::{Ticket, Waiters};

/// Why a lease was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// All places are taken and so is the queue.
    #[error("all places are taken and {queued} calls already wait")]
    Overloaded {
        /// How many wait.
        queued: u32,
    },
    /// No place became free in time.
    #[error("no place became free within {} ms", .0.as_millis())]
    WaitedTooLong(Duration),
    /// The pool takes no more calls.
    #[error("the pool is draining")]
    Draining,
}

/// Counts who is inside and lines up who waits.
///
/// Entering and leaving are one compare-and-swap while nobody waits. While somebody does, newcomers queue behind and
/// whoever leaves hands the place over, so the order of arrival is kept. `waiting` changes only under the lock of
/// `waiters`, which therefore always agree with it; and nobody waits while a place is free. How many places there are may
/// change: under the lock as well, so that whoever leaves and whoever adds places do not miss each other.
pub(crate) struct Gate {
    state: AtomicU64,
    limit: AtomicU32,
    queue: Queue,
    waiters: Mutex<Waiters>,
    emptied: Notify,
}

/// What became of joining the queue.
enum Joined {
    /// A place became free meanwhile.
    Entered,
    /// In line.
    Waiting(Ticket),
}

impl Gate {
    pub(crate) fn new(limit: u32, queue: Queue) -> Self {
        Self {
            state: AtomicU64::new(0),
            limit: AtomicU32::new(limit.max(1)),
            queue,
            waiters: Mutex::default(),
            emptied: Notify::new(),
        }
    }

    /// Takes a place, waiting for one until the queue's bound or `deadline`. Each success is paired with one [`Self::leave`].
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Duration, LeaseError> {
        self.enter_or_tell(deadline, || {}).await
    }

    /// The same; who has to wait says so once it is in line.
    pub(crate) async fn enter_or_tell(
        &self,
        deadline: Instant,
        tell: impl FnOnce(),
    ) -> Result<Duration, LeaseError> {
        if self.try_enter()? {
            return Ok(Duration::ZERO);
        }
        let since = Instant::now();
        match self.join(since)? {
            Joined::Entered => Ok(Duration::ZERO),
            Joined::Waiting(ticket) => {
                tell();
                self.wait(ticket, since, deadline).await
            }
        }
    }

    /// How many places there are from now on; those who wait take what is new. Where there are fewer than are taken, whoever
    /// leaves hands no place over until that is so no more.
    pub(crate) fn set_limit(&self, limit: u32) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        self.limit.store(limit, Relaxed);
        let mut state = State(self.state.load(Relaxed));
        // Joining and handing over take the lock; entering does not happen while anyone waits.
        while state.waiting() > 0 && state.active() < limit {
            match self.swap(state, state.called()) {
                Ok(()) => {
                    let called = waiters.call_first();
                    debug_assert!(called, "the line agrees with the count");
                    state = State(self.state.load(Relaxed));
                }
                Err(now) => state = now,
            }
        }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit.load(Relaxed)
    }

    /// Gives a place back, to the first who waits if anyone does.
    pub(crate) fn leave(&self) {
        let mut state = State(self.state.load(Relaxed));
        loop {
            if state.waiting() > 0 {
                if self.hand_over() {
                    return;
                }
                state = State(self.state.load(Relaxed));
                continue;
            }
            match self.swap(state, state.left()) {
                Ok(()) => return self.tell_if_empty(state.left()),
                Err(now) => state = now,
            }
        }
    }

    /// Refuses newcomers from now on; who waits is still served.
    pub(crate) fn close(&self) {
        let before = State(self.state.fetch_or(State::CLOSED, AcqRel));
        self.tell_if_empty(before.closed());
    }

    pub(crate) fn is_closed(&self) -> bool {
        State(self.state.load(Acquire)).is_closed()
    }

    /// Waits until nobody is inside or waits. Useful once closed.
    pub(crate) async fn emptied(&self) {
        loop {
            let mut notified = std::pin::pin!(self.emptied.notified());
            notified.as_mut().enable();
            if State(self.state.load(Acquire)).is_empty() {
                return;
            }
            notified.await;
        }
    }

    /// How many are inside, and how many wait.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let state = State(self.state.load(Relaxed));
        (state.active(), state.waiting())
    }

    /// How long the first of those who wait has waited; none where nobody does.
    pub(crate) fn oldest_wait(&self) -> Option<Duration> {
        if self.counts().1 == 0 {
            return None;
        }
        let waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.oldest().map(|since| since.elapsed())
    }

    fn try_enter(&self) -> Result<bool, LeaseError> {
        let mut state = State(self.state.load(Relaxed));
        loop {
            if state.is_closed() {
                return Err(LeaseError::Draining);
            }
            if !state.has_place(self.limit()) {
                return Ok(false);
            }
            match self.swap(state, state.entered()) {
                Ok(()) => return Ok(true),
                Err(now) => state = now,
            }
        }
    }

    fn join(&self, since: Instant) -> Result<Joined, LeaseError> {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State(self.state.load(Relaxed));
        loop {
            if state.is_closed() {
                return Err(LeaseError::Draining);
            }
            let place = state.has_place(self.limit());
            if !place && state.waiting() >= self.queue.length {
                return Err(LeaseError::Overloaded {
                    queued: state.waiting(),
                });
            }
            let next = if place { state.entered() } else { state.joined() };
            match self.swap(state, next) {
                Ok(()) if place => return Ok(Joined::Entered),
                Ok(()) => return Ok(Joined::Waiting(waiters.join(since))),
                Err(now) => state = now,
            }
        }
    }

    async fn wait(&self, ticket: Ticket, since: Instant, deadline: Instant) -> Result<Duration, LeaseError> {
        let mut waiting = Waiting {
            gate: self,
            ticket: Some(ticket),
        };
        let until = deadline.min(since + self.queue.wait());
        let _ = timeout_at(until, waiting.called()).await;
        let waited = since.elapsed();
        if waiting.end() {
            Ok(waited)
        } else {
            Err(LeaseError::WaitedTooLong(waited))
        }
    }

    /// Gives the place of who leaves to the first who waits, or to nobody where there are fewer places by now; false where the
    /// last one has just given up.
    fn hand_over(&self) -> bool {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State(self.state.load(Relaxed));
        while state.waiting() > 0 && state.active() > self.limit() {
            match self.swap(state, state.left()) {
                Ok(()) => return true,
                Err(now) => state = now,
            }
        }
        let called = waiters.call_first();
        if called {
            self.state.fetch_sub(State::ONE_WAITING, AcqRel);
        }
        called
    }

    /// Takes a ticket out of the line; false where it was called already.
    fn give_up(&self, ticket: &Ticket) -> bool {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let was_waiting = waiters.remove(ticket);
        if was_waiting {
            self.state.fetch_sub(State::ONE_WAITING, AcqRel);
        }
        was_waiting
    }

    fn tell_if_empty(&self, state: State) {
        if state.is_closed() && state.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    fn swap(&self, from: State, to: State) -> Result<(), State> {
        self.state
            .compare_exchange_weak(from.0, to.0, AcqRel, Relaxed)
            .map(drop)
            .map_err(State)
    }
}

/// Someone in line. Dropped, it leaves the line, or gives back the place it was just called to.
struct Waiting<'a> {
    gate: &'a Gate,
    ticket: Option<Ticket>,
}

impl Waiting<'_> {
    async fn called(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            let called: Result<(), oneshot::error::RecvError> = (&mut ticket.called).await;
            // The sender lives in the line until it calls, so there is no other way for it to end.
            debug_assert!(called.is_ok());
        }
    }

    /// Ends the wait; true where the ticket was called, and its place now belongs to whoever asks.
    fn end(mut self) -> bool {
        self.ticket
            .take()
            .is_some_and(|ticket| !self.gate.give_up(&ticket))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take()
            && !self.gate.give_up(&ticket)
        {
            self.gate.leave();
        }
    }
}

#[cfg(test)]
mod tests;
