//! Instances that are there before leases come for them.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::SharedPool;
use crate::pool::Factory;

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Sees to it that `wanted` instances have a free slot: starts what is missing, as far as there may be so many, and hands each
    /// that it started to `started`. Answers how many those were. What is not leased goes after the
    /// grace of who scales the pool. Nothing is
    /// started once the pool is [retired](Self::retire).
    pub fn ahead(&self, wanted: u32, mut started: impl FnMut(&F::Instance)) -> u32 {
        let pool = &self.0;
        pool.leased.store(true, Relaxed);
        let mut slots = pool.lock();
        // Asked under the lock: whoever retires says so first, and ends what is there under it afterwards.
        if pool.retired.load(Relaxed) {
            return 0;
        }
        slots.retain(|slot| slot.outstanding.load(Acquire) > 0 || pool.may_serve(slot));
        let is_free = |slot: &&Arc<_>| {
            let slot: &super::Slot<F::Instance> = slot;
            slot.outstanding.load(Acquire) < pool.bounds.slots && pool.may_serve(slot)
        };
        let free = slots.iter().filter(is_free).count();
        let room = (pool.bounds.instances as usize).saturating_sub(slots.len());
        let missing = (wanted as usize).saturating_sub(free).min(room);
        for _ in 0..missing {
            let slot = Arc::new(pool.start(0));
            slot.spared.begin();
            started(&slot.instance);
            slots.push(slot);
        }
        pool.give_places(&slots);
        u32::try_from(missing).unwrap_or(u32::MAX)
    }
}
