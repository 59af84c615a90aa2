//! The bounds of a store.

use std::time::Duration;

/// How a store is run. Every bound has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Connections that read each database; each has a thread of its own, or a process of PostgreSQL's.
    pub readers: u32,
    /// Bytes of write-ahead log, roughly, after which a database is checkpointed. Larger means that pages which change often
    /// are written and synced less often, at the price of as much disk, and of as much to read after a crash. PostgreSQL does
    /// that by itself; of its records so many are written before the journal is trimmed again.
    pub checkpoint_bytes: u64,
    /// Key-value writes that wait at most; further ones wait outside.
    pub keyvalue_queue: usize,
    /// Bytes of values in key-value writes that wait at most.
    pub keyvalue_queue_bytes: usize,
    /// Key-value writes in one transaction at most.
    pub keyvalue_batch: usize,
    /// Bytes of values after which a transaction takes no further write.
    pub keyvalue_batch_bytes: usize,
    /// Entries of the journal that wait to be written at most; further ones are refused.
    pub journal_queue: usize,
    /// Bytes of entries that wait at most.
    pub journal_queue_bytes: usize,
    /// Entries in one commit at most.
    pub journal_batch: usize,
    /// Bytes after which a commit takes no further entry.
    pub journal_batch_bytes: usize,
    /// Bytes of entries that nobody waits for after which they are committed all the same.
    pub journal_lazy_bytes: usize,
    /// How long such entries wait at most.
    pub journal_lazy_delay: Duration,
    /// How long a commit waits at most for more that are to come, so that fewer syncs serve many. It waits no longer than three commits
    /// take, and not at all while one waits at a time; zero ends all such waits.
    pub journal_linger: Duration,
    /// Bytes of the journal that are trimmed at a time at most, between two commits: as many as take about 0.4 ms.
    pub journal_trim_bytes: usize,
    /// Bytes of committed entries, and of records of express runs, that wait in memory for the records at most. Entries
    /// beyond are read from the journal again, records beyond are dropped.
    pub records_feed_bytes: usize,
    /// Bytes of entries that go into the records in one transaction, roughly.
    pub records_batch_bytes: usize,
    /// How long committed entries wait for more, so that fewer and larger transactions do, unless somebody waits for them.
    pub records_linger: Duration,
    /// Records of open runs that are held in memory at most; further ones are read again.
    pub records_open: usize,
    /// How long a closed run is kept; none keeps it whatever its age.
    pub retention_age: Option<Duration>,
    /// How many closed runs are kept; none keeps any number.
    pub retention_runs: Option<u64>,
    /// Bytes that the records may use before the oldest closed runs are removed; none lets them grow.
    pub retention_bytes: Option<u64>,
    /// How often it is looked whether closed runs are to be removed.
    pub retention_interval: Duration,
    /// Whether the journal and the records are checked page by page when they are opened, which takes about a second for
    /// each gigabyte. PostgreSQL has checks of its own.
    pub check_integrity: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            checkpoint_bytes: 16 << 20,
            keyvalue_queue: 1024,
            keyvalue_queue_bytes: 64 << 20,
            keyvalue_batch: 256,
            keyvalue_batch_bytes: 4 << 20,
            journal_queue: 64 << 10,
            journal_queue_bytes: 64 << 20,
            journal_batch: 4096,
            journal_batch_bytes: 1 << 20,
            journal_lazy_bytes: 256 << 10,
            journal_lazy_delay: Duration::from_millis(50),
            journal_linger: Duration::from_millis(1),
            journal_trim_bytes: 1 << 20,
            records_feed_bytes: 32 << 20,
            records_batch_bytes: 4 << 20,
            records_linger: Duration::from_millis(50),
            records_open: 16 << 10,
            retention_age: Some(Duration::from_secs(30 * 24 * 3600)),
            retention_runs: Some(10_000_000),
            retention_bytes: Some(32 << 30),
            retention_interval: Duration::from_secs(60),
            check_integrity: false,
        }
    }
}
