//! How the records are doing.

use std::time::Duration;

/// For metrics and alerts: a moment's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordsGauges {
    /// Committed entries that are not in the records yet.
    pub behind: u64,
    /// How long ago the first of those was committed; exact up to a minute, at least so long beyond.
    pub lag: Duration,
    /// Bytes that wait in memory; beyond a bound they are read from the journal.
    pub waiting_bytes: usize,
    /// Entries that could not be projected since the store was opened. An alert is due.
    pub skipped: u64,
    /// Records of express runs that were dropped since then, as too many waited.
    pub dropped: u64,
    /// Whether nothing is written into them any more until the store is opened again. An alert is due.
    pub ended: bool,
}
