//! The runs that are open in this process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use dashmap::DashMap;
use weft_types::{FunctionName, ProjectName, RunId, VersionNumber};

use crate::open_run::OpenRun;

/// Open runs by id, nested ones included, and closed ones until their end is committed.
#[derive(Default)]
pub(crate) struct Registry {
    runs: DashMap<RunId, Arc<OpenRun>>,
    /// Counted beside the map, whose own count looks at all of its parts.
    count: AtomicUsize,
}

impl Registry {
    pub(crate) fn insert(&self, open: Arc<OpenRun>) {
        if self.runs.insert(open.run, open).is_none() {
            self.count.fetch_add(1, SeqCst);
        }
    }

    pub(crate) fn remove(&self, run: RunId) {
        if self.runs.remove(&run).is_some() {
            self.count.fetch_sub(1, SeqCst);
        }
    }

    /// A run, whoever owns it.
    pub(crate) fn get(&self, run: RunId) -> Option<Arc<OpenRun>> {
        self.runs.get(&run).map(|open| Arc::clone(&open))
    }

    /// A run of a project.
    pub(crate) fn of_project(&self, project: &ProjectName, run: RunId) -> Option<Arc<OpenRun>> {
        self.get(run).filter(|open| open.project == *project)
    }

    /// Every version of a workflow of a project of which a run is open, once.
    pub(crate) fn versions_of(&self, project: &ProjectName) -> BTreeSet<(FunctionName, VersionNumber)> {
        let of_project = self.runs.iter().filter(|open| open.project == *project);
        of_project
            .map(|open| (open.workflow.clone(), open.version))
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(SeqCst)
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<OpenRun>> {
        self.runs.iter().map(|open| Arc::clone(&open)).collect()
    }
}
