//! The line of guests that would execute, in the order of their [turns](Turns). Thousands that wait for one version delay the guests of
//! another by a slice, not by all of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::turns::{Account, Turns};

/// Somebody in line.
pub(super) trait Member: Send + Sync {
    /// For whose account it executes.
    fn account(&self) -> Account;

    /// Executes a slice; answers how long it took.
    fn execute(self: Arc<Self>) -> Duration;

    /// It will never execute again.
    fn lose(&self);
}

/// Who would execute, on any of several threads.
#[derive(Default)]
pub(super) struct Line {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    /// As long as there are calls: pools bound those.
    waiting: Turns<Arc<dyn Member>>,
    closed: bool,
}

impl Line {
    /// Lines somebody up for a slice.
    pub(super) fn join(&self, member: Arc<dyn Member>) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return member.lose();
        }
        state.waiting.join(member.account(), member);
        drop(state);
        self.more.notify_one();
    }

    /// Executes slices until the line is closed.
    pub(super) fn serve(&self) {
        let mut state = self.lock();
        while !state.closed {
            let Some((account, member)) = state.waiting.pop() else {
                state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let used = member.execute();
            state = self.lock();
            state.waiting.charge(account, used);
        }
    }

    /// Nobody executes any more, and whoever is in line is lost.
    pub(super) fn close(&self) {
        let mut waiting = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        self.more.notify_all();
        while let Some((_, member)) = waiting.pop() {
            member.lose();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
