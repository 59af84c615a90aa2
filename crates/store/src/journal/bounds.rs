//! How much may wait, and how long.

use std::time::Duration;

use crate::options::Options;

/// The bounds of the queue and of a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Entries that wait at most.
    pub(super) queue: usize,
    /// Bytes that wait at most.
    pub(super) queue_bytes: usize,
    /// Entries in one commit at most.
    pub(super) batch: usize,
    /// Bytes after which a commit takes no further entry.
    pub(super) batch_bytes: usize,
    /// Bytes that nobody waits for after which they are committed all the same.
    pub(super) lazy_bytes: usize,
    /// How long those wait at most.
    pub(super) lazy_delay: Duration,
    /// How long the writer waits for more at most while it has something to write.
    pub(super) linger: Duration,
    /// Bytes that are trimmed at a time.
    pub(super) trim_bytes: usize,
}

/// The longest entry, in bytes; SQLite takes a gigabyte in a row.
pub(super) const MAX_ENTRY: usize = 512 << 20;

impl Bounds {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            queue: options.journal_queue.max(1),
            queue_bytes: options.journal_queue_bytes,
            batch: options.journal_batch.max(1),
            batch_bytes: options.journal_batch_bytes,
            lazy_bytes: options.journal_lazy_bytes,
            lazy_delay: options.journal_lazy_delay,
            linger: options.journal_linger,
            trim_bytes: options.journal_trim_bytes,
        }
    }
}
