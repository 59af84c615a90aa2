//! The runs that are open in this process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use dashmap::DashMap;
use weft_types::{FunctionName, ProjectName, RunId, VersionNumber};

use crate::driver::millisecond;
use crate::open_run::OpenRun;

/// Open runs by id, nested ones included, and closed ones until their end is committed.
#[derive(Default)]
pub(crate) struct Registry {
    runs: DashMap<RunId, Arc<OpenRun>>,
    /// Counted beside the map, whose own count looks at all of its parts.
    count: AtomicUsize,
    /// How many of them are known from here alone.
    express: AtomicUsize,
}

impl Registry {
    pub(crate) fn insert(&self, open: Arc<OpenRun>) {
        let express = usize::from(open.kept.is_some());
        if self.runs.insert(open.run, open).is_none() {
            self.count.fetch_add(1, SeqCst);
            self.express.fetch_add(express, SeqCst);
        }
    }

    pub(crate) fn remove(&self, run: RunId) {
        if let Some((_, open)) = self.runs.remove(&run) {
            self.count.fetch_sub(1, SeqCst);
            open.uncount();
            self.express.fetch_sub(usize::from(open.kept.is_some()), SeqCst);
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

    /// An open run of a project that may have nested a run, or called the function that started it, and so ask how it ended: all of these have
    /// one time in their ids. So may one that was accepted in the same millisecond by chance.
    pub(crate) fn needing(&self, project: &ProjectName, run: RunId) -> Option<RunId> {
        let mut of_project = self.runs.iter().filter(|open| open.project == *project);
        let needing = of_project.find(|open| open.durable && millisecond(open.run) == millisecond(run));
        needing.map(|open| open.run)
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

    /// Those that are not journalled, and may be told of.
    pub(crate) fn express(&self) -> Vec<Arc<OpenRun>> {
        if self.express.load(SeqCst) == 0 {
            return Vec::new();
        }
        let express = self.runs.iter().filter(|open| open.kept.is_some());
        express.map(|open| Arc::clone(&open)).collect()
    }

    /// Those of a project that await an outside event.
    pub(crate) fn awaiting(&self, project: &ProjectName) -> Vec<Arc<OpenRun>> {
        let of_project = self.runs.iter().filter(|open| open.project == *project);
        let awaiting = of_project.filter(|open| !open.awaiting().is_empty());
        awaiting.map(|open| Arc::clone(&open)).collect()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<OpenRun>> {
        self.runs.iter().map(|open| Arc::clone(&open)).collect()
    }
}
