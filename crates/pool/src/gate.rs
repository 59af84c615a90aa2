//! Admission to a pool: so many calls at once, so many waiting, whose parties take turns.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::party::Party;
use crate::profile::Queue;

mod state;
mod waiters;

use state::State;
use waiters::{Ticket, Told, Waiters};

/// Why a lease was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// All places are taken and so is the queue, of which others have no larger part.
    #[error("all places are taken and {queued} calls already wait")]
    Overloaded {
        /// How many wait.
        queued: u32,
    },
    /// No place became free in time.
    #[error("no place became free within {} ms", .0.as_millis())]
    WaitedTooLong(Duration),
}

/// Counts who is inside and lines up who waits.
///
/// Entering and leaving are one compare-and-swap while nobody waits. While somebody does, newcomers queue behind and
/// whoever leaves hands the place over: to the parties that wait in turn, and within each in order of arrival. Who joins a full
/// queue takes the room of the party that has most waiting, whose newest is refused, or is refused where that is its own. `waiting` changes only under the lock of
/// `waiters`, which therefore always agree with it; and nobody waits while a place is free. How many places there are may
/// change: under the lock as well, so that whoever leaves and whoever adds places do not miss each other.
pub(crate) struct Gate {
    state: AtomicU64,
    limit: AtomicU32,
    queue: Queue,
    waiters: Mutex<Waiters>,
}

/// What became of joining the queue.
enum Joined {
    /// A place became free meanwhile.
    Entered,
    /// In line, behind so many.
    Waiting(Ticket, u32),
}

impl Gate {
    pub(crate) fn new(limit: u32, queue: Queue) -> Self {
        Self {
            state: AtomicU64::new(0),
            limit: AtomicU32::new(limit.max(1)),
            queue,
            waiters: Mutex::new(Waiters::new(queue.length)),
        }
    }

    /// Takes a place, waiting for one until the queue's bound or `deadline`. Each success is paired with one [`Self::leave`].
    pub(crate) async fn enter(&self, deadline: Instant, party: Party) -> Result<Duration, LeaseError> {
        self.enter_or_tell(deadline, party, || {}).await
    }

    /// The same; who has to wait says so once it is in line.
    pub(crate) async fn enter_or_tell(
        &self,
        deadline: Instant,
        party: Party,
        tell: impl FnOnce(),
    ) -> Result<Duration, LeaseError> {
        if self.try_enter() {
            return Ok(Duration::ZERO);
        }
        let since = Instant::now();
        match self.join(party, since)? {
            Joined::Entered => Ok(Duration::ZERO),
            Joined::Waiting(ticket, ahead) => {
                tell();
                let until = deadline.min(since + self.queue.patience(ahead));
                self.wait(ticket, since, until).await
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

    /// Gives a place back, to whose turn it is if anyone waits.
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
                Ok(()) => return,
                Err(now) => state = now,
            }
        }
    }

    /// How many are inside, and how many wait.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let state = State(self.state.load(Relaxed));
        (state.active(), state.waiting())
    }

    /// How long the one has waited who has longest; none where nobody does.
    pub(crate) fn oldest_wait(&self) -> Option<Duration> {
        if self.counts().1 == 0 {
            return None;
        }
        let waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.oldest().map(|since| since.elapsed())
    }

    fn try_enter(&self) -> bool {
        let mut state = State(self.state.load(Relaxed));
        while state.has_place(self.limit()) {
            match self.swap(state, state.entered()) {
                Ok(()) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    fn join(&self, party: Party, since: Instant) -> Result<Joined, LeaseError> {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State(self.state.load(Relaxed));
        loop {
            let place = state.has_place(self.limit());
            let next = if place {
                state.entered()
            } else if state.waiting() < self.queue.length {
                state.joined()
            } else {
                // One leaves for each who joins, so as many wait as before.
                break;
            };
            match self.swap(state, next) {
                Ok(()) if place => return Ok(Joined::Entered),
                Ok(()) => break,
                Err(now) => state = now,
            }
        }
        let ticket = waiters.join(party, since);
        let queued = state.waiting();
        match ticket {
            Some(ticket) => Ok(Joined::Waiting(ticket, queued)),
            None => Err(LeaseError::Overloaded { queued }),
        }
    }

    async fn wait(&self, ticket: Ticket, since: Instant, until: Instant) -> Result<Duration, LeaseError> {
        let mut waiting = Waiting {
            gate: self,
            ticket: Some(ticket),
            heard: None,
        };
        let _ = timeout_at(until, waiting.hear()).await;
        let waited = since.elapsed();
        match waiting.leave() {
            Some(Told::Called) => Ok(waited),
            Some(Told::Displaced) => Err(LeaseError::Overloaded {
                queued: self.queue.length,
            }),
            None => Err(LeaseError::WaitedTooLong(waited)),
        }
    }

    /// Gives the place of who leaves to whose turn it is, or to nobody where there are fewer places by now; false where the
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

    /// Takes a ticket out of the line; false where it was told something already.
    fn give_up(&self, ticket: &Ticket) -> bool {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let was_waiting = waiters.remove(ticket);
        if was_waiting {
            self.state.fetch_sub(State::ONE_WAITING, AcqRel);
        }
        was_waiting
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
    heard: Option<Told>,
}

impl Waiting<'_> {
    async fn hear(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            self.heard = (&mut ticket.told).await.ok();
            // The sender lives in the line until it tells something, so there is no other way for it to end.
            debug_assert!(self.heard.is_some());
        }
    }

    /// Ends the wait, with what the ticket was told: where it was called, its place now belongs to whoever asks.
    fn leave(&mut self) -> Option<Told> {
        let mut ticket = self.ticket.take()?;
        if self.heard.is_none() && !self.gate.give_up(&ticket) {
            // Told while it was taken out of the line.
            self.heard = ticket.told.try_recv().ok();
        }
        self.heard
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.leave() == Some(Told::Called) {
            self.gate.leave();
        }
    }
}

#[cfg(test)]
mod tests;
