//! How often something may happen: a bucket that fills by itself, in one word of memory.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;

/// How often, on average and at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds between two, on average.
    interval: u64,
    /// How many there may be at once after a while without any.
    burst: u64,
}

/// How far one bucket is used. What is kept is the time at which it will be full again (the generic cell rate algorithm), so that
/// taking from it is one exchange and nothing has to refill it.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU64);

impl Rate {
    /// So many a second, and at once; none where either is 0, which stands for any number.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Option<Self> {
        (per_second > 0 && burst > 0).then(|| Self {
            interval: SECOND / u64::from(per_second),
            burst: u64::from(burst),
        })
    }
}

impl Pace {
    /// Takes one at `now`, in nanoseconds since any fixed time; else tells how long to wait.
    pub(crate) fn take(&self, rate: Rate, now: u64) -> Result<(), Duration> {
        let room = rate.interval.saturating_mul(rate.burst);
        let mut full = self.0.load(Relaxed);
        loop {
            let next = full.max(now).saturating_add(rate.interval);
            let ahead = next - now;
            if ahead > room {
                return Err(Duration::from_nanos(ahead - room));
            }
            match self.0.compare_exchange_weak(full, next, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => full = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// How many of `asked` are granted at a time.
    fn granted(pace: &Pace, rate: Rate, now: u64, asked: usize) -> usize {
        (0..asked).filter(|_| pace.take(rate, now).is_ok()).count()
    }

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let (pace, rate) = (Pace::default(), Rate::new(10, 5).unwrap());
        let start = 7 * SECOND;
        for (at, asked, expected) in [
            (start, 20, 5),
            (start + 99 * MS, 5, 0),
            (start + 100 * MS, 5, 1),
            (start + 350 * MS, 5, 2),
            // The remainder of the half interval is not lost.
            (start + 400 * MS, 5, 1),
            (start + 60 * SECOND, 20, 5),
        ] {
            assert_eq!(granted(&pace, rate, at, asked), expected, "{at}");
        }
    }

    #[test]
    fn who_waits_as_told_is_granted() {
        let (pace, rate) = (Pace::default(), Rate::new(3, 2).unwrap());
        let mut now = SECOND;
        for _ in 0..100 {
            if let Err(wait) = pace.take(rate, now) {
                now += u64::try_from(wait.as_nanos()).unwrap();
                assert_eq!(pace.take(rate, now), Ok(()));
            }
        }
    }

    #[test]
    fn threads_together_get_no_more() {
        let (pace, rate) = (Pace::default(), Rate::new(1, 1000).unwrap());
        let granted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| granted(&pace, rate, SECOND, 700)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(granted, 1000);
    }

    #[test]
    fn nothing_stands_for_any_number() {
        assert_eq!(Rate::new(0, 5), None);
        assert_eq!(Rate::new(5, 0), None);
    }
}
