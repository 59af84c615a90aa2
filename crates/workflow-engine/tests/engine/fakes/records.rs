//! Records that are always as far as the journal's disk.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use weft_types::{Digest, ProjectName, RunId};
use weft_workflow::event::{Stamped, Stored};
use weft_workflow::frame::Reader;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Position;
use weft_workflow_engine::port::records::{ExpressRun, Records, RecordsError, Referred, RunFilter};

use super::journal::FakeJournal;

pub(crate) struct FakeRecords {
    journal: Arc<FakeJournal>,
    kept: Mutex<Vec<ExpressRun>>,
    deleted: Mutex<Vec<RunId>>,
    damaged: Mutex<Vec<RunId>>,
    /// Whether nothing is written into them any longer.
    pub(crate) stuck: AtomicBool,
    /// Whether what happened lately cannot be read yet, either.
    pub(crate) behind: AtomicBool,
    /// Whether nothing can be read from them.
    pub(crate) failing: AtomicBool,
    /// Whether runs that are not journalled leave nothing.
    pub(crate) dropping: AtomicBool,
}

impl FakeRecords {
    pub(crate) fn new(journal: &Arc<FakeJournal>) -> Arc<Self> {
        Arc::new(Self {
            journal: Arc::clone(journal),
            kept: Mutex::default(),
            deleted: Mutex::default(),
            damaged: Mutex::default(),
            stuck: AtomicBool::new(false),
            behind: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            dropping: AtomicBool::new(false),
        })
    }

    /// Has the result of a run be another than was written.
    pub(crate) fn damage(&self, run: RunId) {
        self.damaged.lock().unwrap().push(run);
    }

    /// The records of runs that were not journalled.
    pub(crate) fn kept(&self) -> Vec<RunRecord> {
        let kept = self.kept.lock().unwrap();
        kept.iter().map(|run| RunRecord::clone(&run.record)).collect()
    }

    /// Every blob that a record refers to, by row and digest.
    fn referred(&self) -> Vec<Referred> {
        let disk = self.journal.on_disk();
        let runs = self.journal.committed_runs().into_iter();
        let journalled = runs.map(|run| FakeJournal::events_in(&disk, run));
        let kept = self.kept.lock().unwrap().clone();
        let express = kept.into_iter().map(|run| {
            let frames = Reader::new(run.frames);
            frames.map(|frame| frame.unwrap().stamped).collect()
        });
        let histories: Vec<Vec<Stamped>> = journalled.chain(express).collect();
        let mut referred = BTreeSet::new();
        for (row, events) in histories.iter().enumerate() {
            let record = RunRecord::fold(events).unwrap();
            if self.find(record.run).is_some() {
                let blobs = events.iter().flat_map(|stamped| stamped.event.blobs());
                referred.extend(blobs.map(|digest| (row as i64, digest, record.project.clone())));
            }
        }
        let referred = referred.into_iter();
        referred
            .map(|(row, digest, project)| Referred { row, project, digest })
            .collect()
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
        let mut record = RunRecord::fold(&events)?;
        if self.damaged.lock().unwrap().contains(&run)
            && let Some(Stored::Direct(image)) = &mut record.result
        {
            *image = image.slice(1..);
        }
        Some(record)
    }
}

impl Records for FakeRecords {
    fn settled(&self, _: Position) -> Boxed<'_, bool> {
        Box::pin(async {
            let stuck = self.stuck.load(SeqCst) || self.behind.load(SeqCst);
            if stuck {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            !stuck
        })
    }

    fn ended(&self) -> Option<String> {
        None
    }

    fn run<'a>(
        &'a self,
        project: &'a ProjectName,
        run: RunId,
    ) -> Boxed<'a, Result<Option<RunRecord>, RecordsError>> {
        let record = match self.failing.load(SeqCst) {
            true => Err(RecordsError::Store("no file can be opened".to_owned())),
            false => Ok(self.find(run).filter(|record| record.project == *project)),
        };
        Box::pin(async { record })
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
        let kept = kept.iter().find(|kept| kept.record.run == run);
        let pieces = match kept {
            Some(kept) => vec![(1, kept.frames.clone())],
            None => self.journal.committed_of(run),
        };
        let behind = self.behind.load(SeqCst);
        let pieces = pieces.into_iter().filter(|(at, _)| !behind && Some(*at) > after);
        // One at a time, so that whoever reads has to ask again.
        let pieces = pieces.take(1).collect();
        Box::pin(async { Ok(pieces) })
    }

    fn blobs(
        &self,
        after: Option<(i64, Digest)>,
        _: usize,
    ) -> Boxed<'_, Result<Vec<Referred>, RecordsError>> {
        let referred = self.referred().into_iter();
        let mut behind = referred.filter(|referred| Some((referred.row, referred.digest)) > after);
        // One at a time, so that whoever reads has to ask again.
        let next = behind.next().into_iter().collect();
        Box::pin(async { Ok(next) })
    }

    fn keep(&self, run: ExpressRun) {
        if !self.dropping.load(SeqCst) {
            self.kept.lock().unwrap().push(run);
        }
    }

    fn delete<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<bool, RecordsError>> {
        let found = self.find(run).is_some_and(|record| record.project == *project);
        if found {
            self.deleted.lock().unwrap().push(run);
        }
        Box::pin(async move { Ok(found) })
    }
}
