//! Pools whose instances serve one lease at a time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::gate::{Gate, LeaseError};
use crate::party::Party;
use crate::profile::{Profile, Queue};
use crate::room::Room;
use crate::shard::{Padded, shard};

mod idle;
mod lease;

use idle::Shard;
pub use lease::Lease;

/// Starts instances and knows which of them may serve again.
pub trait Factory: Send + Sync + 'static {
    /// What is leased.
    type Instance: Send + 'static;

    /// Starts an instance. Runs on the leasing thread with a place already taken, so it should be cheap and may not block.
    fn start(&self) -> Self::Instance;

    /// Whether an instance that was given back may serve another lease.
    fn reusable(&self, instance: &Self::Instance) -> bool;

    /// Whether nothing is left in an instance of the leases that it served: they do not count then.
    fn as_new(&self, _instance: &Self::Instance) -> bool {
        false
    }

    /// Whether an instance serves at once; one that is not ready has its leases wait until it is.
    fn ready(&self, _instance: &Self::Instance) -> bool {
        true
    }

    /// How many leases more than another an instance may have and is still preferred, as it costs less to reach from the leasing thread;
    /// none where it does not.
    fn lead(&self, _instance: &Self::Instance) -> Option<u32> {
        None
    }
}

/// The bounds of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Leases at once.
    pub concurrency: u32,
    /// Leases that wait for a place.
    pub queue: Queue,
    /// Leases an instance serves before it ends; 1 keeps none but those that are as new ones.
    pub reuse: u32,
    /// Leases an instance serves at once, in a [`SharedPool`](crate::SharedPool).
    pub slots: u32,
    /// Instances at a time, in a [`SharedPool`](crate::SharedPool): no more leases are given at once than these have slots.
    pub instances: u32,
    /// Whether a lease that finds no free slot starts an instance, in a [`SharedPool`](crate::SharedPool). Otherwise it waits
    /// until the pool is scaled.
    pub on_demand: bool,
    /// Idle instances kept however long they are idle, over all shards.
    pub warm: u32,
    /// Other idle instances end after this long.
    pub idle: Duration,
    /// Parts that keep instances of their own, usually one per core. In a [`SharedPool`](crate::SharedPool), the instances there may
    /// be before leases share one.
    pub shards: usize,
}

/// A pool. Cheap to clone; all clones are one pool.
pub struct Pool<F: Factory>(Arc<Inner<F>>);

/// A pool that is looked at, and not kept, by who holds this.
pub struct WeakPool<F: Factory>(Weak<Inner<F>>);

/// An instance that nobody leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// For how long it has been idle.
    pub idle: Duration,
    /// Leases it served.
    pub used: u32,
}

struct Inner<F: Factory> {
    factory: F,
    bounds: Bounds,
    gate: Gate,
    shards: Box<[Padded<Shard<F::Instance>>]>,
    /// Each idle instance takes some of it.
    room: Arc<Room>,
}

/// What a pool is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Leases held.
    pub active: u32,
    /// Leases waited for.
    pub waiting: u32,
    /// Instances kept ready.
    pub idle: usize,
    /// Instances started since the pool was made.
    pub started: u64,
}

impl<F: Factory> Pool<F> {
    /// Makes a pool without any instance, which may keep idle ones as far as there is `room`.
    #[must_use]
    pub fn new(factory: F, bounds: Bounds, room: Arc<Room>) -> Self {
        let shards = (0..bounds.shards.max(1))
            .map(|_| Padded(Shard::default()))
            .collect();
        Self(Arc::new(Inner {
            factory,
            bounds,
            gate: Gate::new(bounds.concurrency, bounds.queue),
            shards,
            room,
        }))
    }

    /// Leases an instance: an idle one of this thread's shard, most recently used first, else a new one.
    ///
    /// Waits while all places are taken, until the queue's bound or `deadline`: `party` has its turn among those that wait, and its
    /// leases have it in order of arrival. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// Where the queue is full and nobody has a larger part of it, or the wait too long.
    pub async fn lease(&self, deadline: Instant, party: Party) -> Result<Lease<F>, LeaseError> {
        let waited = self.0.gate.enter(deadline, party).await?;
        Ok(Lease::new(
            Arc::clone(&self.0),
            shard() % self.0.shards.len(),
            waited,
        ))
    }

    /// What starts the instances.
    #[must_use]
    pub fn factory(&self) -> &F {
        &self.0.factory
    }

    /// The pool for those who only look at it: it is gone once its last owner and its last lease are.
    #[must_use]
    pub fn downgrade(&self) -> WeakPool<F> {
        WeakPool(Arc::downgrade(&self.0))
    }

