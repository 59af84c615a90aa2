//! The counters of one route and method.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

/// Upper bounds of the histogram's buckets, in seconds.
pub(super) const BOUNDS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0,
];
/// The same in microseconds.
const BOUNDS_MICROS: [u64; 14] = [
    50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 100_000, 500_000, 1_000_000, 5_000_000, 30_000_000,
];

/// Statuses that are counted by themselves; all others are counted as [`OTHER_STATUS`].
const STATUSES: [u16; 30] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415,
    421, 422, 431, 499, 500, 502, 503, 504, 507,
];
const OTHER_STATUS: usize = STATUSES.len();

/// Where each status from 0 to 599 is counted.
const SLOTS: [u8; 600] = slots();

const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];

/// Counts by status, and how long it took.
#[derive(Debug)]
pub(super) struct Series {
    statuses: [AtomicU64; OTHER_STATUS + 1],
    /// Requests by the bucket they fall in; the last one is above every bound.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// Counts by method, made when first needed.
#[derive(Debug, Default)]
pub(super) struct ByMethod([OnceLock<Box<Series>>; METHODS.len()]);

/// A sum over cores.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) statuses: [u64; OTHER_STATUS + 1],
    pub(super) buckets: [u64; BOUNDS.len() + 1],
    pub(super) nanoseconds: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            statuses: std::array::from_fn(|_| AtomicU64::new(0)),
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            nanoseconds: AtomicU64::new(0),
        }
    }
}

impl Series {
    pub(super) fn count(&self, status: StatusCode, took: Duration) {
        let slot = SLOTS
            .get(usize::from(status.as_u16()))
            .map_or(OTHER_STATUS, |&slot| usize::from(slot));
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.partition_point(|&bound| bound * 1000 < nanoseconds);
        self.statuses[slot].fetch_add(1, Ordering::Relaxed);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl ByMethod {
    pub(super) fn get(&self, method: &Method) -> &Series {
        let slot = METHODS.iter().position(|&known| known == method.as_str());
        self.0[slot.unwrap_or(METHODS.len() - 1)].get_or_init(Box::default)
    }

    /// The methods that were asked for at least once.
    pub(super) fn used(&self) -> impl Iterator<Item = (&'static str, &Series)> {
        METHODS
            .iter()
            .zip(&self.0)
            .filter_map(|(name, series)| Some((*name, &**series.get()?)))
    }
}

impl Sum {
    pub(super) fn add(&mut self, series: &Series) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.statuses
            .iter_mut()
            .zip(&series.statuses)
            .for_each(|(sum, counter)| *sum += load(counter));
        self.buckets
            .iter_mut()
            .zip(&series.buckets)
            .for_each(|(sum, counter)| *sum += load(counter));
        self.nanoseconds += load(&series.nanoseconds);
    }

    /// Requests altogether.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The counts of those statuses that were answered.
    pub(super) fn by_status(&self) -> impl Iterator<Item = (String, u64)> {
        let names = STATUSES.iter().map(u16::to_string).chain(["other".to_owned()]);
        names.zip(self.statuses).filter(|&(_, count)| count > 0)
    }
}

const fn slots() -> [u8; 600] {
    let mut slots = [OTHER_STATUS as u8; 600];
    let mut i = 0;
    while i < STATUSES.len() {
        slots[STATUSES[i] as usize] = i as u8;
        i += 1;
    }
    slots
}
