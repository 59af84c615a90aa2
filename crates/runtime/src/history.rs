//! What the last calls of a version had in common.

use std::sync::atomic::{AtomicU16, Ordering};

/// Whether each of the last sixteen calls showed some behaviour. Calls that end at the same moment may count as one.
#[derive(Default)]
pub(crate) struct History(AtomicU16);

impl History {
    /// Adds a call.
    pub(crate) fn record(&self, showed: bool) {
        let last = self.0.load(Ordering::Relaxed);
        let next = last << 1 | u16::from(showed);
        // Versions mostly behave alike from call to call: then no core writes what all read.
        if next != last {
            self.0.store(next, Ordering::Relaxed);
        }
    }

    /// How many of the last sixteen calls showed it.
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn counts_the_last_sixteen() {
        let history = History::default();
        for _ in 0..20 {
            history.record(true);
        }
        assert_eq!(history.count(), 16);
        for _ in 0..10 {
            history.record(false);
        }
        assert_eq!(history.count(), 6);
    }
}
