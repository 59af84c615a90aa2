//! Records that are always as far as the journal's disk.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use weft_types::{ProjectName, RunId};
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Position;
use weft_workflow_engine::port::records::{Records, RecordsError, RunFilter};

use super::journal::FakeJournal;

pub(crate) struct FakeRecords {
    journal: Arc<FakeJournal>,
    kept: Mutex<Vec<(RunRecord, Bytes)>>,
    deleted: Mutex<Vec<RunId>>,
    /// Whether nothing is written into them any longer.
    pub(crate) stuck: AtomicBool,
}

impl FakeRecords {
    pub(crate) fn new(journal: &Arc<FakeJournal>) -> Arc<Self> {
        Arc::new(Self {
            journal: Arc::clone(journal),
            kept: Mutex::default(),
            deleted: Mutex::default(),
            stuck: AtomicBool::new(false),
        })
    }

    /// The records of runs that were not journalled.
    pub(crate) fn kept(&self) -> Vec<RunRecord> {
        let kept = self.kept.lock().unwrap();
        kept.iter().map(|(record, _)| record.clone()).collect()
    }

    fn find(&self, run: RunId) -> Option<RunRecord> {
        if self.deleted.lock().unwrap().contains(&run) {
            return None;
        }
        let kept = self.kept();
        if let Some(record) = kept.into_iter().find(|record| record.run == run) {
            return Some(record);
        }
        let events = FakeJournal::events_in(&self.journal.on_disk(), run);
        RunRecord::fold(&events)
    }
}

impl Records for FakeRecords {
    fn settled(&self, _: Position) -> Boxed<'_, bool> {
        Box::pin(async {
            let stuck = self.stuck.load(SeqCst);
            if stuck {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            !stuck
        })
    }

    fn run<'a>(
        &'a self,
        project: &'a ProjectName,
        run: RunId,
    ) -> Boxed<'a, Result<Option<RunRecord>, RecordsError>> {
        let record = self.find(run).filter(|record| record.project == *project);
        Box::pin(async { Ok(record) })
    }

    fn list<'a>(
        &'a self,
        project: &'a ProjectName,
        _: &'a RunFilter,
        _: Option<RunId>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<RunRecord>, RecordsError>> {
        let runs = self.journal.committed_runs();
        let records = runs.into_iter().filter_map(|run| self.find(run));
        let own = records.filter(|record| record.project == *project);
        let records = own.take(limit).collect();
        Box::pin(async { Ok(records) })
    }

    fn history<'a>(
        &'a self,
        run: RunId,
        after: Option<u64>,
        _: usize,
    ) -> Boxed<'a, Result<Vec<(u64, Bytes)>, RecordsError>> {
        let kept = self.kept.lock().unwrap();
        let kept = kept.iter().find(|(record, _)| record.run == run);
        let pieces = match kept {
            Some((_, frames)) => vec![(1, frames.clone())],
            None => self.journal.committed_of(run),
        };
        let pieces = pieces.into_iter().filter(|(at, _)| Some(*at) > after);
        // One at a time, so that whoever reads has to ask again.
        let pieces = pieces.take(1).collect();
        Box::pin(async { Ok(pieces) })
    }

    fn keep(&self, record: RunRecord, frames: Bytes) {
        self.kept.lock().unwrap().push((record, frames));
    }

    fn delete<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<bool, RecordsError>> {
        let found = self.find(run).is_some_and(|record| record.project == *project);
        if found {
            self.deleted.lock().unwrap().push(run);
        }
        Box::pin(async move { Ok(found) })
    }
}
