//! Which runs are open: what a trim must not lose.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_types::RunId;
use weft_workflow_engine::port::journal::Entry;

/// The open runs as of the last commit; unknown until they were recovered.
#[derive(Debug, Default)]
pub(super) struct OpenRuns(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    complete: bool,
    runs: HashSet<RunId>,
}

impl OpenRuns {
    /// Takes note of what was found at start: from now on all are known.
    pub(super) fn found(&self, runs: impl Iterator<Item = RunId>) {
        let mut known = self.lock();
        known.runs.extend(runs);
        known.complete = true;
    }

    /// Takes note of what was committed.
    pub(super) fn committed<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        let mut known = self.lock();
        for entry in entries {
            if entry.closes {
                known.runs.remove(&entry.run);
            } else {
                known.runs.insert(entry.run);
            }
        }
    }

    /// Those of `runs` that are open, or nothing as long as that is not known.
    pub(super) fn among(&self, runs: impl Iterator<Item = RunId>) -> Option<HashSet<RunId>> {
        let known = self.lock();
        known
            .complete
            .then(|| runs.filter(|run| known.runs.contains(run)).collect())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().runs.len()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing that holds the lock panics half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
