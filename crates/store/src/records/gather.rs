//! From entries to a batch.

use std::sync::Arc;

use weft_types::RunId;
use weft_workflow::event::Stamped;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::journal::Entry;

use super::backend::RecordsWriter;
use super::batch::Batch;
use super::held::Held;
use super::projector::Projector;
use super::{fold, read};
use crate::error::Error;
use crate::pace::Courtesy;

/// Why events cannot be added to a run's record. Those of other runs can: one run does not end the projection of all.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("nobody knows of their run")]
    Unknown,
    #[error(transparent)]
    Damaged(Error),
}

impl<W: RecordsWriter> Projector<W> {
    /// What entries change.
    pub(super) async fn gather(&mut self, entries: &[Entry]) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let mut courtesy = Courtesy::new();
        for entry in entries {
            self.add(&mut batch, entry).await?;
            courtesy.extend();
        }
        Ok(batch)
    }

    /// Adds the express runs that wait. Answers how many were ever queued, with them.
    pub(super) fn add_express(&mut self, batch: &mut Batch) -> u64 {
        let (runs, queued) = self.inbox.express.take();
        let mut courtesy = Courtesy::new();
        for run in runs {
            batch.count(run.frames.len());
            let held = self.new_run(run.record);
            let change = batch.add(held, true);
            change.frames.extend_from_slice(&run.frames);
            change.blobs = run.blobs;
            courtesy.extend();
        }
        queued
    }

    async fn add(&mut self, batch: &mut Batch, entry: &Entry) -> Result<(), Error> {
        let events = match fold::events(&entry.frames) {
            Ok(events) => events,
            Err(error) => {
                self.progress.skip();
                tracing::error!(run = %entry.run, %error, "events are missing from a run's record: they cannot be read");
                return Ok(());
            }
        };
        if batch.find(entry.run).is_none()
            && let Err(why) = self.bring(batch, entry.run, &events).await?
        {
            self.progress.skip();
            tracing::error!(run = %entry.run, %why, "events are missing from the records");
            return Ok(());
        }
        batch.count(entry.frames.len());
        if let Some(change) = batch.find(entry.run) {
            fold::apply(Arc::make_mut(&mut change.held.record), &events);
            change.frames.extend_from_slice(&entry.frames);
            change.blobs.extend(fold::blobs(&events));
        }
        Ok(())
    }

    /// Brings a run into the batch: one that is held, one that begins, or one that is in the records. Answers why it is none.
    async fn bring(
        &mut self,
        batch: &mut Batch,
        run: RunId,
        events: &[Stamped],
    ) -> Result<Result<(), Unusable>, Error> {
        if let Some(held) = self.held.take(run) {
            batch.add(held, false);
        } else if let Some(record) = fold::begin(events) {
            let held = self.new_run(Arc::new(record));
            batch.add(held, true);
        } else if let Some(found) = read::find(&*self.reader, run).await? {
            match found.held() {
                Ok(held) => batch.add(held, false),
                Err(damage) => return Ok(Err(Unusable::Damaged(damage))),
            };
        } else {
            return Ok(Err(Unusable::Unknown));
        }
        Ok(Ok(()))
    }

    fn new_run(&mut self, record: Arc<RunRecord>) -> Held {
        let id = self.next_id;
        self.next_id += 1;
        Held {
            id,
            pieces: 0,
            record,
        }
    }

    /// Looks whether runs that begin in the batch are in the records already, as when those come from another directory.
    pub(super) async fn find_known(&self, batch: &mut Batch) -> Result<(), Error> {
        let new = batch.changes_mut().iter_mut().filter(|change| change.is_new);
        for change in new {
            let run = change.held.record.run;
            if let Some(known) = read::find(&*self.reader, run).await? {
                tracing::warn!(%run, "a run that begins is in the records already");
                change.is_new = false;
                change.held.id = known.id;
                change.held.pieces = known.pieces;
            }
        }
        Ok(())
    }
}
