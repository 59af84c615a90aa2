//! What is counted per workflow.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use weft_types::{FunctionName, ProjectName, RunStatus};

/// The counters of one workflow, or of all those beyond the bound on series.
#[derive(Debug)]
pub(crate) struct Series {
    /// Runs that are in each state now, or have ended in it.
    pub(super) runs: [AtomicI64; STATES.len()],
    pub(super) attempts: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) failures: AtomicU64,
    /// Seconds from acceptance to the end.
    pub(super) duration: Histogram,
}

/// All series, one per workflow up to a bound.
#[derive(Debug)]
pub(crate) struct SeriesList {
    most: usize,
    by_workflow: Mutex<BTreeMap<(ProjectName, FunctionName), Arc<Series>>>,
    pub(super) others: Arc<Series>,
}

/// What one run counts by itself until its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// In all.
    pub(crate) made: u64,
    /// Beyond the first ones.
    pub(crate) again: u64,
    /// That failed.
    pub(crate) failed: u64,
}

/// All states of a run, as they are numbered.
pub(super) const STATES: [RunStatus; 7] = [
    RunStatus::Waiting,
    RunStatus::Running,
    RunStatus::Paused,
    RunStatus::Succeeded,
    RunStatus::Failed,
    RunStatus::Cancelled,
    RunStatus::TimedOut,
];

impl Series {
    fn new() -> Self {
        Self {
            runs: Default::default(),
            attempts: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            // 100 µs to 7 hours.
            duration: Histogram::new(exponential_buckets(1e-4, 4.0, 14)),
        }
    }

    /// A run is in a state now.
    pub(crate) fn entered(&self, status: RunStatus) {
        self.runs[status as usize].fetch_add(1, Relaxed);
    }

    /// A run is no longer in a state.
    pub(crate) fn left(&self, status: RunStatus) {
        self.runs[status as usize].fetch_sub(1, Relaxed);
    }

    /// A run ended.
    pub(crate) fn ended(&self, attempts: Attempts, took: Duration) {
        self.attempts.fetch_add(attempts.made, Relaxed);
        self.retries.fetch_add(attempts.again, Relaxed);
        self.failures.fetch_add(attempts.failed, Relaxed);
        self.duration.observe(took.as_secs_f64());
    }
}

impl SeriesList {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            by_workflow: Mutex::default(),
            others: Arc::new(Series::new()),
        }
    }

    /// The series of a workflow, to be held on to.
    pub(crate) fn of(&self, project: &ProjectName, workflow: &FunctionName) -> Arc<Series> {
        let mut all = self.lock();
        let key = (project.clone(), workflow.clone());
        if let Some(series) = all.get(&key) {
            return Arc::clone(series);
        }
        if all.len() >= self.most {
            return Arc::clone(&self.others);
        }
        let series = Arc::new(Series::new());
        all.insert(key, Arc::clone(&series));
        series
    }

    /// Forgets the series of a workflow that was deleted.
    pub(crate) fn remove(&self, project: &ProjectName, workflow: &FunctionName) {
        self.lock().remove(&(project.clone(), workflow.clone()));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<(ProjectName, FunctionName), Arc<Series>>> {
        self.by_workflow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
