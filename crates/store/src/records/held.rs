//! Records of open runs, held so that they need not be read for each of their events.

use std::collections::HashMap;
use std::sync::Arc;

use weft_types::RunId;
use weft_workflow::record::RunRecord;

/// What is known of a run that is in the records.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Its row.
    pub(super) id: i64,
    /// How many pieces of its history there are.
    pub(super) pieces: i64,
    /// Its record.
    pub(super) record: Arc<RunRecord>,
}

/// As many as the bound allows. Forgetting one costs a read, nothing else.
#[derive(Debug)]
pub(super) struct HeldRuns {
    runs: HashMap<RunId, Held>,
    bound: usize,
}

impl HeldRuns {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            runs: HashMap::new(),
            bound,
        }
    }

    pub(super) fn take(&mut self, run: RunId) -> Option<Held> {
        self.runs.remove(&run)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }

    /// Holds a run, in place of some other where there are too many.
    pub(super) fn put(&mut self, held: Held) {
        if self.runs.len() >= self.bound
            && let Some(other) = self.runs.keys().next().copied()
        {
            self.runs.remove(&other);
        }
        if self.runs.len() < self.bound {
            self.runs.insert(held.record.run, held);
        }
    }
}
