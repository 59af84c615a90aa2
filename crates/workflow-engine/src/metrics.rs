//! Counts what happens: per workflow by handles that runs hold on to, never per run.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

mod export;
mod series;

pub use export::EngineMetrics;
pub(crate) use series::{Attempts, Series, SeriesList};

/// What is counted for the engine as a whole.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Commits that runs waited for.
    pub(crate) commits: AtomicU64,
    /// Nodes whose result was reused.
    pub(crate) cache_hits: AtomicU64,
    /// Nodes that might have reused a result, but there was none.
    pub(crate) cache_misses: AtomicU64,
    /// Runs found at start that cannot be driven, as what is stored of them is damaged.
    pub(crate) damaged: AtomicU64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
