//! Interrupting guests: what an executing guest has used, and the decision made at every tick of the clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use crate::engine::TICK;
use crate::host::HostState;
use crate::stop::Stop;

/// A guest that has executed for this long moves to the threads for heavy work when it next yields: at the latest at its
/// second tick, as the first comes within one.
const HEAVY_AFTER: Duration = TICK;

/// What the execution of a call has used, and whether anyone still waits for it.
///
/// Written by whoever polls the guest, one thread at a time; read at ticks on the same thread. Only the cancel flag
/// crosses threads, and nothing else is ordered by it.
pub(crate) struct Meter {
    created: Instant,
    /// Nanoseconds of all finished polls of this call.
    used: AtomicU64,
    /// What the clock showed when the current poll began, in nanoseconds.
    since: AtomicU64,
    /// Whether polls are measured by the thread's own clock.
    heavy: AtomicBool,
    cancelled: AtomicBool,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            created: Instant::now(),
            used: AtomicU64::new(0),
            since: AtomicU64::new(0),
            heavy: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
        }
    }

    /// Begins anew for the next call of a reused instance.
    pub(crate) fn reset(&self) {
        self.used.store(0, Ordering::Relaxed);
        self.heavy.store(false, Ordering::Relaxed);
        self.cancelled.store(false, Ordering::Relaxed);
    }

    /// Measures a poll of the guest.
    pub(crate) fn measure<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.since.store(self.clock(), Ordering::Relaxed);
        let polled = poll();
        self.used.store(self.used_nanos(), Ordering::Relaxed);
        polled
    }

    /// How long the guest executed in finished polls.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Whether the guest belongs on the threads for heavy work.
    pub(crate) fn is_heavy(&self) -> bool {
        self.used() >= HEAVY_AFTER
    }

    /// From now on the guest executes on niced threads, where wall time says little.
    pub(crate) fn moved_to_heavy(&self) {
        self.heavy.store(true, Ordering::Relaxed);
    }

    /// Stops the guest at its next tick.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Time used, the current poll included.
    fn used_nanos(&self) -> u64 {
        let current = self.clock().saturating_sub(self.since.load(Ordering::Relaxed));
        self.used.load(Ordering::Relaxed).saturating_add(current)
    }

    fn clock(&self) -> u64 {
        if self.heavy.load(Ordering::Relaxed) {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            // A thread's clock is neither negative nor as large as centuries.
            (time.tv_sec as u64)
                .saturating_mul(1_000_000_000)
                .saturating_add(time.tv_nsec as u64)
        } else {
            u64::try_from(self.created.elapsed().as_nanos()).unwrap_or(u64::MAX)
        }
    }
}

/// Lets the clock interrupt the guest of `store` from its next tick on.
pub(crate) fn arm(store: &mut Store<HostState>) {
    store.epoch_deadline_callback(on_tick);
    store.set_epoch_deadline(1);
}

/// Decides at a tick: the guest is stopped, or others have a turn.
fn on_tick(store: StoreContextMut<'_, HostState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
    let (meter, context) = (&state.meter, &state.caller.context);
    if meter.cancelled.load(Ordering::Relaxed) {
        return Err(Stop::Cancelled.into());
    }
    if Instant::now() >= context.deadline {
        return Err(Stop::Deadline.into());
    }
    if Duration::from_nanos(meter.used_nanos()) > context.cpu_time {
        return Err(Stop::CpuTime(context.cpu_time).into());
    }
    Ok(UpdateDeadline::Yield(1))
}
