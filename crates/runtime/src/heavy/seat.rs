//! Where a moved guest is found: by the thread that executes it, by what wakes it, and by who waits for its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::line::{Line, Member};
use super::turns::Account;
use crate::epoch::Meter;
use crate::stop::Stop;

/// An executing guest. It owns its store, so it can be polled, and dropped, by any thread.
pub(crate) type Guest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// It waits for the world.
const SUSPENDED: u8 = 0;
/// It is in line.
const QUEUED: u8 = 1;
/// A thread executes it.
const EXECUTING: u8 = 2;
/// A thread executes it, and will line it up again.
const WOKEN: u8 = 3;

/// The seat of a guest.
pub(super) struct Seat<T> {
    /// Never held while the guest executes or is dropped.
    state: Mutex<State<T>>,
    /// Where it stands with the line; whoever changes it to `QUEUED` lines it up.
    stands: AtomicU8,
    /// Who waits for the end.
    waits: Mutex<Option<Waker>>,
    account: Account,
    meter: Arc<Meter>,
    line: Arc<Line>,
}

enum State<T> {
    Suspended(Guest<T>),
    Executing,
    Ended(T),
    /// It panicked.
    Lost,
    /// Nobody waits for it any longer, or what it answered was fetched.
    Abandoned,
}

impl<T: Send + 'static> Seat<T> {
    /// Seats a guest, and lines it up.
    pub(super) fn take(guest: Guest<T>, account: Account, meter: Arc<Meter>, line: &Arc<Line>) -> Arc<Self> {
        let seat = Arc::new(Self {
            state: Mutex::new(State::Suspended(guest)),
            stands: AtomicU8::new(QUEUED),
            waits: Mutex::default(),
            account,
            meter,
            line: Arc::clone(line),
        });
        line.join(Arc::clone(&seat) as Arc<dyn Member>);
        seat
    }

    /// What it answered, once it has ended.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        // First the waker, then the look: whoever ends it does it the other way round.
        let mut waits = self.waits();
        match &mut *waits {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        drop(waits);
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Abandoned) {
            State::Ended(answer) => Poll::Ready(Ok(answer)),
            State::Lost | State::Abandoned => Poll::Ready(Err(Stop::Lost)),
            other => {
                *state = other;
                Poll::Pending
            }
        }
    }

    /// Nobody waits any longer: an executing guest is stopped at its next tick, and one that does not execute is given out.
    pub(super) fn abandon(&self) -> Option<Guest<T>> {
        self.meter.cancel();
        let left = std::mem::replace(&mut *self.lock(), State::Abandoned);
        match left {
            State::Suspended(guest) => Some(guest),
            _ => None,
        }
    }

    fn begin(&self) -> Option<Guest<T>> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Executing) {
            State::Suspended(guest) => Some(guest),
            other => {
                *state = other;
                None
            }
        }
    }

    /// What follows a slice, or comes instead of one; answers what is to be dropped.
    fn end(&self, next: State<T>) -> State<T> {
        let mut state = self.lock();
        if matches!(*state, State::Abandoned) {
            return next;
        }
        let is_over = !matches!(next, State::Suspended(_));
        let before = std::mem::replace(&mut *state, next);
        drop(state);
        if is_over && let Some(waker) = self.waits().take() {
            waker.wake();
        }
        before
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // States are replaced whole: a panic elsewhere cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self) -> MutexGuard<'_, Option<Waker>> {
        // As above.
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Member for Seat<T> {
    fn account(&self) -> Account {
        self.account
    }

    fn execute(self: Arc<Self>) -> Duration {
        self.stands.store(EXECUTING, Ordering::SeqCst);
        let Some(mut guest) = self.begin() else {
            return Duration::ZERO;
        };
        let waker = Waker::from(Arc::clone(&self));
        let before = self.meter.used();
        let slice = || {
            let mut cx = Context::from_waker(&waker);
            self.meter.measure(|| guest.as_mut().poll(&mut cx))
        };
        // A guest that panics is lost, and nothing else: its future is dropped and not looked at again.
        let next = match catch_unwind(AssertUnwindSafe(slice)) {
            Ok(Poll::Ready(answer)) => State::Ended(answer),
            Ok(Poll::Pending) => State::Suspended(guest),
            Err(_) => {
                drop_safely(guest);
                State::Lost
            }
        };
        let used = self.meter.used().saturating_sub(before);
        drop_safely(self.end(next));
        let rests = self
            .stands
            .compare_exchange(EXECUTING, SUSPENDED, Ordering::SeqCst, Ordering::SeqCst);
        if rests.is_err() {
            self.stands.store(QUEUED, Ordering::SeqCst);
            let line = Arc::clone(&self.line);
            line.join(self);
        }
        used
    }

    fn lose(&self) {
        drop(self.end(State::Lost));
    }
}

/// Whatever panics as it is dropped takes no thread along.
fn drop_safely<V>(value: V) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

impl<T: Send + 'static> Wake for Seat<T> {
    fn wake(self: Arc<Self>) {
        let woken = self
            .stands
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |stands| match stands {
                SUSPENDED => Some(QUEUED),
                EXECUTING => Some(WOKEN),
                _ => None,
            });
        if woken == Ok(SUSPENDED) {
            let line = Arc::clone(&self.line);
            line.join(self);
        }
    }
}
