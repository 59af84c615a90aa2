//! Room for idle instances, shared by pools.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::shard::Padded;

/// How many idle instances many pools may keep altogether: each shard its share, so that cores do not meet here.
///
/// A pool's own bounds say what one pool may keep. Without a common one, pools that were busy once would hold on to
/// instances until there was no memory, and no place, for the calls of others.
#[derive(Debug)]
pub struct Room {
    taken: Box<[Padded<AtomicUsize>]>,
    /// Per shard.
    most: usize,
}

impl Room {
    /// Room for `most` idle instances, at least one a shard, over `shards` shards.
    #[must_use]
    pub fn new(most: usize, shards: usize) -> Self {
        let shards = shards.max(1);
        Self {
            taken: (0..shards).map(|_| Padded::default()).collect(),
            most: (most / shards).max(1),
        }
    }

    /// Takes room for one instance of a shard, if there is any.
    pub(crate) fn take(&self, shard: usize) -> bool {
        let taken = self.of(shard);
        let before = taken.fetch_add(1, Relaxed);
        if before >= self.most {
            taken.fetch_sub(1, Relaxed);
        }
        before < self.most
    }

    /// Gives back the room of so many instances of a shard.
    pub(crate) fn give_back(&self, shard: usize, instances: usize) {
        self.of(shard).fetch_sub(instances, Relaxed);
    }

    /// For how many more instances of a shard there is room.
    pub(crate) fn left(&self, shard: usize) -> usize {
        self.most.saturating_sub(self.of(shard).load(Relaxed))
    }

    fn of(&self, shard: usize) -> &AtomicUsize {
        &self.taken[shard % self.taken.len()].0
    }
}
