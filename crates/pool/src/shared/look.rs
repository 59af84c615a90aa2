//! What there is to see of a shared pool's instances.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::{SharedPool, Slot};
use crate::pool::Factory;

/// What the pool knows of one of its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotStats {
    /// Counts the instances of the pool, from 1.
    pub number: u64,
    /// How long ago it was started.
    pub age: Duration,
    /// Leases of it that are held.
    pub outstanding: u32,
    /// Leases of it that were given back.
    pub served: u32,
    /// For how long nobody has leased it; none where somebody does.
    pub idle: Option<Duration>,
}

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Looks at each instance, in the order of their starts, under the lock that leases take: briefly.
    pub fn look<T>(&self, look: impl Fn(&F::Instance, SlotStats) -> T) -> Vec<T> {
        let slots = self.0.lock();
        let looks = slots.iter().map(|slot| {
            let outstanding = slot.outstanding.load(Relaxed);
            let age = slot.since.elapsed();
            let stats = SlotStats {
                number: slot.number,
                age,
                idle: (outstanding == 0).then(|| age.saturating_sub(slot.rested())),
                outstanding,
                served: slot.used.load(Relaxed).saturating_sub(outstanding),
            };
            look(&slot.instance, stats)
        });
        looks.collect()
    }

    /// How long the first of the leases that are waited for has been; none where none is.
    #[must_use]
    pub fn oldest_wait(&self) -> Option<Duration> {
        self.0.gate.oldest_wait()
    }

    /// Whether another pool serves instead.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.0.retired.load(Relaxed)
    }
}

impl<I> Slot<I> {
    /// Notes that a lease is given back.
    pub(super) fn rest(&self) {
        let age = self.since.elapsed().as_nanos();
        self.rested.store(u64::try_from(age).unwrap_or(u64::MAX), Relaxed);
    }

    /// How old it was when a lease was last given back.
    fn rested(&self) -> Duration {
        Duration::from_nanos(self.rested.load(Relaxed))
    }
}
