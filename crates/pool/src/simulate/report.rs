//! What came out of a simulation.

use serde::Serialize;

/// What came out of a simulation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// All calls.
    pub calls: Calls,
    /// The calls of each project of the trace, by name.
    pub projects: std::collections::BTreeMap<String, Calls>,
    /// Instances that were started.
    pub started: u64,
    /// The most instances at a time.
    pub peak: u32,
    /// Instances, starting ones included, summed up over time.
    pub instance_seconds: f64,
    /// What happened over time, in steps of equal length.
    pub moments: Vec<Moment>,
    /// Each decision that wanted another number of instances than the one before: at most [`Report::MAX_CHANGES`].
    pub changes: Vec<Change>,
}

/// What became of calls. Latencies run from the call to its answer, waiting included, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Calls {
    /// How many there were.
    pub made: u64,
    /// How many were answered.
    pub answered: u64,
    /// How many were refused because the queue was full.
    pub refused: u64,
    /// How many waited too long.
    pub timed_out: u64,
    /// The latency that half of those answered do not exceed.
    pub p50_ms: f64,
    /// The latency that 99 of 100 do not exceed.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// A step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// The end of the step, in seconds from the beginning.
    pub second: f64,
    /// Instances at its end.
    pub instances: u32,
    /// Those of them that have calls.
    pub busy: u32,
    /// The most calls that waited in the queue.
    pub queue: u32,
    /// Calls answered.
    pub answered: u64,
    /// Calls refused or waiting too long.
    pub failed: u64,
    /// Median latency of those answered, in milliseconds; 0 where there was none.
    pub p50_ms: f64,
    /// The latency that 99 of 100 do not exceed.
    pub p99_ms: f64,
}

/// A decision that wanted another number of instances.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// When, in seconds from the beginning.
    pub second: f64,
    /// How many are wanted from now on.
    pub desired: u32,
    /// Why.
    pub reason: String,
}

impl Report {
    /// The most steps; where a trace is long, steps are longer than the interval of decisions.
    pub const MAX_MOMENTS: u32 = 2_000;
    /// The most changes that are kept: the first ones.
    pub const MAX_CHANGES: usize = 10_000;
}

/// Counts calls and keeps their latencies, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) made: u64,
    pub(super) refused: u64,
    pub(super) timed_out: u64,
    latencies: Vec<u64>,
}

impl Tally {
    pub(super) fn answered(&mut self, latency: u64) {
        self.latencies.push(latency);
    }

    /// Adds what another one counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.refused += other.refused;
        self.timed_out += other.timed_out;
        self.latencies.extend(&other.latencies);
    }

    pub(super) fn calls(mut self) -> Calls {
        self.latencies.sort_unstable();
        Calls {
            made: self.made,
            answered: self.latencies.len() as u64,
            refused: self.refused,
            timed_out: self.timed_out,
            p50_ms: percentile(&self.latencies, 50),
            p99_ms: percentile(&self.latencies, 99),
            max_ms: percentile(&self.latencies, 100),
        }
    }
}

/// What so many of 100 do not exceed, in milliseconds; 0 where there is nothing.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |&nanos| nanos as f64 / 1e6)
}
