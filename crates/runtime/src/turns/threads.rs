//! Turns on the heavy threads: as many guests execute as there are threads.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use weft_pool::Shares;

use super::{Begun, Order, Ticket};

/// The order of guests on several threads.
#[derive(Debug)]
pub(crate) struct Threads {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many more may execute. Nobody waits where it is not zero.
    free: usize,
    line: Shares<u64, Arc<Ticket>>,
}

impl Threads {
    pub(crate) fn new(threads: NonZeroUsize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: threads.get(),
                line: Shares::default(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread is free for the next.
    fn pass_on(&self, mut state: MutexGuard<'_, State>) {
        match state.line.pop() {
            Some((_, next)) => {
                drop(state);
                next.call();
            }
            None => state.free += 1,
        }
    }
}

impl Order for Threads {
    fn begin(self: &Arc<Self>, version: u64, cx: &Context<'_>) -> Begun {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return Begun::Now;
        }
        let ticket = Ticket::new(cx);
        let number = state.line.join(version, Arc::clone(&ticket));
        Begun::Waits(number, ticket)
    }

    fn end(&self, version: u64, used: Duration) {
        let mut state = self.lock();
        state.line.charge(version, used);
        self.pass_on(state);
    }

    fn give_up(&self, version: u64, number: u64) {
        let mut state = self.lock();
        if state.line.remove(&version, number).is_none() {
            // It was called, and did not come.
            self.pass_on(state);
        }
    }
}
