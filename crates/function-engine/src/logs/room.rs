//! Room for the lines of many logs together.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// How many bytes all logs keep, and how many they may.
pub(crate) struct LogRoom {
    taken: AtomicUsize,
    most: usize,
}

impl LogRoom {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let taken = AtomicUsize::new(0);
        Arc::new(Self { taken, most })
    }

    pub(super) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        !self.has(0)
    }

    /// Whether there is room for so many bytes more.
    pub(super) fn has(&self, bytes: usize) -> bool {
        self.taken.load(Relaxed).saturating_add(bytes) <= self.most
    }
}
