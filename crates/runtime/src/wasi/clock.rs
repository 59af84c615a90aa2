//! A clock that only its readers move, so that equal calls see equal times.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::Timestamp;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, async_trait};

/// What each reading takes, in nanoseconds: a guest that waits in a loop gets there.
const STEP: u64 = 1_000;

/// Wall and monotonic time of a guest in one. It stands still but for readings, and jumps to the end of a sleep.
#[derive(Clone)]
pub(crate) struct VirtualClock(Arc<Hands>);

struct Hands {
    /// Nanoseconds since the instance began.
    elapsed: AtomicU64,
    /// Wall time at 0 elapsed nanoseconds.
    origin: Mutex<Timestamp>,
    /// When the sleeps end that the guest waits for now, in elapsed nanoseconds.
    sleeps: Mutex<Vec<u64>>,
}

impl VirtualClock {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self(Arc::new(Hands {
            elapsed: AtomicU64::new(0),
            origin: Mutex::new(time),
            sleeps: Mutex::default(),
        }))
    }

    /// Shows `time` at the begin of another call; elapsed time goes on unless `restart`.
    pub(crate) fn begin(&self, time: Timestamp, restart: bool) {
        if restart {
            self.0.elapsed.store(0, Ordering::Relaxed);
        }
        let elapsed = Duration::from_nanos(self.0.elapsed.load(Ordering::Relaxed));
        *lock(&self.0.origin) = time.checked_sub(elapsed).unwrap_or(time);
    }

    /// Reads the elapsed nanoseconds, which takes a step.
    pub(crate) fn read(&self) -> u64 {
        self.0.elapsed.fetch_add(STEP, Ordering::Relaxed)
    }

    /// A sleep until `deadline`, in elapsed nanoseconds.
    pub(crate) fn sleep_until(self, deadline: u64) -> VirtualSleep {
        VirtualSleep {
            clock: self,
            deadline,
        }
    }

    fn has_passed(&self, deadline: u64) -> bool {
        self.0.elapsed.load(Ordering::Relaxed) >= deadline
    }
}

impl HostMonotonicClock for VirtualClock {
    fn resolution(&self) -> u64 {
        STEP
    }

    fn now(&self) -> u64 {
        self.read()
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(STEP)
    }

    fn now(&self) -> Duration {
        let elapsed = Duration::from_nanos(self.read());
        let origin = lock(&self.0.origin).duration_since(Timestamp::UNIX_EPOCH);
        // WASI has no times before 1970.
        Duration::try_from(origin)
            .unwrap_or_default()
            .saturating_add(elapsed)
    }
}

/// A pollable that gets ready when no sleep waited for at the same time ends earlier.
pub(crate) struct VirtualSleep {
    clock: VirtualClock,
    deadline: u64,
}

#[async_trait]
impl Pollable for VirtualSleep {
    async fn ready(&mut self) {
        Turn {
            sleep: self,
            entered: false,
        }
        .await;
    }
}

/// One wait for a sleep. It enters its deadline at the first poll and jumps to it at a later one: by then all sleeps of
/// one `poll` are entered and the earliest goes first.
struct Turn<'a> {
    sleep: &'a VirtualSleep,
    entered: bool,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let VirtualSleep { clock, deadline } = self.sleep;
        if clock.has_passed(*deadline) {
            return Poll::Ready(());
        }
        if self.entered {
            if lock(&clock.0.sleeps).iter().any(|other| other < deadline) {
                return Poll::Pending;
            }
            clock.0.elapsed.store(*deadline, Ordering::Relaxed);
            return Poll::Ready(());
        }
        // Looking whether a sleep is over takes time, too: a guest that only ever looks gets there.
        clock.read();
        lock(&clock.0.sleeps).push(*deadline);
        self.entered = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.entered {
            let mut sleeps = lock(&self.sleep.clock.0.sleeps);
            if let Some(own) = sleeps.iter().position(|sleep| *sleep == self.sleep.deadline) {
                sleeps.swap_remove(own);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
