//! Which pools there are.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use weft_pool::{Level, Pool, WeakPool};
use weft_types::VersionRecord;

use super::PoolId;
use crate::deployed::Instances;

/// Every pool, for as long as a version has it or a call is in it. It keeps none.
#[derive(Default)]
pub(crate) struct Roster(Mutex<Listed>);

#[derive(Default)]
struct Listed {
    pools: BTreeMap<PoolId, WeakPool<Instances>>,
    last: u64,
}

/// What a pool is of.
pub(crate) struct About {
    pub(crate) record: Arc<VersionRecord>,
    pub(crate) profile: Box<str>,
    pub(crate) level: Level,
    pub(super) since: Instant,
    /// Whether others serve from now on.
    draining: AtomicBool,
}

impl Roster {
    /// Lists a new pool, and forgets those that are gone.
    pub(crate) fn add(&self, pool: &Pool<Instances>) {
        let about = &pool.factory().about;
        let mut listed = self.listed();
        listed.pools.retain(|_, pool| pool.upgrade().is_some());
        listed.last += 1;
        let id = PoolId {
            project: about.record.project.clone(),
            function: about.record.function.clone(),
            version: about.record.version,
            profile: about.profile.clone(),
            number: listed.last,
        };
        listed.pools.insert(id, pool.downgrade());
    }

    pub(super) fn find(&self, id: &PoolId) -> Option<Pool<Instances>> {
        self.listed().pools.get(id).and_then(WeakPool::upgrade)
    }

    pub(super) fn id_of(&self, pool: &Pool<Instances>) -> Option<PoolId> {
        let about = &pool.factory().about;
        let is = |listed: &WeakPool<Instances>| {
            let listed = listed.upgrade();
            listed.is_some_and(|listed| std::ptr::eq(&listed.factory().about, about))
        };
        let listed = self.listed();
        let mut pools = listed.pools.iter();
        pools.find_map(|(id, pool)| is(pool).then(|| id.clone()))
    }

    /// Those behind an id, in order.
    pub(super) fn behind(&self, after: Option<&PoolId>) -> Vec<(PoolId, Pool<Instances>)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = self.listed();
        let behind = listed.pools.range::<PoolId, _>((start, Bound::Unbounded));
        behind
            .filter_map(|(id, pool)| Some((id.clone(), pool.upgrade()?)))
            .collect()
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        // Nothing that can panic half-way runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl About {
    pub(crate) fn new(record: &Arc<VersionRecord>, profile: &str, level: Level) -> Self {
        Self {
            record: Arc::clone(record),
            profile: profile.into(),
            level,
            since: Instant::now(),
            draining: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }
}
