//! Pools whose instances serve several leases at once.

use std::ops::Deref;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::balance::{choose, choose_near};
use crate::gate::{Gate, LeaseError};
use crate::party::Party;
use crate::pool::{Bounds, Factory, Stats};

mod ahead;
mod look;
mod places;
mod scale;
mod spared;

pub use look::SlotStats;
pub use scale::{Scaled, Wanted};
use spared::Spared;

/// A pool of instances with counted slots. Cheap to clone; all clones are one pool.
///
/// Where instances have free slots, the next lease goes to one of them by the power of two choices, of those that are ready if
/// any is; where none has, or all are busy and fewer than [`Bounds::shards`], an instance is started, or the lease waits until the pool is scaled, as
/// [`Bounds::on_demand`] says. Such instances live behind a process boundary, so one short lock per lease does not show.
pub struct SharedPool<F: Factory>(Arc<Inner<F>>)
where
    F::Instance: Sync;

struct Inner<F: Factory> {
    factory: F,
    bounds: Bounds,
    gate: Gate,
    slots: Mutex<Vec<Arc<Slot<F::Instance>>>>,
    started: AtomicU64,
    /// Instances started for a lease since the pool was last scaled.
    demanded: AtomicU32,
    /// Whether what is idle ends at once, as others serve from now on.
    retired: AtomicBool,
    /// Whether there is somebody yet to come to the pool that is retired.
    wanted: OnceLock<Wanted>,
    /// Whether there was a lease since the pool was last scaled.
    leased: AtomicBool,
    bell: Arc<Notify>,
}

struct Slot<I> {
    /// Counts the instances of the pool, from 1.
    number: u64,
    since: Instant,
    instance: I,
    /// Raised only under the lock of `slots`.
    outstanding: AtomicU32,
    /// Leases ever given.
    used: AtomicU32,
    /// When the last lease was given back, in nanoseconds since its start.
    rested: AtomicU64,
    /// Until when it is spared though nobody leases it.
    spared: Spared,
}

/// A slot of an instance. Dropping it gives the slot back; an instance that may serve no more ends with its last slot.
pub struct SharedLease<F: Factory>
where
    F::Instance: Sync,
{
    pool: Arc<Inner<F>>,
    slot: Arc<Slot<F::Instance>>,
    waited: Duration,
    first: bool,
}

