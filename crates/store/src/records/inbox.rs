//! What the projector is asked beside projecting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot};
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::records::ExpressRun;

use crate::error::Error;

/// Requests that wait at most; more wait outside.
pub(super) const QUEUE: usize = 64;

/// Something to be done, and where its outcome goes.
#[derive(Debug)]
pub(super) enum Request {
    /// Remove a closed run.
    Delete {
        project: ProjectName,
        run: RunId,
        answer: oneshot::Sender<Result<bool, Error>>,
    },
}

/// The projector's ends.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) express: Arc<Express>,
}

/// Runs that were never journalled, on their way into the records.
#[derive(Debug)]
pub(super) struct Express {
    state: Mutex<Waiting>,
    more: Notify,
    /// Bytes that wait at most.
    bound: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    runs: Vec<ExpressRun>,
    bytes: usize,
    queued: u64,
    dropped: u64,
}

/// About what a record takes in memory, beside its frames.
const RECORD_BYTES: usize = 1024;

impl Express {
    pub(super) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            more: Notify::new(),
            bound,
        })
    }

    /// Queues a run, or drops it where too much waits.
    pub(super) fn push(&self, run: ExpressRun) {
        let bytes = size(&run);
        let mut waiting = self.lock();
        if waiting.bytes + bytes > self.bound {
            waiting.dropped += 1;
            return;
        }
        waiting.bytes += bytes;
        waiting.queued += 1;
        waiting.runs.push(run);
        drop(waiting);
        self.more.notify_one();
    }

    /// All that wait, and how many were ever queued with them.
    pub(super) fn take(&self) -> (Vec<ExpressRun>, u64) {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        (std::mem::take(&mut waiting.runs), waiting.queued)
    }

    /// Takes back those that were taken last, ahead of the others.
    pub(super) fn give_back(&self, mut runs: Vec<ExpressRun>) {
        let mut waiting = self.lock();
        waiting.bytes += runs.iter().map(size).sum::<usize>();
        runs.append(&mut waiting.runs);
        waiting.runs = runs;
        drop(waiting);
        self.more.notify_one();
    }

    /// How many were ever queued.
    pub(super) fn queued(&self) -> u64 {
        self.lock().queued
    }

    /// How many were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Waits until one was queued since the last time.
    pub(super) async fn changed(&self) {
        self.more.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About what a run takes.
fn size(run: &ExpressRun) -> usize {
    RECORD_BYTES + run.record.extras.len() + run.frames.len()
}
