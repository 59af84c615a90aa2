//! Pools whose instances serve several leases at once.

use std::ops::Deref;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::autoscale::{Decision, Scaler};
use crate::balance::choose;
use crate::gate::{Gate, LeaseError};
use crate::pool::{Bounds, Factory, Stats};

/// A pool of instances with counted slots. Cheap to clone; all clones are one pool.
///
/// Where instances have free slots, the next lease goes to one of them by the power of two choices; where none has, an
/// instance is started. Such instances live behind a process boundary, so one short lock per lease does not show.
pub struct SharedPool<F: Factory>(Arc<Inner<F>>)
where
    F::Instance: Sync;

struct Inner<F: Factory> {
    factory: F,
    bounds: Bounds,
    gate: Gate,
    slots: Mutex<Vec<Arc<Slot<F::Instance>>>>,
    started: AtomicU32,
    /// Whether there was a lease since the pool was last scaled.
    leased: AtomicBool,
}

struct Slot<I> {
    instance: I,
    /// Raised only under the lock of `slots`.
    outstanding: AtomicU32,
    /// Leases ever given.
    used: AtomicU32,
}

/// A slot of an instance. Dropping it gives the slot back; an instance that may serve no more ends with its last slot.
pub struct SharedLease<F: Factory>
where
    F::Instance: Sync,
{
    pool: Arc<Inner<F>>,
    slot: Arc<Slot<F::Instance>>,
    waited: Duration,
}

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Makes a pool without any instance.
    #[must_use]
    pub fn new(factory: F, bounds: Bounds) -> Self {
        let slots = bounds.instances.saturating_mul(bounds.slots);
        let gate = Gate::new(bounds.concurrency.min(slots), bounds.queue);
        Self(Arc::new(Inner {
            factory,
            bounds,
            gate,
            slots: Mutex::default(),
            started: AtomicU32::new(0),
            leased: AtomicBool::new(false),
        }))
    }

    /// Leases a slot; waits and fails like [`Pool::lease`](crate::Pool::lease).
    ///
    /// # Errors
    /// Where the queue is full, the wait too long, or the pool draining.
    pub async fn lease(&self, deadline: Instant) -> Result<SharedLease<F>, LeaseError> {
        let waited = self.0.gate.enter(deadline).await?;
        let place = Place(&self.0.gate);
        let slot = self.0.take_slot();
        std::mem::forget(place);
        Ok(SharedLease {
            pool: Arc::clone(&self.0),
            slot,
            waited,
        })
    }

    /// Refuses new leases, serves who waits already, and returns once the last lease was given back.
    pub async fn drain(&self) {
        self.0.gate.close();
        self.0.gate.emptied().await;
        self.0.lock().clear();
    }

    /// Looks at the load and does what the scaler decides of it: starts what is missing, ends idle instances, the last
    /// started first. Called every `interval` of the profile's scaling; `now` counts from the scaler's origin.
    ///
    /// Leases start instances of their own where none has a free slot, whatever was decided.
    pub fn scale(&self, scaler: &mut Scaler, now: Duration) -> Decision {
        let (active, waiting) = self.0.gate.counts();
        if self.0.leased.swap(false, Relaxed) {
            scaler.touch(now);
        }
        scaler.set(active + waiting, now);
        let instances = u32::try_from(self.0.lock().len()).unwrap_or(u32::MAX);
        let decision = scaler.decide(instances, now);
        self.0.start_ahead(decision.start);
        self.0.end_idle(decision.end);
        decision
    }

    /// What the pool is doing now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (active, waiting) = self.0.gate.counts();
        let idle = self
            .0
            .lock()
            .iter()
            .filter(|slot| slot.outstanding.load(Relaxed) == 0)
            .count();
        Stats {
            active,
            waiting,
            idle,
            started: self.0.started.load(Relaxed).into(),
        }
    }
}

/// A place to give back should starting an instance panic.
struct Place<'a>(&'a Gate);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl<F: Factory> Inner<F> {
    fn take_slot(&self) -> Arc<Slot<F::Instance>> {
        self.leased.store(true, Relaxed);
        let mut slots = self.lock();
        slots.retain(|slot| slot.outstanding.load(Acquire) > 0 || self.may_serve(slot));
        if let Some(slot) = self.choose_slot(&slots) {
            slot.outstanding.fetch_add(1, AcqRel);
            slot.used.fetch_add(1, Relaxed);
            return slot;
        }
        let slot = Arc::new(self.start(1));
        slots.push(Arc::clone(&slot));
        slot
    }

    /// A new instance that has so many leases.
    fn start(&self, leases: u32) -> Slot<F::Instance> {
        self.started.fetch_add(1, Relaxed);
        Slot {
            instance: self.factory.start(),
            outstanding: AtomicU32::new(leases),
            used: AtomicU32::new(leases),
        }
    }

    /// Adds so many instances without any lease, unless the pool drains.
    fn start_ahead(&self, instances: u32) {
        for _ in 0..instances {
            let slot = Arc::new(self.start(0));
            let mut slots = self.lock();
            // Asked under the lock: whoever drains closes first, and clears under it afterwards.
            if self.gate.is_closed() {
                return;
            }
            slots.push(slot);
        }
    }

    /// Ends up to so many of those without any lease.
    fn end_idle(&self, most: u32) {
        let mut ended = Vec::new();
        let mut slots = self.lock();
        for index in (0..slots.len()).rev() {
            // Raised only under the lock, so one that is idle stays so.
            if ended.len() < most as usize && slots[index].outstanding.load(Acquire) == 0 {
                ended.push(slots.remove(index));
            }
        }
        drop(slots);
        // Ending may take time, which nobody who leases waits for.
        drop(ended);
    }

    fn choose_slot(&self, slots: &[Arc<Slot<F::Instance>>]) -> Option<Arc<Slot<F::Instance>>> {
        let has_slot = |slot: &&Arc<Slot<F::Instance>>| {
            slot.outstanding.load(Acquire) < self.bounds.slots && self.may_serve(slot)
        };
        let free: Vec<_> = slots.iter().filter(has_slot).collect();
        let outstanding = |index: usize| free[index].outstanding.load(Relaxed);
        choose(free.len(), outstanding, fastrand::u64(..)).map(|index| Arc::clone(free[index]))
    }

    fn may_serve(&self, slot: &Slot<F::Instance>) -> bool {
        slot.used.load(Relaxed) < self.bounds.reuse && self.factory.reusable(&slot.instance)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Slot<F::Instance>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Factory> SharedLease<F>
where
    F::Instance: Sync,
{
    /// How long the lease waited for a place.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl<F: Factory> Deref for SharedLease<F>
where
    F::Instance: Sync,
{
    type Target = F::Instance;

    fn deref(&self) -> &F::Instance {
        &self.slot.instance
    }
}

impl<F: Factory> Drop for SharedLease<F>
where
    F::Instance: Sync,
{
    fn drop(&mut self) {
        let last = self.slot.outstanding.fetch_sub(1, AcqRel) == 1;
        if last && !self.pool.may_serve(&self.slot) {
            self.pool.lock().retain(|slot| !Arc::ptr_eq(slot, &self.slot));
        }
        self.pool.gate.leave();
    }
}

impl<F: Factory> Clone for SharedPool<F>
where
    F::Instance: Sync,
{
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests;
