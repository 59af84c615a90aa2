//! A number of bytes that many threads take from and give back to.
//!
//! Nearly every instance is small, lasts for one call and costs microseconds: what all threads write would cost more than it.
//! So each core has some bytes in hand, and small instances take from those. What is beyond the first few megabytes of an
//! instance is taken from the whole, and from a part of it only, so that functions that take all they get leave room for
//! small calls of others.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of an instance that it takes from what its core has in hand.
const SMALL: u64 = 4 << 20;
/// What a core takes into its hand at once. It has up to twice as much there.
const CHUNK: u64 = 4 << 20;
/// What is left for small instances: one part of so many.
const FOR_SMALL: u64 = 8;

/// Bytes for all.
pub(super) struct Budget {
    bound: u64,
    /// Used, or in a hand.
    taken: AtomicU64,
    hands: Box<[Hand]>,
}

/// What a core has taken and not used yet, off the cache lines of the others.
#[derive(Default)]
#[repr(align(128))]
struct Hand(AtomicU64);

impl Budget {
    pub(super) fn new(bound: u64, cores: usize) -> Self {
        Self {
            bound,
            taken: AtomicU64::new(0),
            hands: (0..cores.max(1)).map(|_| Hand::default()).collect(),
        }
    }

    pub(super) fn bound(&self) -> u64 {
        self.bound
    }

    /// What is used. Inexact while others take and give back.
    pub(super) fn used(&self) -> u64 {
        let in_hand: u64 = self.hands.iter().map(|hand| hand.0.load(Relaxed)).sum();
        self.taken.load(Relaxed).saturating_sub(in_hand)
    }

    /// Takes `more` for an instance that has `had`, if there is so much left for it.
    pub(super) fn take(&self, had: u64, more: u64) -> bool {
        match had.saturating_add(more) <= SMALL {
            true => self.take_small(more),
            false => self.take_of(self.bound - self.bound / FOR_SMALL, more),
        }
    }

    /// Gives back all that an instance had.
    pub(super) fn give_back(&self, bytes: u64) {
        let small = bytes.min(SMALL);
        if bytes > small {
            self.taken.fetch_sub(bytes - small, Relaxed);
        }
        let hand = self.hand();
        let left = hand.fetch_add(small, Relaxed) + small;
        if left > 2 * CHUNK && take(hand, left - CHUNK) {
            self.taken.fetch_sub(left - CHUNK, Relaxed);
        }
    }

    fn take_small(&self, bytes: u64) -> bool {
        let hand = self.hand();
        if take(hand, bytes) {
            return true;
        }
        if add(&self.taken, bytes + CHUNK, self.bound) {
            hand.fetch_add(CHUNK, Relaxed);
            return true;
        }
        self.take_of(self.bound, bytes)
    }

    /// Takes from the whole, of which no more than `most` shall be used then; what others have in hand is not used.
    fn take_of(&self, most: u64, bytes: u64) -> bool {
        if add(&self.taken, bytes, most) {
            return true;
        }
        for hand in &self.hands {
            self.taken.fetch_sub(hand.0.swap(0, Relaxed), Relaxed);
        }
        add(&self.taken, bytes, most)
    }

    fn hand(&self) -> &AtomicU64 {
        &self.hands[weft_pool::shard() % self.hands.len()].0
    }
}

/// Takes from `from`, if there is so much.
fn take(from: &AtomicU64, bytes: u64) -> bool {
    let less = |there: u64| there.checked_sub(bytes);
    from.fetch_update(Relaxed, Relaxed, less).is_ok()
}

/// Adds to `to`, unless it were more than `most` then.
fn add(to: &AtomicU64, bytes: u64, most: u64) -> bool {
    let more = |there: u64| there.checked_add(bytes).filter(|sum| *sum <= most);
    to.fetch_update(Relaxed, Relaxed, more).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// What is used of 64 MiB after each take, of what an instance had and wanted more; none where it was refused.
    fn check(takes: &[(u64, u64)], expected: &[Option<u64>]) {
        let budget = Budget::new(64 * MIB, 2);
        let used: Vec<_> = takes
            .iter()
            .map(|(had, more)| {
                let taken = budget.take(had * MIB, more * MIB);
                taken.then(|| budget.used() / MIB)
            })
            .collect();
        assert_eq!(used, expected, "{takes:?}");
    }

    #[test]
    fn an_eighth_is_for_small_instances() {
        check(&[(0, 56), (0, 1)], &[Some(56), Some(57)]);
        check(&[(0, 57)], &[None]);
        check(&[(0, 64)], &[None]);
        check(&[(0, 1), (1, 55), (56, 1)], &[Some(1), Some(56), None]);
        check(
            &[(0, 56), (0, 4), (0, 4), (0, 1)],
            &[Some(56), Some(60), Some(64), None],
        );
        check(&[(3, 1), (3, 2)], &[Some(1), Some(3)]);
        check(&[(u64::MAX / MIB, 1)], &[Some(1)]);
    }

    #[test]
    fn what_is_in_hand_is_not_lost() {
        let budget = Budget::new(64 * MIB, 2);
        // Leaves 4 MiB in hand.
        assert!(budget.take(0, MIB));
        assert!(budget.take(8 * MIB, 55 * MIB), "{}", budget.used());
        assert_eq!(budget.used(), 56 * MIB);
    }

    #[test]
    fn all_that_is_given_back_can_be_taken_again() {
        let budget = Budget::new(64 * MIB, 2);
        for _ in 0..100 {
            for size in [1, 20, 2, 4] {
                assert!(budget.take(0, size * MIB), "{size}");
            }
            for size in [4, 20, 2, 1] {
                budget.give_back(size * MIB);
            }
        }
        assert_eq!(budget.used(), 0);
        assert!(budget.take(0, 56 * MIB));
    }

    #[test]
    fn threads_never_take_more_than_there_is() {
        let budget = Budget::new(16 * MIB, 4);
        let most = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for core in 0..4 {
                let (budget, most) = (&budget, &most);
                scope.spawn(move || {
                    weft_pool::enter_shard(core);
                    for n in 0..2_000 {
                        let size = (n % 7 + 1) * MIB;
                        if budget.take(0, size) {
                            most.fetch_max(budget.taken.load(Relaxed), Relaxed);
                            budget.give_back(size);
                        }
                    }
                });
            }
        });
        assert!(most.into_inner() <= 16 * MIB);
        assert_eq!(budget.used(), 0);
    }
}
