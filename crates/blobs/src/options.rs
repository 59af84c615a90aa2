//! The bounds of a blob store.

use std::time::{Duration, SystemTime};

/// How blobs are kept. Every bound has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of the largest blob. Default 4 GiB.
    pub max_bytes: u64,
    /// Blobs received at once from callers; further ones are refused. Each holds a file and up to 256 KiB. Default 64.
    pub uploads: usize,
    /// Blobs read at once by callers; further ones are refused. Each holds a file and up to 512 KiB. Default 256.
    pub downloads: usize,
    /// Blobs stored or looked up at once, each on a thread; further ones wait. Default 16.
    pub jobs: usize,
    /// Blobs mapped into memory at once. Further ones are read, as a process may have only so many mappings (65,530 usually), and
    /// instances of functions need them, too. Default 4,096.
    pub maps: usize,
    /// Facts remembered of each kind (which blobs were verified, which project has which), about 100 bytes each. What is forgotten is
    /// looked up again. Default 262,144.
    pub remembered: usize,
    /// How long a project sees a blob since it has last stored it, asked for it, or had it kept by whoever collects. Default 24 h.
    pub keep_for: Duration,
    /// Bytes of the local copies of what an object store holds. Default 10 GiB.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 30,
            uploads: 64,
            downloads: 256,
            jobs: 16,
            maps: 4096,
            remembered: 256 << 10,
            keep_for: Duration::from_secs(24 * 3600),
            cache_bytes: 10 << 30,
        }
    }
}

impl Options {
    /// The age from which a blob that is asked for is made young: early enough that it then is kept for at least half as long as
    /// others are.
    pub(crate) fn stale(&self) -> Duration {
        self.keep_for / 2
    }

    /// What is older than this is collected by a collection that has begun then.
    pub(crate) fn oldest(&self, begun: SystemTime) -> SystemTime {
        begun.checked_sub(self.keep_for).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}
