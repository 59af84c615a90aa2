//! The task that writes, and its group commit.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use weft_function_engine::port::StorageError;
use weft_quotas::{Accounts, Exceeded};
use weft_types::ProjectName;

use super::apply;
use super::counting::Tally;
use crate::error::Error;
use crate::options::Options;
use crate::sqlite::Writer;

/// The bounds of the queue and of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Writes that wait at most.
    pub(crate) queue: usize,
    /// Bytes of keys and values that wait at most.
    pub(crate) queue_bytes: usize,
    /// Writes in a transaction at most.
    pub(crate) batch: usize,
    /// Bytes after which a transaction takes no further write.
    pub(crate) batch_bytes: usize,
}

impl Bounds {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            queue: options.keyvalue_queue,
            queue_bytes: options.keyvalue_queue_bytes,
            batch: options.keyvalue_batch,
            batch_bytes: options.keyvalue_batch_bytes,
        }
    }
}

/// What the task is asked.
#[derive(Debug)]
pub(super) enum Request {
    Write(Write),
    Close(oneshot::Sender<()>),
}

/// One write, and where its outcome goes.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) entry: Entry,
    pub(super) change: Change,
    pub(super) answer: oneshot::Sender<Result<Outcome, StorageError>>,
    /// Its share of the room in the queue.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Which entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) project: ProjectName,
    pub(super) store: String,
    pub(super) key: String,
}

/// What becomes of it.
#[derive(Debug)]
pub(super) enum Change {
    Set(Bytes),
    Delete,
    Increment(i64),
}

/// The sum after an increment that could be made.
pub(super) type Outcome = Option<i64>;

impl Entry {
    pub(super) fn new(project: &ProjectName, store: &str, key: &str) -> Self {
        Self {
            project: project.clone(),
            store: store.to_owned(),
            key: key.to_owned(),
        }
    }
}

impl Change {
    /// About how many bytes it carries.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Set(value) => value.len(),
            Self::Delete | Self::Increment(_) => 0,
        }
    }
}

/// Serves writes in groups until closed or left alone.
pub(super) async fn run(
    mut writer: Writer,
    mut queue: mpsc::Receiver<Request>,
    bounds: Bounds,
    accounts: Arc<OnceLock<Accounts>>,
) {
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = queue.recv().await else { break };
        let batch = gather(first, &mut queue, &bounds, &mut closing);
        serve(&mut writer, batch, accounts.get()).await;
        writer.checkpoint().await;
    }
    writer.close().await;
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

/// The first request and those already waiting behind it, within the bounds.
fn gather(
    first: Request,
    queue: &mut mpsc::Receiver<Request>,
    bounds: &Bounds,
    closing: &mut Option<oneshot::Sender<()>>,
) -> Vec<Write> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut next = Some(first);
    while let Some(request) = next {
        match request {
            Request::Write(write) => {
                bytes += write.change.bytes();
                batch.push(write);
            }
            Request::Close(done) => {
                *closing = Some(done);
                break;
            }
        }
        let room = batch.len() < bounds.batch && bytes < bounds.batch_bytes;
        next = if room { queue.try_recv().ok() } else { None };
    }
    batch
}

/// Makes all writes of a batch durable together and acknowledges them, or none of them.
async fn serve(writer: &mut Writer, batch: Vec<Write>, accounts: Option<&Accounts>) {
    if batch.is_empty() {
        return;
    }
    match commit(writer, &batch, accounts).await {
        Ok(outcomes) => {
            for (write, outcome) in batch.into_iter().zip(outcomes) {
                let _ = write.answer.send(outcome.map_err(StorageError::Quota));
            }
        }
        Err(error) => {
            tracing::warn!(%error, writes = batch.len(), "key-value writes were not stored");
            for write in batch {
                let _ = write.answer.send(Err(error.clone().into()));
            }
        }
    }
}

async fn commit(
    writer: &mut Writer,
    batch: &[Write],
    accounts: Option<&Accounts>,
) -> Result<Vec<Result<Outcome, Exceeded>>, Error> {
    let connection = writer.begin().await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut tally = Tally::new(accounts);
    for write in batch {
        match apply::apply(connection, &write.entry, &write.change, &mut tally).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => return Err(writer.abandon(error).await),
        }
    }
    let bytes = batch.iter().map(|write| write.change.bytes() as u64 + 4096).sum();
    writer.commit(bytes).await?;
    tally.committed();
    Ok(outcomes)
}
