//! What lies between those who append and the thread that writes.
//!
//! One lock, held for the time of a push. Only those wake the writer who want something of it, and only where it rests: a
//! wake costs more than all the rest of an append.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use weft_workflow_engine::port::journal::{Entry, Hold, JournalError, Urgency};

use super::bounds::Bounds;
use super::grouping::Grouping;
use super::holding::Holding;
use super::pending::{Batch, Pending};
use super::trim::Trim;
use crate::error::Error;
use crate::health::Health;

/// Shared by everyone who has the journal.
#[derive(Debug)]
pub(super) struct Queue {
    bounds: Bounds,
    health: Arc<Health>,
    state: Mutex<State>,
    /// What the writer rests on.
    work: Condvar,
    committed: AtomicU64,
    /// What holds the writer up.
    holding: Arc<Holding>,
}

#[derive(Debug, Default)]
struct State {
    pending: Pending,
    waiters: Vec<Waiter>,
    trim: Option<Trim>,
    /// Whether the last thing the writer was given was a trim.
    trimmed: bool,
    rest: Rest,
    grouping: Grouping,
    end: Option<End>,
    /// Why nothing is written any more.
    broken: Option<String>,
}

/// Who waits for a commit, and for which.
#[derive(Debug)]
struct Waiter {
    position: u64,
    answer: oneshot::Sender<Result<(), JournalError>>,
}

/// What the writer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    /// It works, and will look again.
    #[default]
    No,
    /// It has something to write, and waits for more that is to come.
    ForMore,
    /// It rests, but for no longer than lazy entries may wait.
    Briefly,
    /// It rests until it is woken.
    Long,
}

/// How the writer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// When everything is written.
    Written,
    /// At once, as in a crash.
    AtOnce,
}

/// What the writer is to do.
#[derive(Debug)]
pub(super) enum Work {
    Commit(Batch),
    Trim(Trim),
    /// Look whether the database is still there.
    Look,
    End,
}

impl Queue {
    pub(super) fn new(bounds: Bounds, health: Arc<Health>, holding: Arc<Holding>) -> Self {
        Self {
            bounds,
            health,
            state: Mutex::default(),
            work: Condvar::new(),
            committed: AtomicU64::new(0),
            holding,
        }
    }

    /// Puts an entry behind the others; answers its position.
    pub(super) fn append(&self, entry: Entry, urgency: Urgency) -> Result<u64, JournalError> {
        self.health
            .check()
            .map_err(|broken| JournalError::Broken(broken.to_string()))?;
        self.check_hold()?;
        let mut state = self.lock();
        state.check()?;
        let position = state.pending.push(entry, urgency, &self.bounds, Instant::now)?;
        let prompt = urgency == Urgency::Prompt || state.pending.is_heavy(&self.bounds);
        self.wake(state, prompt);
        Ok(position)
    }

