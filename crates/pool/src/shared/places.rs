//! How many leases a shared pool gives at once, where leases start no instances of their own.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use tokio::sync::Notify;

use super::{Inner, SharedPool, Slot};
use crate::pool::{Bounds, Factory};

/// How many leases a pool of full size gives at once.
pub(super) fn most(bounds: &Bounds) -> u32 {
    let slots = bounds.instances.saturating_mul(bounds.slots);
    bounds.concurrency.min(slots).max(1)
}

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Rung when a lease has begun to wait in a pool without any instance, where leases start none: whoever scales the pool
    /// should not wait for the next interval then.
    #[must_use]
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.0.bell)
    }
}

impl<F: Factory> Inner<F> {
    /// Whether leases start instances: where they were told to, and where nobody scales the pool any longer.
    pub(super) fn starts_on_demand(&self) -> bool {
        self.bounds.on_demand || self.retired.load(Relaxed)
    }

    /// Has as many leases given at once as the instances have slots, where leases start none. Those that may serve no more count
    /// with the leases that they have.
    pub(super) fn give_places(&self, slots: &[Arc<Slot<F::Instance>>]) {
        if self.bounds.on_demand {
            return;
        }
        let places = |slot: &Arc<Slot<F::Instance>>| match self.may_serve(slot) {
            true => self.bounds.slots,
            false => slot.outstanding.load(Acquire),
        };
        let sum = slots.iter().map(places).fold(0, u32::saturating_add);
        let most = most(&self.bounds);
        let places = if self.starts_on_demand() {
            most
        } else {
            sum.min(most)
        };
        if places != self.gate.limit() {
            self.gate.set_limit(places);
        }
    }

    /// Tells whoever scales the pool of a lease that waits for the first instance.
    pub(super) fn ring(&self) {
        if self.gate.limit() == 0 {
            self.bell.notify_one();
        }
    }
}
