//! How many instances a pool has: the bounds, the windows and the rates of its autoscaler.

use std::time::Duration;

/// How many instances a pool has. Percentages and factors are whole numbers, so that profiles compare exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// Instances there always are, 0 to `max`. Default 0.
    pub min: u32,
    /// The most instances, 1 to [`Profile::MAX_CONCURRENCY`](super::Profile::MAX_CONCURRENCY). Default: what the
    /// profile's `concurrency` needs.
    pub max: u32,
    /// Instances a new pool starts with and keeps for the first `grace`, 0 to `max`. Default 0.
    pub initial: u32,
    /// Whether a call that finds no free slot starts an instance at once, up to `max`. Otherwise it waits until a
    /// decision adds one. Default true.
    pub on_demand: bool,
    /// How much of the slots should be busy, in percent, 1 to 100. Default 70.
    pub target_percent: u32,
    /// Milliseconds over which load is averaged, 1,000 to 3,600,000. Default 60,000.
    pub stable_ms: u64,
    /// Milliseconds over which a surge is averaged, a hundredth of `stable_ms` to all of it. Default 6,000.
    pub panic_ms: u64,
    /// A surge is load over the panic window of at least this much of what the instances should carry, in percent,
    /// 101 to 1,000. Default 200.
    pub panic_percent: u32,
    /// One decision makes of `n` instances at most this many times `n`, 2 to 1,000. Default 10.
    pub up_factor: u32,
    /// One decision leaves of `n` instances at least `n` divided by this, 2 to 1,000. Default 2.
    pub down_factor: u32,
    /// Milliseconds between decisions, 100 to 60,000. Default 1,000.
    pub interval_ms: u64,
    /// A pool without any call for so many milliseconds goes down to `min` at once. Default 60,000.
    pub grace_ms: u64,
    /// After the second crash in a row the next start waits so many milliseconds, and twice as long after each further
    /// one. Default 100.
    pub restart_ms: u64,
    /// The longest such wait in milliseconds. Default 60,000.
    pub restart_most_ms: u64,
}

impl Scaling {
    /// The shortest and the longest `stable-ms`: a second and an hour.
    pub const STABLE_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;
    /// The least and the most of `interval-ms`.
    pub const INTERVAL_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
    /// `panic-ms` is at least this part of `stable-ms`, which bounds what the windows remember.
    pub const PANIC_PART: u64 = 100;
    /// The largest `up-factor` and `down-factor`.
    pub const MAX_FACTOR: u32 = 1_000;

    /// The window over which load is averaged.
    #[must_use]
    pub fn stable(&self) -> Duration {
        Duration::from_millis(self.stable_ms)
    }

    /// The window over which a surge is averaged.
    #[must_use]
    pub fn panic(&self) -> Duration {
        Duration::from_millis(self.panic_ms)
    }

    /// The time between decisions.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }

    /// How long a pool without calls keeps instances above `min`.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            min: 0,
            max: 512,
            initial: 0,
            on_demand: true,
            target_percent: 70,
            stable_ms: 60_000,
            panic_ms: 6_000,
            panic_percent: 200,
            up_factor: 10,
            down_factor: 2,
            interval_ms: 1_000,
            grace_ms: 60_000,
            restart_ms: 100,
            restart_most_ms: 60_000,
        }
    }
}
