//! The records: what people ask about runs, and the only copy of closed ones.
//!
//! One task writes: it is fed by the journal, in batches, off every run's way. Reads have connections of their own. They show
//! only what was committed, some milliseconds later. What differs between databases is in `backend`.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use weft_types::{Digest, ProjectName, RunId};
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Position;
use weft_workflow_engine::port::records::{ExpressRun, Records, RecordsError, Referred, RunFilter};

use crate::error::Error;
use crate::journal::{Feed, Holding, Source};
use crate::options::Options;

mod backend;
mod batch;
mod blob;
mod columns;
mod fold;
mod gather;
mod gauges;
mod held;
mod inbox;
mod list;
mod postgres;
mod progress;
mod projector;
mod read;
mod requests;
mod resume;
mod retention;
pub(crate) mod sqlite;
mod sweep;

pub(crate) use backend::{Applied, RecordsReader, RecordsWriter};
pub use gauges::RecordsGauges;
use held::HeldRuns;
use inbox::{Express, Inbox, Request};
use list::Page;
pub(crate) use postgres::PostgresRecords;
use progress::{Progress, Reached};
use projector::{Bounds, Projector};
use sweep::Sweep;

/// The records of one open store.
#[derive(Debug)]
pub struct RunRecords {
    /// What people ask is read by the first one; the projector has the other for itself, so that nobody holds it up.
    readers: [Arc<dyn RecordsReader>; 2],
    requests: mpsc::Sender<Request>,
    express: Arc<Express>,
    progress: Arc<Progress>,
    feed: Arc<Feed>,
    holding: Arc<Holding>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl RunRecords {
    /// Starts the projector's task on the current tokio runtime.
    pub(crate) fn start<W: RecordsWriter>(
        writer: W,
        reader: Arc<dyn RecordsReader>,
        own: Arc<dyn RecordsReader>,
        applied: Applied,
        source: Source,
        options: &Options,
    ) -> Self {
        if source.trimmed > applied.lsn {
            tracing::error!(
                records = applied.lsn,
                journal = source.trimmed,
                "the records are older than the journal: runs that closed in between are missing"
            );
        }
        let (requests, queue) = mpsc::channel(inbox::QUEUE);
        let express = Express::new(options.records_feed_bytes);
        let progress = Progress::new(source.holding.clone());
        let holding = source.holding.clone();
        if applied.lsn >= source.last {
            progress.advance(0);
        }
        let feed = source.feed.clone();
        let projector = Projector {
            lingers: None,
            writer,
            reader: own.clone(),
            inbox: Inbox {
                requests: queue,
                express: express.clone(),
            },
            progress: progress.clone(),
            bounds: Bounds::of(options),
            sweep: Sweep::new(options),
            held: HeldRuns::new(options.records_open),
            next_id: applied.next_id,
            applied: applied.lsn,
            position: 0,
            losses: 0,
            source,
        };
        Self {
            readers: [reader, own],
            requests,
            express,
            progress,
            feed,
            holding,
            task: Mutex::new(Some(tokio::spawn(projector.run()))),
        }
    }

    /// How they are doing.
    #[must_use]
    pub fn gauges(&self) -> RecordsGauges {
        let applied = self.progress.applied();
        RecordsGauges {
            behind: self.feed.last().position.saturating_sub(applied),
            lag: self.feed.lag(applied),
            waiting_bytes: self.feed.bytes() + self.express.bytes(),
            skipped: self.progress.skipped(),
            dropped: self.express.dropped(),
            ended: self.progress.ended().is_some(),
        }
    }

    /// Waits until everything that was committed is in the records, and closes every connection. The journal must be closed
    /// before: otherwise this waits for it.
    pub(crate) async fn close(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _ = task.await;
        }
        for reader in &self.readers {
            reader.close().await;
        }
    }

    fn reader(&self) -> &dyn RecordsReader {
        let [reader, _] = &self.readers;
        &**reader
    }

    /// What is read, unless the database goes away meanwhile: nobody waits for that.
    async fn read<T>(&self, read: impl Future<Output = Result<T, Error>>) -> Result<T, RecordsError> {
        tokio::select! {
            biased;
            () = self.holding.went_away() => Err(RecordsError::Away),
            read = read => Ok(read?),
        }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, RecordsError> {
        let (sender, answer) = oneshot::channel();
        self.requests
            .send(request(sender))
            .await
            .map_err(|_| Error::Closed)?;
        self.read(async { answer.await.map_err(|_| Error::Closed)? })
            .await
    }
}

impl Drop for RunRecords {
    /// Without `close` the task ends as in a crash.
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl Records for RunRecords {
    fn settled(&self, position: Position) -> Boxed<'_, bool> {
        let wanted = Reached {
            position: position.0,
            express: self.express.queued(),
        };
        Box::pin(self.progress.settled(wanted))
    }

    fn ended(&self) -> Option<String> {
        self.progress.ended().map(str::to_owned)
    }

    fn run<'a>(
        &'a self,
        project: &'a ProjectName,
        run: RunId,
    ) -> Boxed<'a, Result<Option<RunRecord>, RecordsError>> {
        Box::pin(self.read(read::run(self.reader(), project, run)))
    }

    fn list<'a>(
        &'a self,
        project: &'a ProjectName,
        filter: &'a RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<RunRecord>, RecordsError>> {
        Box::pin(async move {
            let page = Page {
                project,
                filter,
                before,
                limit,
            };
            self.read(read::list(self.reader(), &page)).await
        })
    }

    fn history<'a>(
        &'a self,
        run: RunId,
        after: Option<u64>,
        bytes: usize,
    ) -> Boxed<'a, Result<Vec<(u64, Bytes)>, RecordsError>> {
        Box::pin(self.read(read::history(self.reader(), run, after, bytes)))
    }

    fn blobs(
        &self,
        after: Option<(i64, Digest)>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Referred>, RecordsError>> {
        Box::pin(self.read(read::blobs(self.reader(), after, limit)))
    }

    fn keep(&self, run: ExpressRun) {
        self.express.push(run);
    }

    fn delete<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<bool, RecordsError>> {
        let project = project.clone();
        Box::pin(self.ask(move |answer| Request::Delete { project, run, answer }))
    }
}
