//! How fast a worker serves.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How long a call waits rather for those before it than be taken to a worker that is talked to on another thread, in microseconds. To wake both threads costs
/// some tens; but calls come in bursts, and what counts is how long a line lasts, not how it looks at a moment.
const WORTH_US: u32 = 300;
/// What a call costs a worker at least, in microseconds.
const LEAST_US: u32 = 10;
/// Each call counts for so much of the average.
const SHARE: u32 = 8;

/// How long a worker takes for each call, on average over the last few.
pub(super) struct Pace(AtomicU32);

impl Default for Pace {
    /// Of a worker that has not shown that it is fast.
    fn default() -> Self {
        Self(AtomicU32::new(WORTH_US + 1))
    }
}

impl Pace {
    /// Notes that a call took so long while there were so many at once.
    pub(super) fn note(&self, took: Duration, at_once: usize) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        let at_once = u32::try_from(at_once).unwrap_or(u32::MAX).max(1);
        let each = u64::from(micros / at_once);
        // Nobody minds that two at once count as one.
        let average = u64::from(self.0.load(Relaxed));
        let average = (average * u64::from(SHARE - 1) + each) / u64::from(SHARE);
        // An average of what fits fits.
        self.0.store(average as u32, Relaxed);
    }

    /// How many calls may be before one in line here, rather than that it goes elsewhere.
    pub(super) fn lead(&self) -> u32 {
        WORTH_US / self.0.load(Relaxed).max(LEAST_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_the_longer_a_line_is_worth_it() {
        let check = |took: u64, at_once: usize, expected: u32| {
            let pace = Pace::default();
            assert_eq!(pace.lead(), 0, "before anything is known");
            (0..100).for_each(|_| pace.note(Duration::from_micros(took), at_once));
            assert_eq!(pace.lead(), expected, "{took} us with {at_once} at once");
        };
        check(0, 1, 30);
        check(320, 32, 30);
        check(150, 1, 2);
        check(400, 4, 3);
        check(1_000, 1, 0);
        check(1_000, 0, 0);
        check(u64::MAX, 1, 0);
    }
}