    /// The bounds it was made with.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    /// How long that of the leases that are waited for has been which is waited for longest; none where none is.
    #[must_use]
    pub fn oldest_wait(&self) -> Option<Duration> {
        self.0.gate.oldest_wait()
    }

    /// The instances kept ready.
    #[must_use]
    pub fn each_idle(&self) -> Vec<Idle> {
        let of = |shard: &Padded<Shard<_>>| shard.0.each_idle();
        let idle = self.0.shards.iter().flat_map(of);
        idle.map(|(idle, used)| Idle { idle, used }).collect()
    }

    /// Which shards lack warm instances, each as often as it lacks one and there is room for it.
    #[must_use]
    pub fn lacking(&self) -> Vec<usize> {
        if self.0.bounds.reuse <= 1 {
            return Vec::new();
        }
        let lacks = |(index, shard): (usize, &Padded<Shard<_>>)| {
            let lacking = self.0.warm(index).saturating_sub(shard.0.idle());
            std::iter::repeat_n(index, lacking.min(self.0.room.left(index)))
        };
        self.0.shards.iter().enumerate().flat_map(lacks).collect()
    }

    /// Adds a ready instance to a shard, as if it had been leased and given back.
    pub fn add(&self, shard: usize, instance: F::Instance) {
        self.0.give_back(shard % self.0.shards.len(), instance, 0);
    }

    /// Ends instances that have been idle for too long.
    pub fn sweep(&self, now: Instant) {
        for (index, shard) in self.0.shards.iter().enumerate() {
            let expired = shard.0.expired(self.0.warm(index), now, self.0.bounds.idle);
            self.0.room.give_back(index, expired.len());
        }
    }

    /// Ends all idle instances.
    pub fn clear(&self) {
        (0..self.0.shards.len()).for_each(|shard| self.0.clear(shard));
    }

    /// What the pool is doing now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (active, waiting) = self.0.gate.counts();
        let sum = |stats: Stats, shard: &Padded<Shard<_>>| Stats {
            idle: stats.idle + shard.0.idle(),
            started: stats.started + shard.0.started(),
            ..stats
        };
        self.0.shards.iter().fold(
            Stats {
                active,
                waiting,
                ..Stats::default()
            },
            sum,
        )
    }
}

impl<F: Factory> Inner<F> {
    /// How many idle instances a shard keeps: its share of `warm`.
    fn warm(&self, shard: usize) -> usize {
        let (warm, shards) = (self.bounds.warm as usize, self.shards.len());
        warm / shards + usize::from(shard < warm % shards)
    }

    /// Keeps an instance that served `used` leases, or ends it.
    ///
    /// Each shard keeps at most its share of `concurrency`, so that idle instances together stay under it.
    fn give_back(&self, shard: usize, instance: F::Instance, used: u32) {
        let as_new = self.factory.as_new(&instance);
        let keep = (as_new || used < self.bounds.reuse) && self.factory.reusable(&instance);
        if !keep || !self.room.take(shard) {
            return;
        }
        let most = (self.bounds.concurrency as usize).div_ceil(self.shards.len());
        if let Some(left_over) = self.shards[shard].0.put(instance, used, as_new, most) {
            self.room.give_back(shard, 1);
            drop(left_over);
        }
    }

    /// An idle instance of a shard, the one used most recently, and how often it was used.
    fn take(&self, shard: usize) -> Option<(F::Instance, u32)> {
        let taken = self.shards[shard].0.take();
        self.room.give_back(shard, usize::from(taken.is_some()));
        taken
    }

    /// Ends the idle instances of a shard.
    fn clear(&self, shard: usize) {
        let ended = self.shards[shard].0.take_all();
        self.room.give_back(shard, ended.len());
    }
}

impl<F: Factory> Drop for Inner<F> {
    fn drop(&mut self) {
        (0..self.shards.len()).for_each(|shard| self.clear(shard));
    }
}

impl<F: Factory> WeakPool<F> {
    /// The pool, if it is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<Pool<F>> {
        self.0.upgrade().map(Pool)
    }
}

impl<F: Factory> Clone for Pool<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Bounds {
    /// The bounds a profile sets, over `shards` shards.
    #[must_use]
    pub fn of(profile: &Profile, shards: usize) -> Self {
        Self {
            concurrency: profile.concurrency,
            queue: profile.queue,
            reuse: profile.reuse,
            slots: profile.slots,
            instances: profile.scaling.max,
            on_demand: profile.scaling.on_demand,
            warm: profile.warm,
            idle: profile.idle(),
            shards,
        }
    }
}

#[cfg(test)]
mod tests;
