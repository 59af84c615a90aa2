//! Which compiled files are known to be what they were when they were written.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_types::Digest;

/// How many are remembered at least, where there are as many: twice as many at most. One that is forgotten is checked once more.
const MANY: usize = 10_000;

/// Compiled files whose digest was checked since the process started, those that were asked for lately.
#[derive(Default)]
pub(crate) struct Verified(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    now: HashSet<Digest>,
    before: HashSet<Digest>,
}

impl Verified {
    /// Whether it was checked. Who asks keeps it from being forgotten.
    pub(crate) fn contains(&self, digest: Digest) -> bool {
        let mut known = self.lock();
        if !known.now.contains(&digest) && known.before.contains(&digest) {
            known.insert(digest);
        }
        known.now.contains(&digest)
    }

    pub(crate) fn insert(&self, digest: Digest) {
        self.lock().insert(digest);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing that can panic half-way runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, digest: Digest) {
        if self.now.len() >= MANY {
            self.before = std::mem::take(&mut self.now);
        }
        self.now.insert(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_are_remembered_that_are_asked_for() {
        let verified = Verified::default();
        let digest = |number: usize| Digest::of(&number.to_le_bytes());
        for number in 0..5 * MANY {
            assert!(!verified.contains(digest(number)));
            verified.insert(digest(number));
            assert!(verified.contains(digest(0)), "it is asked for all the time");
        }
        assert!(verified.contains(digest(4 * MANY + 1)) && !verified.contains(digest(1)));
        let known = verified.lock();
        assert!(known.now.len() + known.before.len() <= 2 * MANY);
    }
}
