//! Loaded code and the instances it runs in.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::time::Instant;
use weft_pool::{Bounds, Factory, Pool, Room};

use super::warming::{Ended, Told, Warming};
use crate::pools::{About, Roster};
use crate::port::{Code, Instance, Kept, Tier};

/// A version's code and the pool of its instances.
pub(crate) struct Loaded {
    pub(crate) pool: Pool<Instances>,
    /// Whether better code was asked for in the background, so that it is asked for once.
    upgrading: AtomicBool,
    /// How the warming of instances goes.
    warming: Mutex<Warming>,
    /// Whether a call came since the last look at it.
    used: AtomicBool,
    /// Looks in a row that found it unused.
    unused: AtomicU32,
}

/// Starts instances from whichever code is current.
pub(crate) struct Instances {
    pub(crate) about: About,
    current: ArcSwap<Current>,
    /// Of `current`, to tell instances of replaced code.
    generation: AtomicU64,
}

struct Current {
    code: Arc<dyn Code>,
    tier: Tier,
    generation: u64,
}

/// An instance and which code it was started from.
pub(crate) struct Leased {
    pub(crate) instance: Box<dyn Instance>,
    generation: u64,
}

impl Loaded {
    pub(super) fn new(
        about: About,
        (code, tier): (Arc<dyn Code>, Tier),
        bounds: Bounds,
        room: Arc<Room>,
        roster: &Roster,
    ) -> Arc<Self> {
        let current = ArcSwap::from_pointee(Current {
            code,
            tier,
            generation: 0,
        });
        let instances = Instances {
            about,
            current,
            generation: AtomicU64::new(0),
        };
        let pool = Pool::new(instances, bounds, room);
        roster.add(&pool);
        Arc::new(Self {
            pool,
            upgrading: AtomicBool::new(false),
            warming: Mutex::default(),
            used: AtomicBool::new(true),
            unused: AtomicU32::new(0),
        })
    }

    /// Notes that a call came. Once noted it is only read, which cores do side by side.
    pub(crate) fn touch(&self) {
        if !self.used.load(Relaxed) {
            self.used.store(true, Relaxed);
        }
    }

    /// For how many looks in a row, this one included, no call came and none was under way.
    pub(crate) fn look(&self) -> u32 {
        let stats = self.pool.stats();
        let used = self.used.swap(false, Relaxed) || stats.active > 0 || stats.waiting > 0;
        let unused = if used {
            0
        } else {
            self.unused.load(Relaxed).saturating_add(1)
        };
        self.unused.store(unused, Relaxed);
        unused
    }

    /// The tier that would suit this code better.
    pub(crate) fn better_tier(&self) -> Option<Tier> {
        let current = self.pool.factory().current.load();
        match current.tier {
            Tier::Baseline => Some(Tier::Optimized),
            Tier::Optimized if current.code.grows() => Some(Tier::ExplicitBounds),
            Tier::Optimized | Tier::ExplicitBounds => None,
        }
    }

    /// Whether the caller is the one to ask for better code.
    pub(crate) fn begin_upgrade(&self) -> bool {
        !self.upgrading.swap(true, AcqRel)
    }

    pub(crate) fn end_upgrade(&self) {
        self.upgrading.store(false, Release);
    }

    /// Whether the caller is the one to warm instances.
    pub(crate) fn begin_warming(&self, now: Instant) -> bool {
        self.warming().begin(now)
    }

    /// Ends what was begun; answers what is to be told of it.
    pub(crate) fn end_warming(&self, ended: Ended, now: Instant) -> Option<Told> {
        self.warming().end(ended, now)
    }

    fn warming(&self) -> MutexGuard<'_, Warming> {
        self.warming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts an instance outside the pool.
    pub(crate) fn start(&self) -> Leased {
        self.pool.factory().start()
    }

    /// Starts instances from `code` from now on. Those under way end their call where they are.
    pub(crate) fn replace(&self, code: Arc<dyn Code>, tier: Tier) {
        let instances = self.pool.factory();
        let generation = instances.generation.fetch_add(1, AcqRel) + 1;
        let replaced = instances.current.swap(Arc::new(Current {
            code,
            tier,
            generation,
        }));
        self.pool.clear();
        // Whoever waits gets an instance of the new code.
        replaced.code.retire(Box::new(|| false));
    }

    /// Others serve from now on. Who is in the pool, or waits for a place in it, is served to the end.
    pub(crate) fn retire(&self) {
        let instances = self.pool.factory();
        instances.about.drain();
        self.pool.clear();
        let pool = self.pool.downgrade();
        let waits = move || pool.upgrade().is_some_and(|pool| pool.stats().waiting > 0);
        instances.current.load().code.retire(Box::new(waits));
    }
}

impl Instances {
    /// The code that instances are started from now.
    pub(crate) fn code(&self) -> Arc<dyn Code> {
        Arc::clone(&self.current.load().code)
    }

    /// What the level keeps by itself.
    pub(crate) fn kept(&self, usage: bool) -> Option<Kept> {
        self.current.load_full().code.kept(usage)
    }
}

impl Factory for Instances {
    type Instance = Leased;

    fn start(&self) -> Leased {
        let current = self.current.load();
        Leased {
            instance: current.code.instance(),
            generation: current.generation,
        }
    }

    fn reusable(&self, leased: &Leased) -> bool {
        leased.generation == self.generation.load(Acquire)
            && leased.instance.reusable()
            && !self.about.is_draining()
    }

    fn as_new(&self, leased: &Leased) -> bool {
        leased.instance.as_new()
    }
}
