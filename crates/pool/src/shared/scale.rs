//! How many instances a shared pool has, beyond those that leases start.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use super::{Inner, SharedPool, Slot};
use crate::autoscale::{Decision, Scaler};
use crate::pool::Factory;

/// What was decided of a pool, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// What was decided.
    pub decision: Decision,
    /// How many instances there were before.
    pub instances: u32,
    /// How many were started ahead of leases.
    pub started: u32,
    /// How many ended: no more than were idle.
    pub ended: u32,
    /// How many leases had started since the pool was scaled before, as they found no free slot.
    pub demanded: u32,
}

/// Tells whether somebody waits elsewhere who is to come to a pool, though others serve from now on.
pub type Wanted = Box<dyn Fn() -> bool + Send + Sync>;

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Looks at the load and does what the scaler decides of it: starts what is missing, ends idle instances, the last
    /// started first. Called every `interval` of the profile's scaling; `now` counts from the scaler's origin. Does nothing once
    /// the pool is [retired](Self::retire).
    ///
    /// Leases start instances of their own where none has a free slot, whatever was decided, unless they are to wait for that.
    pub fn scale(&self, scaler: &mut Scaler, now: Duration) -> Scaled {
        let (active, waiting) = self.0.gate.counts();
        let grace = scaler.grace();
        if self.0.leased.swap(false, Relaxed) {
            scaler.touch(now);
        }
        scaler.set(active + waiting, now);
        let instances = self.0.end_broken();
        let decision = scaler.decide(instances, now);
        let (start, end) = match self.0.retired.load(Relaxed) {
            true => (0, 0),
            false => {
                let spread = instances.saturating_sub(self.0.spread(&decision));
                (decision.start, decision.end.min(spread))
            }
        };
        Scaled {
            instances,
            started: self.0.start_ahead(start),
            ended: self.0.end_idle(end, |slot| {
                slot.used.load(Relaxed) == 0 && slot.spared.holds(now, grace)
            }),
            demanded: self.0.demanded.swap(0, Relaxed),
            decision,
        }
    }

    /// Ends the instance of this [number](super::SlotStats::number) if it is there and nobody leases it; whether it did.
    pub fn end(&self, number: u64) -> bool {
        self.0.end_idle(1, |slot| slot.number != number) == 1
    }

    /// Ends idle instances, now and from now on whenever one becomes idle, nobody waits, and it is not `wanted`: another pool serves
    /// instead. Who leases still, or waits, is served to the end.
    pub fn retire(&self, wanted: Wanted) {
        // Whoever retired it first knows as much.
        let _ = self.0.wanted.set(wanted);
        self.0.retired.store(true, Relaxed);
        self.0.end_idle(u32::MAX, |_| false);
        // Who waits for instances is to wait no longer: nobody adds any.
        self.0.give_places(&self.0.lock());
    }
}

impl<F: Factory> Inner<F> {
    /// Adds so many instances without any lease, unless the pool is retired meanwhile; answers how many.
    pub(super) fn start_ahead(&self, instances: u32) -> u32 {
        for started in 0..instances {
            let slot = Arc::new(self.start(0));
            let mut slots = self.lock();
            // Asked under the lock: whoever retires says so first, and ends what is there under it afterwards.
            if self.retired.load(Relaxed) {
                return started;
            }
            slots.push(slot);
            self.give_places(&slots);
        }
        instances
    }

    /// Ends up to so many of those without any lease that are not spared; answers how many.
    pub(super) fn end_idle(&self, most: u32, spared: impl Fn(&Slot<F::Instance>) -> bool) -> u32 {
        let mut ended = Vec::new();
        let mut slots = self.lock();
        for index in (0..slots.len()).rev() {
            // Raised only under the lock, so one that is idle stays so.
            let slot = &slots[index];
            let is_idle = slot.outstanding.load(Acquire) == 0;
            if ended.len() < most as usize && is_idle && !spared(slot) {
                ended.push(slots.remove(index));
            }
        }
        self.give_places(&slots);
        drop(slots);
        // Ending may take time, which nobody who leases waits for.
        u32::try_from(ended.len()).unwrap_or(u32::MAX)
    }

    /// Ends those that may serve no more and do not; answers how many are left. Otherwise they would stand for instances that are
    /// there, until somebody leases.
    fn end_broken(&self) -> u32 {
        let mut slots = self.lock();
        let (left, broken): (Vec<_>, Vec<_>) = std::mem::take(&mut *slots)
            .into_iter()
            .partition(|slot| slot.outstanding.load(Acquire) > 0 || self.may_serve(slot));
        *slots = left;
        let left = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        self.give_places(&slots);
        drop(slots);
        drop(broken);
        left
    }

    /// How many instances stay as long as the pool is called at all: two calls at once would only start another anew, and wait
    /// for it.
    fn spread(&self, decision: &Decision) -> u32 {
        match self.bounds.on_demand && decision.desired > 0 {
            true => u32::try_from(self.bounds.shards).unwrap_or(u32::MAX),
            false => 0,
        }
    }

    /// Whether an instance that has become idle is of no more use.
    pub(super) fn is_spare(&self) -> bool {
        let wanted = || self.wanted.get().is_some_and(|wanted| wanted());
        self.retired.load(Relaxed) && self.gate.counts().1 == 0 && !wanted()
    }
}
