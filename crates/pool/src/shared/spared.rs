//! Instances that were started ahead of leases, which whoever scales the pool does not yet know the need for.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Not started ahead.
const NOT: u64 = 0;
/// Started ahead, and not seen by whoever scales the pool.
const UNSEEN: u64 = u64::MAX;

/// Until when an instance is spared though nobody leases it: a grace from when it is first seen idle.
#[derive(Debug, Default)]
pub(super) struct Spared(AtomicU64);

impl Spared {
    /// It was started ahead.
    pub(super) fn begin(&self) {
        self.0.store(UNSEEN, Relaxed);
    }

    /// Whether it is spared at `now`, which counts from the scaler's origin. Asked by one who scales alone.
    pub(super) fn holds(&self, now: Duration, grace: Duration) -> bool {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(UNSEEN - 1);
        match self.0.load(Relaxed) {
            NOT => false,
            UNSEEN => {
                self.0.store(nanos(now.saturating_add(grace)).max(1), Relaxed);
                true
            }
            until => nanos(now) < until,
        }
    }
}
