//! The right to one instance.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::{Factory, Inner};

/// An instance that nobody else uses. Dropping the lease gives the instance back, or ends it where it has served its share
/// or is not reusable, and then the place.
pub struct Lease<F: Factory> {
    pool: Arc<Inner<F>>,
    /// Taken out only by `drop`.
    instance: Option<F::Instance>,
    used: u32,
    shard: usize,
    waited: Duration,
}

impl<F: Factory> Lease<F> {
    /// Finds or starts an instance for a place that is already taken.
    pub(super) fn new(pool: Arc<Inner<F>>, shard: usize, waited: Duration) -> Self {
        let mut lease = Self {
            pool,
            instance: None,
            used: 0,
            shard,
            waited,
        };
        // The lease exists before anything that could panic, so that the place is given back in any case.
        let (instance, used) = match lease.take_idle() {
            Some(kept) => kept,
            None => {
                lease.pool.shards[shard].0.count_start();
                (lease.pool.factory.start(), 0)
            }
        };
        lease.instance = Some(instance);
        lease.used = used.saturating_add(1);
        lease
    }

    /// Whether the instance was started for this lease.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.used == 1
    }

    /// How long the lease waited for a place.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// An idle instance that may still serve: the factory may have changed its mind since it was given back.
    fn take_idle(&self) -> Option<(F::Instance, u32)> {
        loop {
            let (instance, used) = self.pool.take(self.shard)?;
            if self.pool.factory.reusable(&instance) {
                return Some((instance, used));
            }
        }
    }
}

impl<F: Factory> Deref for Lease<F> {
    type Target = F::Instance;

    fn deref(&self) -> &F::Instance {
        // `new` fills it and only `drop`, after which nobody can ask, takes it out.
        self.instance
            .as_ref()
            .expect("a lease holds its instance until it is dropped")
    }
}

impl<F: Factory> DerefMut for Lease<F> {
    fn deref_mut(&mut self) -> &mut F::Instance {
        // As in `deref`.
        self.instance
            .as_mut()
            .expect("a lease holds its instance until it is dropped")
    }
}

impl<F: Factory> Drop for Lease<F> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.pool.give_back(self.shard, instance, self.used);
        }
        self.pool.gate.leave();
    }
}
