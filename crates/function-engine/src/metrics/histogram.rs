//! Durations in fixed buckets, counted without a lock.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Upper bounds in nanoseconds: 10 µs to 10 s, about three per decade; longer durations are counted beyond the last.
const BOUNDS: [u64; 16] = [
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// How often durations fell into each bucket, and their sum.
#[derive(Default)]
pub(super) struct Histogram {
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// The sum of several histograms.
#[derive(Default)]
pub(super) struct Sum {
    counts: [u64; BOUNDS.len() + 1],
    nanos: u64,
}

impl Histogram {
    pub(super) fn observe(&self, duration: Duration) {
        // 584 years fit.
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|&bound| bound < nanos);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos, Relaxed);
    }
}

impl Sum {
    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (sum, count) in self.counts.iter_mut().zip(&histogram.counts) {
            *sum += count.load(Relaxed);
        }
        self.nanos += histogram.nanos.load(Relaxed);
    }

    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanos).as_secs_f64()
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Upper bounds in seconds, the last infinite, each with the count of its own bucket.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS
            .iter()
            .map(|&nanos| Duration::from_nanos(nanos).as_secs_f64());
        bounds
            .chain([f64::INFINITY])
            .zip(self.counts.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Histogram, Sum};

    #[test]
    fn durations_fall_into_their_buckets() {
        let histogram = Histogram::default();
        for micros in [0, 10, 11, 1_000, 60_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let mut sum = Sum::default();
        sum.add(&histogram);
        sum.add(&histogram);
        let filled: Vec<_> = sum
            .buckets()
            .into_iter()
            .filter(|&(_, count)| count > 0)
            .collect();
        assert_eq!(filled, [(1e-5, 4), (2.5e-5, 2), (1e-3, 2), (f64::INFINITY, 2)]);
        assert_eq!(sum.count(), 10);
        assert!((sum.seconds() - 120.002_042).abs() < 1e-9);
    }
}
