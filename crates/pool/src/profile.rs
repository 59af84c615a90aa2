//! Pool profiles: named files that say at which level instances run, how many calls they serve and how many may wait.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

mod choice;
mod error;
mod read;
mod scaling;

pub use choice::{Choice, Needs, Unmet, choose, labels};
pub use error::ProfileError;
pub use scaling::Scaling;

/// How a pool is bounded and how its instances live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What separates instances from each other and from the host.
    pub level: Level,
    /// What versions and runs may ask for it by: at most [`Profile::MAX_LABELS`], each a name.
    pub labels: BTreeSet<String>,
    /// Memory that an instance may have, in bytes, whatever its version's settings allow; none leaves it to those.
    pub memory_bytes: Option<u64>,
    /// Processor time that an instance may use of each second, in thousandths of a core; none leaves it as much as there is.
    pub cpu_millis: Option<u64>,
    /// How long a call may take, waiting included, in milliseconds, whatever its version's settings allow; none leaves it to those.
    pub timeout_ms: Option<u64>,
    /// Processes and threads of an instance; none leaves it to the platform.
    pub pids: Option<u64>,
    /// Files that an instance may have open at once; none leaves it to the platform.
    pub open_files: Option<u64>,
    /// Calls at once over the whole pool, 1 to [`Profile::MAX_CONCURRENCY`]. Default 512.
    pub concurrency: u32,
    /// Calls that wait for a place.
    pub queue: Queue,
    /// Calls an instance serves before it is replaced; 1 gives each call a fresh one. Default 1.
    pub reuse: u32,
    /// Calls an instance serves at once. More than 1 needs a level whose instances take that. Default 1.
    pub slots: u32,
    /// Idle instances kept ready however long they are idle; needs `reuse` above 1. Default 0.
    pub warm: u32,
    /// Idle instances above `warm` end after this many milliseconds. Default 60,000.
    pub idle_ms: u64,
    /// How many instances there are. At the level of sandboxes it follows from the members above.
    pub scaling: Scaling,
}

/// What separates instances from each other and from the host, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A store of its own within the server's process.
    #[default]
    Sandbox,
    /// A hardened process.
    Process,
    /// A container.
    Container,
}

/// The calls that wait for a place in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How many may wait; the next one is refused. Default 1,024.
    pub length: u32,
    /// How long each waits at most, in milliseconds. Default 5,000.
    pub wait_ms: u64,
}

impl Profile {
    /// The largest `concurrency`.
    pub const MAX_CONCURRENCY: u32 = 100_000;
    /// Most labels.
    pub const MAX_LABELS: usize = 16;
    /// The longest name of a profile or label, in bytes.
    pub const MAX_NAME: usize = 63;
    /// The least and the most of `memory-bytes`: 64 KiB and a tebibyte.
    pub const MEMORY_BYTES: std::ops::RangeInclusive<u64> = 64 << 10..=1 << 40;
    /// The least and the most of `cpu-millis`: a hundredth of a core and a thousand cores.
    pub const CPU_MILLIS: std::ops::RangeInclusive<u64> = 10..=1_000_000;
    /// The least and the most of `timeout-ms`: a millisecond and a day.
    pub const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 1..=Self::MAX_MS;
    /// The least and the most of `pids`: a container takes as many until its worker serves.
    pub const PIDS: std::ops::RangeInclusive<u64> = 4..=4_096;
    /// The least and the most of `open-files`: a worker itself takes some.
    pub const OPEN_FILES: std::ops::RangeInclusive<u64> = 32..=65_536;
    /// The longest queue.
    pub const MAX_QUEUE: u32 = 1_000_000;
    /// The longest `wait-ms` and `idle-ms`: a day.
    pub const MAX_MS: u64 = 86_400_000;

    /// Reads a profile from the text of its file, which is called `name` in errors.
    ///
    /// # Errors
    /// Where the text is not TOML, has unknown or wrong members, or values that do not go together: with line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        read::parse(name, text)
    }

    /// Reads every `*.toml` of a directory; the name of a profile is its file's without the ending.
    ///
    /// # Errors
    /// Where the directory or a file cannot be read, is not a profile or has no valid name.
    pub fn read_dir(directory: &Path) -> Result<BTreeMap<String, Self>, ProfileError> {
        read::read_dir(directory)
    }

    /// Whether a text can name a profile, or a label of one: lower-case letters, digits and inner hyphens, beginning with a letter.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        text.len() <= Self::MAX_NAME
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(allowed)
            && !text.ends_with('-')
    }

    /// How long an instance above `warm` may be idle.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms)
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            level: Level::default(),
            labels: BTreeSet::new(),
            memory_bytes: None,
            cpu_millis: None,
            timeout_ms: None,
            pids: None,
            open_files: None,
            concurrency: 512,
            queue: Queue::default(),
            reuse: 1,
            slots: 1,
            warm: 0,
            idle_ms: 60_000,
            scaling: Scaling::default(),
        }
    }
}

impl Queue {
    /// How long a call waits at most.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    /// How long it waits with so many ahead of it: behind all others of a full queue an eighth less than [`wait`](Self::wait). So those that came
    /// together do not give up together, which would hold up all that their core serves.
    #[must_use]
    pub fn patience(&self, ahead: u32) -> Duration {
        let eighth = self.wait() / 8;
        let length = self.length.max(1);
        self.wait() - eighth.mul_f64(f64::from(ahead.min(length)) / f64::from(length))
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            length: 1024,
            wait_ms: 5_000,
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sandbox => "sandbox",
            Self::Process => "process",
            Self::Container => "container",
        })
    }
}

#[cfg(test)]
mod tests;
