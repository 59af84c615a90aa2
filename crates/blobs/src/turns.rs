//! How much is done at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weft_workflow_engine::port::blob_store::Busy;

use crate::Options;

/// The right to do one thing of a kind; given back when dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

/// Bounds on what is done at once. Streams of callers have bounds of their own, so that slow ones never keep runs waiting.
#[derive(Debug)]
pub(crate) struct Turns {
    uploads: Bounded,
    downloads: Bounded,
    jobs: Arc<Semaphore>,
}

#[derive(Debug)]
struct Bounded {
    free: Arc<Semaphore>,
    limit: usize,
}

impl Turns {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            uploads: Bounded::new(options.uploads),
            downloads: Bounded::new(options.downloads),
            jobs: Arc::new(Semaphore::new(at_least_one(options.jobs))),
        }
    }

    pub(crate) fn upload(&self) -> Result<Turn, Busy> {
        self.uploads.take()
    }

    pub(crate) fn download(&self) -> Result<Turn, Busy> {
        self.downloads.take()
    }

    /// Waits for a thread's worth of work. None only if nobody does work any more, as the semaphore is never closed.
    pub(crate) async fn job(&self) -> Option<Turn> {
        Arc::clone(&self.jobs).acquire_owned().await.ok()
    }
}

impl Bounded {
    fn new(limit: usize) -> Self {
        let limit = at_least_one(limit);
        Self {
            free: Arc::new(Semaphore::new(limit)),
            limit,
        }
    }

    fn take(&self) -> Result<Turn, Busy> {
        let limit = self.limit;
        Arc::clone(&self.free)
            .try_acquire_owned()
            .map_err(|_| Busy { limit })
    }
}

fn at_least_one(limit: usize) -> usize {
    limit.clamp(1, Semaphore::MAX_PERMITS)
}
