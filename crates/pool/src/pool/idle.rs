//! The idle instances of one shard.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What one core keeps. Its lock is taken by that core alone, but for sweeps and leases given back elsewhere.
pub(super) struct Shard<I> {
    idle: Mutex<Vec<Idle<I>>>,
    started: AtomicU64,
}

struct Idle<I> {
    instance: I,
    used: u32,
    since: Instant,
    as_new: bool,
}

/// Most instances that are as new ones which a core keeps of a pool: they save starts while calls come often, and take room from those that are
/// dear to start.
const MOST_AS_NEW: usize = 8;
/// How long they are kept at most.
const AS_NEW: Duration = Duration::from_secs(1);

impl<I> Shard<I> {
    pub(super) fn count_start(&self) {
        self.started.fetch_add(1, Relaxed);
    }

    pub(super) fn started(&self) -> u64 {
        self.started.load(Relaxed)
    }

    pub(super) fn idle(&self) -> usize {
        self.lock().len()
    }

    /// How long each instance has been idle, and how many leases it served.
    pub(super) fn each_idle(&self) -> Vec<(Duration, u32)> {
        let idle = self.lock();
        idle.iter()
            .map(|idle| (idle.since.elapsed(), idle.used))
            .collect()
    }

    /// The instance used most recently, whose memory is the warmest, and how often it was used.
    pub(super) fn take(&self) -> Option<(I, u32)> {
        self.lock().pop().map(|idle| (idle.instance, idle.used))
    }

    /// Keeps an instance, or gives it back where `most` are kept already, or enough that are as new ones, as it is.
    pub(super) fn put(&self, instance: I, used: u32, as_new: bool, most: usize) -> Option<I> {
        let mut idle = self.lock();
        if idle.len() >= most || (as_new && idle.iter().filter(|idle| idle.as_new).count() >= MOST_AS_NEW) {
            return Some(instance);
        }
        idle.push(Idle {
            instance,
            used,
            since: Instant::now(),
            as_new,
        });
        None
    }

    /// Takes out those idle for longer than `limit`, or a second where they are as new ones, the longest idle first, as long as `warm` stay. They are given back
    /// so that they end outside the lock.
    pub(super) fn expired(&self, warm: usize, now: Instant, limit: Duration) -> Vec<impl Sized + use<I>> {
        let mut idle = self.lock();
        let most = idle.len().saturating_sub(warm);
        // Pushed and popped at the end only, so those idle longest come first.
        let expired = idle
            .iter()
            .take(most)
            .take_while(|idle| {
                let limit = if idle.as_new { limit.min(AS_NEW) } else { limit };
                now.duration_since(idle.since) >= limit
            })
            .count();
        idle.drain(..expired).collect()
    }

    pub(super) fn take_all(&self) -> Vec<impl Sized + use<I>> {
        std::mem::take(&mut *self.lock())
    }

    /// Nothing that can panic runs under the lock, so a poisoned one holds a list in order.
    fn lock(&self) -> MutexGuard<'_, Vec<Idle<I>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I> Default for Shard<I> {
    fn default() -> Self {
        Self {
            idle: Mutex::default(),
            started: AtomicU64::new(0),
        }
    }
}
