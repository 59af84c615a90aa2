//! The bounds of the platform: what applies where settings say nothing, and what settings may ask for at most.

use std::time::Duration;

use weft_quotas::Accounts;
use weft_types::image::Bounds;

/// The platform's defaults and maxima.
#[derive(Clone, Debug)]
pub struct Config {
    /// Cores that serve calls: warm instances and counters are kept apart per core.
    pub shards: usize,
    /// Largest upload in bytes. Default 64 MiB.
    pub upload_bytes: u64,
    /// Wall time of a call in milliseconds, waiting included. Default 30 s, at most 1 h.
    pub timeout_ms: Bound,
    /// Time a call may execute, in milliseconds. Default 10 s, at most 1 h.
    pub cpu_time_ms: Bound,
    /// Memory of an instance in bytes. Default 256 MiB, at most 4 GiB.
    pub memory_bytes: Bound,
    /// Size of a call's arguments in bytes, as text and as values. Default 16 MiB, at most 256 MiB.
    pub input_bytes: Bound,
    /// Size of a call's result in bytes. Default 16 MiB, at most 256 MiB.
    pub output_bytes: Bound,
    /// Most elements over all lists of a call's arguments. Default 4,000,000.
    pub elements: usize,
    /// Most calls of one function at once; the default is the profile's.
    pub max_concurrency: u32,
    /// Most calls that one instance serves; the default is the profile's.
    pub max_reuse: u32,
    /// How deep functions may call functions. Default 16.
    pub call_depth: u32,
    /// How many calls of functions one call may lead to, over the whole tree. Default 1,000.
    pub call_fan_out: u32,
    /// Idle instances kept ready over all functions, warm ones included; each core has its share. Default 512.
    pub idle_instances: usize,
    /// Versions that stay loaded; beyond, those not called for the longest time are let go of. Default 4,096.
    pub loaded: usize,
    /// How long a version stays loaded without a call. Active versions with warm instances always do. Default 10 min.
    pub loaded_idle: Duration,
    /// What is kept of functions' output.
    pub logs: LogBounds,
    /// Bytes of output kept over all functions, with what keeping it takes. Where that is full, a function that prints
    /// keeps its newest lines only. Default 256 MiB.
    pub log_bytes: usize,
    /// Bytes of output kept over all runs, likewise; each has a log within the same bounds as a function. Where that is full, those
    /// of runs that printed nothing for the longest time go. Default 64 MiB.
    pub run_log_bytes: usize,
    /// Functions with metrics of their own; the others share one series. Default 10,000.
    pub metric_series: usize,
    /// Compiles that wait in the background; more are dropped and asked for again later. Default 256.
    pub background_queue: usize,
    /// How often idle instances are looked at. Default 1 s.
    pub sweep: Duration,
    /// How often rollouts and promotions are looked at. Default 250 ms.
    pub moves_look: Duration,
    /// Instances at most that are started before calls move to where they are. Default 16.
    pub moved_instances: u32,
    /// Instances at most that workflows have started ahead of their calls and not called yet, over all functions. Default 16.
    pub warm_instances: usize,
    /// Versions that a function keeps where its settings do not say; 0 for all. Default 0.
    pub keep_versions: u32,
    /// What projects may use. By default nothing is limited.
    pub accounts: Accounts,
}

/// A bound with a default and the most that settings may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What applies where settings say nothing.
    pub default: u64,
    /// What settings may ask for at most.
    pub max: u64,
}

/// What is kept of the output of a function or a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// Longest line in bytes; the rest is cut off. Default 8 KiB.
    pub line_bytes: usize,
    /// Lines kept of each. Default 10,000.
    pub lines: usize,
    /// Bytes kept of each. Default 4 MiB.
    pub bytes: usize,
    /// Lines kept per invocation; further ones are counted, not kept. Default 1,000.
    pub invocation_lines: u32,
}

impl Config {
    /// The bounds on arguments of at most `bytes` bytes.
    #[must_use]
    pub fn bounds(&self, bytes: u64) -> Bounds {
        Bounds {
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            elements: self.elements,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        const HOUR_MS: u64 = 3_600_000;
        Self {
            shards: std::thread::available_parallelism().map_or(1, usize::from),
            upload_bytes: 64 * MIB,
            timeout_ms: Bound {
                default: 30_000,
                max: HOUR_MS,
            },
            cpu_time_ms: Bound {
                default: 10_000,
                max: HOUR_MS,
            },
            memory_bytes: Bound {
                default: 256 * MIB,
                max: 4096 * MIB,
            },
            input_bytes: Bound {
                default: 16 * MIB,
                max: 256 * MIB,
            },
            output_bytes: Bound {
                default: 16 * MIB,
                max: 256 * MIB,
            },
            elements: 4_000_000,
            max_concurrency: 10_000,
            max_reuse: 1_000_000_000,
            call_depth: 16,
            call_fan_out: 1_000,
            idle_instances: 512,
            loaded: 4_096,
            loaded_idle: Duration::from_secs(600),
            logs: LogBounds::default(),
            log_bytes: 256 << 20,
            run_log_bytes: 64 << 20,
            metric_series: 10_000,
            background_queue: 256,
            sweep: Duration::from_secs(1),
            moves_look: Duration::from_millis(250),
            moved_instances: 16,
            warm_instances: 16,
            keep_versions: 0,
            accounts: Accounts::default(),
        }
    }
}

impl Default for LogBounds {
    fn default() -> Self {
        Self {
            line_bytes: 8 << 10,
            lines: 10_000,
            bytes: 4 << 20,
            invocation_lines: 1_000,
        }
    }
}
