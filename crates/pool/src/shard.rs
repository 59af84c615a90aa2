//! Which shard the current thread belongs to.

use std::cell::Cell;

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(0) };
}

/// Says that this thread is core `shard`: what it leases comes from, and goes back to, that core's instances. Called once
/// when the thread starts; a thread that never calls it belongs to shard 0.
pub fn enter_shard(shard: usize) {
    SHARD.set(shard);
}

/// The shard of this thread. May exceed the number of shards of a pool, which then wraps around.
#[must_use]
pub fn shard() -> usize {
    SHARD.get()
}

/// Keeps what one core writes off the cache lines of the others.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);
