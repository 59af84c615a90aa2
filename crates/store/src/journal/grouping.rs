//! Whether the writer waits a moment for more to come, so that one sync serves many. No clock, no lock: those are the queue's.
//!
//! Those who were just told of their commit tend to come again: a client sends its next request, a run starts its next node. A
//! writer that takes the first of them at once syncs for a few each time; one that waits for the others as long as four syncs
//! take needs a quarter as many or fewer, and whoever waits does so for four syncs' time at most. Nothing waits where there was one
//! alone, as with a single client, nor once those who were told have had their time.

use std::time::{Duration, Instant};

/// The weight of the latest commit in the mean of how long they take: one in so many.
const WEIGHT: u32 = 8;
/// How many times as long as a commit takes the writer waits: runs share the cores with what they wait for, and with one time
/// only the quickest few of 64 clients are back. With three times, 64 clients share a sync among seven where a commit takes as long as
/// two runs, and among five where processors are half as fast beside the same disk.
const PATIENCE: u32 = 4;

/// What the last commits were like.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    /// How long a commit takes, smoothed.
    took: Duration,
    /// When the last one ended.
    ended: Option<Instant>,
    /// How many are expected to wait before the next one begins.
    expected: usize,
}

impl Grouping {
    /// Takes note of a commit that took so long, after which `served` were told, and `left` wait who came meanwhile.
    pub(super) fn committed(&mut self, ended: Instant, took: Duration, served: usize, left: usize) {
        self.took = match self.ended {
            None => took,
            Some(_) => (self.took * (WEIGHT - 1) + took) / WEIGHT,
        };
        self.ended = Some(ended);
        self.expected = if served > 1 { served + left } else { 0 };
    }

    /// Until when the writer waits for more than those who wait; none where it is to begin at once. At most four times as long
    /// as a commit takes, and as `bound`, from the end of the last one.
    pub(super) fn until(&self, waiting: usize, bound: Duration) -> Option<Instant> {
        let ended = self.ended.filter(|_| waiting < self.expected)?;
        Some(ended + (self.took * PATIENCE).min(bound))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUND: Duration = Duration::from_millis(1);

    fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn it_waits_for_those_who_come_again() {
        let start = Instant::now();
        // How long the commit took, how many it served and left, how many wait; how long they wait at most.
        let table = [
            ("nobody was there but one", (200, 1, 0), 1, None),
            ("two that take turns", (200, 1, 1), 1, None),
            ("lazy entries alone", (200, 0, 0), 1, None),
            ("one of two is back", (200, 2, 0), 1, Some(800)),
            ("both are", (200, 2, 0), 2, None),
            ("others came meanwhile", (200, 3, 4), 6, Some(800)),
            ("all are there", (200, 3, 4), 7, None),
            ("more than that", (200, 3, 4), 9, None),
            ("a slow disk", (20_000, 30, 30), 30, Some(1000)),
        ];
        for (what, (took, served, left), waiting, expected) in table {
            let mut grouping = Grouping::default();
            assert_eq!(grouping.until(waiting, BOUND), None, "before the first commit");
            grouping.committed(start, micros(took), served, left);
            let until = grouping.until(waiting, BOUND);
            assert_eq!(until.map(|until| until - start), expected.map(micros), "{what}");
        }
    }

    #[test]
    fn one_slow_commit_does_not_make_the_next_wait_as_long() {
        let (mut grouping, start) = (Grouping::default(), Instant::now());
        for _ in 0..20 {
            grouping.committed(start, micros(100), 4, 0);
        }
        grouping.committed(start, micros(900), 4, 0);
        assert_eq!(grouping.until(1, BOUND), Some(start + micros(800)));
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_one_client_never_waits(
            commits in prop::collection::vec((0_u64..100_000, 0_usize..100, 0_usize..100), 1..50),
            waiting in 1_usize..200,
            bound in 0_u64..5000,
        ) {
            let (mut grouping, start) = (Grouping::default(), Instant::now());
            let longest = commits.iter().map(|(took, ..)| *took).max().unwrap_or_default();
            for &(took, served, left) in &commits {
                grouping.committed(start, micros(took), served, left);
            }
            if let Some(until) = grouping.until(waiting, micros(bound)) {
                prop_assert!(until - start <= micros(bound.min(longest * u64::from(PATIENCE))));
                let &(_, served, left) = commits.last().unwrap();
                prop_assert!(waiting < served + left);
            }
            grouping.committed(start, micros(100), 1, 0);
            prop_assert_eq!(grouping.until(1, micros(bound)), None);
        }
    }
}
