//! How the journal is doing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// For metrics and alerts: a moment's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalGauges {
    /// Entries that wait to be written.
    pub queued: usize,
    /// Bytes of them.
    pub queued_bytes: usize,
    /// Whether the disk is full: nothing is appended or committed until there is room again. An alert is due.
    pub disk_full: bool,
    /// Whether the database does not answer: nothing is appended or committed until it does. An alert is due.
    pub away: bool,
    /// Runs that are open.
    pub open_runs: usize,
    /// The number of the last row: one a commit.
    pub last_row: u64,
    /// Every row up to this number was trimmed.
    pub trimmed: u64,
    /// Commits since the store was opened.
    pub commits: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// How long they took, summed.
    pub commit_time: Duration,
    /// How long the slowest took.
    pub slowest_commit: Duration,
}

/// Where the writer counts.
#[derive(Debug, Default)]
pub(super) struct Meter {
    commits: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    micros: AtomicU64,
    slowest: AtomicU64,
    pub(super) trimmed: AtomicU64,
}

impl Meter {
    /// At zero, but for the rows that were trimmed before.
    pub(super) fn new(trimmed: u64) -> Self {
        Self {
            trimmed: AtomicU64::new(trimmed),
            ..Self::default()
        }
    }

    /// Counts a commit.
    pub(super) fn committed(&self, entries: usize, bytes: usize, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.slowest.fetch_max(micros, Ordering::Relaxed);
    }

    /// What was counted; the rest is left for others to fill in.
    pub(super) fn read(&self) -> JournalGauges {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        JournalGauges {
            commits: read(&self.commits),
            entries: read(&self.entries),
            bytes: read(&self.bytes),
            commit_time: Duration::from_micros(read(&self.micros)),
            slowest_commit: Duration::from_micros(read(&self.slowest)),
            trimmed: read(&self.trimmed),
            ..JournalGauges::default()
        }
    }
}