    /// Waits until `position` is committed.
    pub(super) async fn commit(&self, position: u64) -> Result<(), JournalError> {
        let Some(answer) = self.wait_for(position)? else {
            return Ok(());
        };
        match answer.await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Closed.into()),
        }
    }

    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Why the writer could write nothing when it last tried, where that may pass.
    pub(super) fn held(&self) -> Option<Hold> {
        self.holding.why()
    }

    /// Entries and bytes that wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.pending.len(), state.pending.bytes())
    }

    /// Has the writer trim, between two commits.
    pub(super) fn trim(&self, trim: Trim) {
        let mut state = self.lock();
        if state.check().is_ok() {
            state.trim = Some(trim);
            self.wake(state, true);
        }
    }

    /// Has the writer end.
    pub(super) fn end(&self, end: End) {
        let mut state = self.lock();
        state.end = Some(end);
        self.wake(state, true);
    }

    fn wait_for(
        &self,
        position: u64,
    ) -> Result<Option<oneshot::Receiver<Result<(), JournalError>>>, JournalError> {
        if self.committed() >= position {
            return Ok(None);
        }
        let mut state = self.lock();
        // Once more: the writer tells under the lock who is done.
        if self.committed() >= position {
            return Ok(None);
        }
        if let Some(broken) = &state.broken {
            return Err(JournalError::Broken(broken.clone()));
        }
        self.check_hold()?;
        let (answer, outcome) = oneshot::channel();
        if state.waiters.len() == state.waiters.capacity() {
            // While a commit takes long they may come and go without end.
            state.waiters.retain(|waiter| !waiter.answer.is_closed());
        }
        state.waiters.push(Waiter { position, answer });
        let untaken = state.pending.want(position);
        self.wake(state, untaken);
        Ok(Some(outcome))
    }

    fn check_hold(&self) -> Result<(), JournalError> {
        self.held().map_or(Ok(()), |why| Err(JournalError::Held(why)))
    }

    /// Lets go of the lock and wakes the writer where it rests and has to: for anything where it would rest for long.
    fn wake(&self, mut state: MutexGuard<'_, State>, prompt: bool) {
        let wakes = match state.rest {
            Rest::No => false,
            Rest::ForMore => state.lingers(&self.bounds).is_none(),
            Rest::Briefly => prompt,
            Rest::Long => true,
        };
        if wakes {
            state.rest = Rest::No;
            drop(state);
            self.work.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's side.
impl Queue {
    /// Waits for something to do; there is something after `looks` at the latest.
    pub(super) fn next(&self, looks: Option<Duration>) -> Work {
        let mut state = self.lock();
        // After work there often is more, and then a timer is cheaper than being woken.
        let mut briefly = true;
        let mut look = false;
        loop {
            let lingers = state.lingers(&self.bounds);
            let left = lingers.map(|until| until.saturating_duration_since(Instant::now()));
            if let Some(left) = left.filter(|left| !left.is_zero()) {
                state = self.rest(state, Rest::ForMore, Some(left));
                continue;
            }
            if let Some(work) = state.ready(&self.bounds) {
                return work;
            }
            if look {
                return Work::Look;
            }
            let deadline = state.pending.deadline(&self.bounds);
            let limit = match deadline {
                Some(due) => Some(due.saturating_duration_since(Instant::now())),
                None => briefly.then_some(self.bounds.lazy_delay),
            };
            briefly = deadline.is_some();
            match limit {
                Some(limit) => state = self.rest(state, Rest::Briefly, Some(limit)),
                None => {
                    let since = Instant::now();
                    state = self.rest(state, Rest::Long, looks);
                    look = looks.is_some_and(|looks| since.elapsed() >= looks);
                }
            }
        }
    }

    /// Everything up to `position` is on the disk, by a commit that took so long.
    pub(super) fn done(&self, position: u64, took: Duration) {
        self.release();
        let mut state = self.lock();
        self.committed.store(position, Ordering::Release);
        let done = state.served(position);
        let left = state.waiters.len();
        state.grouping.committed(Instant::now(), took, done.len(), left);
        drop(state);
        for waiter in done {
            let _ = waiter.answer.send(Ok(()));
        }
    }

    /// Nothing is written any more.
    pub(super) fn fail(&self, told: &str) {
        let mut state = self.lock();
        state.broken.get_or_insert_with(|| told.to_owned());
        state.pending.clear();
        state.trim = None;
        refuse(state, &JournalError::Broken(told.to_owned()));
    }

    /// Nothing can be written, which all are told who wait; waits before another try. Answers false where the writer is to end.
    pub(super) fn hold(&self, why: Hold, delay: Duration) -> bool {
        // Under the lock, so that nobody begins to wait behind it.
        let state = self.lock();
        self.holding.hold(why);
        refuse(state, &JournalError::Held(why));
        self.pause(delay)
    }

    /// Something can be written again.
    pub(super) fn release(&self) {
        self.holding.release();
    }

    /// Waits for `delay`, whatever there is to do. Answers false where the writer is to end.
    pub(super) fn pause(&self, delay: Duration) -> bool {
        let until = Instant::now() + delay;
        let mut state = self.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.end.is_some() {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            state = self.rest(state, Rest::Briefly, Some(left));
        }
    }

    fn rest<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        rest: Rest,
        limit: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        state.rest = rest;
        let mut rested = match limit {
            Some(limit) => {
                let waited = self.work.wait_timeout(state, limit);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
        rested.rest = Rest::No;
        rested
    }
}

/// Lets go of the lock and of everybody who waits.
fn refuse(mut state: MutexGuard<'_, State>, error: &JournalError) {
    let waiters = std::mem::take(&mut state.waiters);
    drop(state);
    for waiter in waiters {
        let _ = waiter.answer.send(Err(error.clone()));
    }
}

impl State {
    fn check(&self) -> Result<(), JournalError> {
        match &self.broken {
            Some(broken) => Err(JournalError::Broken(broken.clone())),
            None if self.end.is_some() => Err(Error::Closed.into()),
            None => Ok(()),
        }
    }

    /// Until when the writer waits for more before it writes what somebody waits for; none where it does not.
    fn lingers(&self, bounds: &Bounds) -> Option<Instant> {
        let waits = self.pending.is_wanted() && !self.pending.is_heavy(bounds);
        let else_idle = waits && self.trim.is_none() && self.end.is_none();
        let until = else_idle.then(|| self.grouping.until(self.waiters.len(), bounds.linger));
        until.flatten()
    }

    /// What is to be done now. Trims and commits take turns where there are both.
    fn ready(&mut self, bounds: &Bounds) -> Option<Work> {
        let due = match self.end {
            Some(End::AtOnce) => return Some(Work::End),
            Some(End::Written) => self.pending.len() > 0,
            None => self.pending.is_due(Instant::now, bounds),
        };
        let trim = if due && self.trimmed {
            None
        } else {
            self.trim.take()
        };
        self.trimmed = trim.is_some();
        if let Some(trim) = trim {
            return Some(Work::Trim(trim));
        }
        let batch = if due { self.pending.take(bounds) } else { None };
        match batch {
            Some(batch) => Some(Work::Commit(batch)),
            None => self.end.map(|_| Work::End),
        }
    }

    /// Those who wait for nothing beyond `position`.
    fn served(&mut self, position: u64) -> Vec<Waiter> {
        let (done, waiting) = std::mem::take(&mut self.waiters)
            .into_iter()
            .partition(|waiter| waiter.position <= position);
        self.waiters = waiting;
        done
    }
}
