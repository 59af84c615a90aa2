//! How much is done at a time, so that whatever else wants the disk is never held up for long.

use std::time::{Duration, Instant};

/// An amount that follows how long it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    amount: usize,
    most: usize,
    wanted: Duration,
}

/// The part of the most that is done at least, and first.
const LEAST: usize = 16;

impl Pace {
    /// At most `most` at a time, as long as that takes about `wanted`.
    pub(crate) fn new(most: usize, wanted: Duration) -> Self {
        Self {
            amount: (most / LEAST).max(1),
            most: most.max(1),
            wanted,
        }
    }

    /// How much to do next, at least one.
    pub(crate) fn amount(&self) -> usize {
        self.amount
    }

    /// Takes note that as much as that took so long. One measurement changes the amount by no more than a factor of two.
    pub(crate) fn took(&mut self, took: Duration) {
        let share = self.wanted.as_secs_f64() / took.as_secs_f64().max(1e-9);
        let fits = (self.amount as f64 * share.clamp(0.5, 2.0)).ceil() as usize;
        self.amount = fits.clamp((self.most / LEAST).max(1), self.most);
    }
}

/// Leaves the core to others now and then, in work that takes long and that nobody waits for. A thread that wakes up on a core
/// where somebody is at work may have to wait for milliseconds, though another core is idle.
#[derive(Debug)]
pub(crate) struct Courtesy {
    since: Instant,
}

/// How long it goes on before it does.
const PORTION: Duration = Duration::from_micros(100);

impl Courtesy {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// To be called between two pieces of the work.
    pub(crate) fn extend(&mut self) {
        if self.since.elapsed() >= PORTION {
            std::thread::yield_now();
            self.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Duration = Duration::from_millis(2);

    /// The amount after many turns, where one takes so long.
    fn settled(most: usize, one: Duration) -> usize {
        let mut pace = Pace::new(most, WANTED);
        for _ in 0..50 {
            pace.took(one * u32::try_from(pace.amount()).unwrap());
        }
        pace.amount()
    }

    #[test]
    fn the_amount_follows_the_time_it_takes() {
        for (one, expected) in [(1, 500), (4, 500), (10, 200), (20, 100), (40, 50), (1000, 31)] {
            let amount = settled(500, Duration::from_micros(one));
            assert!(
                amount.abs_diff(expected) <= 1,
                "{one} µs each: {amount} for {expected}"
            );
        }
        assert_eq!(settled(500, Duration::ZERO), 500);
        assert_eq!(settled(1, Duration::from_secs(1)), 1);
        assert_eq!(settled(0, Duration::ZERO), 1);
    }

    #[test]
    fn one_slow_turn_halves_it() {
        let mut pace = Pace::new(500, WANTED);
        assert_eq!(pace.amount(), 31);
        pace.took(Duration::ZERO);
        assert_eq!(pace.amount(), 62);
        pace.took(Duration::from_secs(1));
        assert_eq!(pace.amount(), 31);
    }
}
