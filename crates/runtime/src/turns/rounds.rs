//! Turns on a thread that serves: in each round all that is ready there is looked after once, and guests that compute have a
//! millisecond between them. So a request waits for one slice of a guest, however many guests there are.
//!
//! Only guests of versions whose calls usually compute for long ask for a turn: the others are as quick as what else the
//! thread does.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use tokio::sync::Notify;
use weft_pool::Shares;

use super::{Begun, Order, Ticket};
use crate::engine::TICK;

/// What guests may execute in a round, in all; whoever began within it ends its slice.
const ROUND: Duration = TICK;

thread_local! {
    static ROUNDS: OnceCell<Arc<Rounds>> = const { OnceCell::new() };
}

/// From now on guests that compute take turns on this thread, which executes one runtime alone and never moves its tasks.
pub fn serve_in_rounds() {
    ROUNDS.with(|rounds| {
        rounds.get_or_init(|| Arc::new(Rounds::new()));
    });
}

/// The order of this thread; none where guests do not take turns.
pub(crate) fn of_this_thread() -> Option<Arc<Rounds>> {
    ROUNDS.with(|rounds| rounds.get().cloned())
}

/// The order of guests on one thread.
#[derive(Debug)]
pub(crate) struct Rounds {
    state: Mutex<State>,
    /// A round is over.
    over: Notify,
}

#[derive(Debug)]
struct State {
    /// What is left of this round.
    left: Duration,
    /// Whether somebody was called who did not execute yet.
    called: bool,
    /// Whether there is a task that begins rounds.
    attended: bool,
    line: Shares<u64, Arc<Ticket>>,
}

impl Rounds {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                left: ROUND,
                called: false,
                attended: false,
                line: Shares::default(),
            }),
            over: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the next round.
    fn begin_round(&self) {
        let mut state = self.lock();
        state.left = ROUND;
        if !state.called {
            Self::call_next(state);
        }
    }

    fn call_next(mut state: MutexGuard<'_, State>) {
        let next = state.line.pop();
        state.called = next.is_some();
        drop(state);
        if let Some((_, next)) = next {
            next.call();
        }
    }

    /// After a slice, or instead of one.
    fn pass_on(&self, state: MutexGuard<'_, State>) {
        if state.left.is_zero() {
            drop(state);
            self.over.notify_one();
        } else {
            Self::call_next(state);
        }
    }
}

impl Order for Rounds {
    fn begin(self: &Arc<Self>, version: u64, cx: &Context<'_>) -> Begun {
        let mut state = self.lock();
        if !state.left.is_zero() && !state.called && state.line.is_empty() {
            return Begun::Now;
        }
        if !state.attended {
            state.attended = true;
            tokio::spawn(attend(Arc::clone(self)));
        }
        let ticket = Ticket::new(cx);
        let number = state.line.join(version, Arc::clone(&ticket));
        Begun::Waits(number, ticket)
    }

    fn end(&self, version: u64, used: Duration) {
        let mut state = self.lock();
        state.called = false;
        state.left = state.left.saturating_sub(used);
        state.line.charge(version, used);
        self.pass_on(state);
    }

    fn give_up(&self, version: u64, number: u64) {
        let mut state = self.lock();
        if state.line.remove(&version, number).is_none() {
            // It was called, and did not come.
            state.called = false;
            self.pass_on(state);
        }
    }
}

/// Begins a round whenever the last one is over and all that was ready by then was looked after.
async fn attend(rounds: Arc<Rounds>) {
    loop {
        rounds.over.notified().await;
        // A runtime looks for events before it comes back here.
        tokio::task::yield_now().await;
        rounds.begin_round();
    }
}