impl<F: Factory> SharedPool<F>
where
    F::Instance: Sync,
{
    /// Makes a pool without any instance.
    #[must_use]
    pub fn new(factory: F, bounds: Bounds) -> Self {
        let gate = Gate::new(places::most(&bounds), bounds.queue);
        if !bounds.on_demand {
            // There is none yet.
            gate.set_limit(0);
        }
        Self(Arc::new(Inner {
            factory,
            bounds,
            gate,
            slots: Mutex::default(),
            started: AtomicU64::new(0),
            demanded: AtomicU32::new(0),
            retired: AtomicBool::new(false),
            wanted: OnceLock::new(),
            leased: AtomicBool::new(false),
            bell: Arc::default(),
        }))
    }

    /// Leases a slot; waits and fails like [`Pool::lease`](crate::Pool::lease).
    ///
    /// # Errors
    /// Where the queue is full and nobody has a larger part of it, or the wait too long.
    pub async fn lease(&self, deadline: Instant, party: Party) -> Result<SharedLease<F>, LeaseError> {
        let entered = self.0.gate.enter_or_tell(deadline, party, || self.0.ring());
        let waited = entered.await?;
        let place = Place(&self.0.gate);
        let (slot, first) = self.0.take_slot();
        std::mem::forget(place);
        Ok(SharedLease {
            pool: Arc::clone(&self.0),
            slot,
            waited,
            first,
        })
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
            started: self.0.started.load(Relaxed),
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
    /// A slot, and whether it is the first that is leased of its instance.
    fn take_slot(&self) -> (Arc<Slot<F::Instance>>, bool) {
        self.leased.store(true, Relaxed);
        let mut slots = self.lock();
        let chosen = if self.spreads(&slots) {
            None
        } else {
            self.draw_slot(&slots).or_else(|| {
                // All are looked at only where those that were drawn are full.
                slots.retain(|slot| slot.outstanding.load(Acquire) > 0 || self.may_serve(slot));
                self.choose_slot(&slots)
            })
        };
        if let Some(slot) = chosen {
            slot.outstanding.fetch_add(1, AcqRel);
            let first = slot.used.fetch_add(1, Relaxed) == 0;
            return (slot, first);
        }
        // Where leases start none, one has just ended that this place was a slot of.
        let slot = Arc::new(self.start(1));
        self.demanded.fetch_add(1, Relaxed);
        slots.push(Arc::clone(&slot));
        self.give_places(&slots);
        (slot, true)
    }

    /// A new instance that has so many leases.
    fn start(&self, leases: u32) -> Slot<F::Instance> {
        Slot {
            number: self.started.fetch_add(1, Relaxed) + 1,
            since: Instant::now(),
            instance: self.factory.start(),
            outstanding: AtomicU32::new(leases),
            used: AtomicU32::new(leases),
            rested: AtomicU64::new(0),
            spared: Spared::default(),
        }
    }

    /// Whether another instance is better than a share of one: all are busy, and there are fewer than cores. One that has not
    /// served yet may turn out not to be able to, and another neither.
    fn spreads(&self, slots: &[Arc<Slot<F::Instance>>]) -> bool {
        let most = self.bounds.shards.min(self.bounds.instances as usize);
        let is_busy = |slot: &Arc<Slot<F::Instance>>| {
            let outstanding = slot.outstanding.load(Acquire);
            outstanding > 0 && slot.used.load(Relaxed) > outstanding && self.may_serve(slot)
        };
        slots.len() < most
            && !slots.is_empty()
            && self.bounds.on_demand
            && !self.retired.load(Relaxed)
            && slots.iter().all(is_busy)
    }

    /// The nearer or less busy of two that are drawn from all, if it is ready and has a free slot: what [`Self::choose_slot`] comes to as a
    /// rule, without looking at every instance.
    fn draw_slot(&self, slots: &[Arc<Slot<F::Instance>>]) -> Option<Arc<Slot<F::Instance>>> {
        let serves = |slot: &Slot<F::Instance>| self.has_slot(slot) && self.factory.ready(&slot.instance);
        let outstanding = |index: usize| match serves(&slots[index]) {
            true => slots[index].outstanding.load(Relaxed),
            false => u32::MAX,
        };
        let lead = |index: usize| self.factory.lead(&slots[index].instance);
        let drawn = choose_near(slots.len(), outstanding, lead, fastrand::u64(..))?;
        serves(&slots[drawn]).then(|| Arc::clone(&slots[drawn]))
    }

    fn choose_slot(&self, slots: &[Arc<Slot<F::Instance>>]) -> Option<Arc<Slot<F::Instance>>> {
        let mut free: Vec<_> = slots.iter().filter(|slot| self.has_slot(slot)).collect();
        // Who could be served at once does not wait for a start.
        let is_ready = |slot: &&Arc<Slot<F::Instance>>| self.factory.ready(&slot.instance);
        if free.iter().any(is_ready) {
            free.retain(is_ready);
        }
        let outstanding = |index: usize| free[index].outstanding.load(Relaxed);
        choose(free.len(), outstanding, fastrand::u64(..)).map(|index| Arc::clone(free[index]))
    }

    fn has_slot(&self, slot: &Slot<F::Instance>) -> bool {
        slot.outstanding.load(Acquire) < self.bounds.slots && self.may_serve(slot)
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

    /// Whether it is the first of its instance.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.first
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
        self.slot.rest();
        let last = self.slot.outstanding.fetch_sub(1, AcqRel) == 1;
        let may_serve = self.pool.may_serve(&self.slot);
        if last && !may_serve {
            self.pool.lock().retain(|slot| !Arc::ptr_eq(slot, &self.slot));
        } else if last && self.pool.is_spare() {
            // Others may have been kept for those who have come since.
            self.pool.end_idle(u32::MAX, |_| false);
        }
        if !may_serve {
            self.pool.give_places(&self.pool.lock());
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
