//! The journal in `journal.db`: one ordered sequence of entries, of which the disk always has a prefix.
//!
//! ```text
//! append ─▶ queue ─▶ the writer's thread ─▶ one row of one transaction, synced ─▶ whoever waits
//!                                                   └▶ feed ─▶ records ─▶ what they have on the disk is trimmed
//! ```
//!
//! The thread is the journal's own, so that no other work stands between a run and its sync. A commit is one statement,
//! hence one way to SQLite's thread and back. Each opening counts up an epoch, which every statement names: a server that was
//! superseded writes nothing.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::{Entry, Journal, JournalError, Position, Recovered, Urgency};

use crate::health::Health;
use crate::sqlite::{Copier, Error, Writer};

mod bounds;
mod feed;
mod gauges;
mod open_runs;
mod pending;
mod queue;
mod read;
mod recover;
mod row;
mod thread;
mod trim;
mod trimmer;

pub(crate) use bounds::Bounds;
pub(crate) use feed::{Committed, Feed, Next};
pub use gauges::JournalGauges;
use gauges::Meter;
use open_runs::OpenRuns;
use queue::{End, Queue};
pub(crate) use read::rows;
use thread::Thread;
pub(crate) use thread::number;
use trimmer::Trimmer;

/// The journal of one open store.
#[derive(Debug)]
pub struct SqliteJournal {
    queue: Arc<Queue>,
    feed: Arc<Feed>,
    open: Arc<OpenRuns>,
    meter: Arc<Meter>,
    readers: SqlitePool,
    /// Resolves when the thread has ended.
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

/// What the records need of the journal.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) feed: Arc<Feed>,
    pub(crate) readers: SqlitePool,
    /// The last row before this opening.
    pub(crate) last: u64,
    /// The last row that was trimmed before.
    pub(crate) trimmed: u64,
    /// Where the records tell the last row they have on the disk.
    pub(crate) durable: watch::Sender<u64>,
}

impl SqliteJournal {
    /// Starts the writer's thread, and the tasks that copy its log and trim on the current tokio runtime. Rows are numbered
    /// behind `applied`, the last that the records have. `helper` is a second writer of the same database, for its log.
    pub(crate) async fn start(
        mut writer: Writer,
        helper: Writer,
        readers: SqlitePool,
        health: Arc<Health>,
        bounds: Bounds,
        feed_bytes: usize,
        applied: u64,
    ) -> Result<(Self, Source), Error> {
        let (epoch, trimmed, last) = open_epoch(&mut writer, applied).await?;
        let runtime = Builder::new_current_thread()
            .build()
            .map_err(|error| failed(&error))?;
        let queue = Arc::new(Queue::new(bounds, health.clone()));
        let feed = Arc::new(Feed::new(last, feed_bytes));
        let (open, meter) = (Arc::<OpenRuns>::default(), Arc::new(Meter::new(trimmed)));
        let (durable, told) = watch::channel(trimmed);
        let (end, ended) = oneshot::channel();
        let (copier, copying) = Copier::start(helper);
        let thread = Thread {
            runtime,
            writer,
            copier,
            copying,
            queue: queue.clone(),
            feed: feed.clone(),
            open: open.clone(),
            meter: meter.clone(),
            health,
            epoch,
            lsn: last + 1,
            _end: end,
        };
        thread.start().map_err(|error| failed(&error))?;
        let trimmer = Trimmer {
            readers: readers.clone(),
            queue: queue.clone(),
            open: open.clone(),
            meter: meter.clone(),
            durable: told,
            trimmed,
            chunk: bounds.trim_bytes,
        };
        tokio::spawn(trimmer.run());
        let source = Source {
            feed: feed.clone(),
            readers: readers.clone(),
            last,
            trimmed,
            durable,
        };
        let journal = Self {
            queue,
            feed,
            open,
            meter,
            readers,
            ended: Mutex::new(Some(ended)),
        };
        Ok((journal, source))
    }

    /// How it is doing.
    #[must_use]
    pub fn gauges(&self) -> JournalGauges {
        let (queued, queued_bytes) = self.queue.waiting();
        JournalGauges {
            queued,
            queued_bytes,
            disk_full: self.queue.is_full(),
            open_runs: self.open.count(),
            last_row: self.feed.last().lsn,
            ..self.meter.read()
        }
    }

    /// Writes what was appended and ends the thread. Where the disk is full, what no one was told to be stored is given up.
    pub(crate) async fn end(&self) {
        self.queue.end(End::Written);
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            // It never sends: it lets go.
            let _ = ended.await;
        }
    }

    /// Closes what is still open once the thread has [ended](Self::end).
    pub(crate) async fn close(&self) {
        self.readers.close().await;
    }
}

impl Drop for SqliteJournal {
    /// Without `end` the thread ends as in a crash: what is not written is not.
    fn drop(&mut self) {
        self.queue.end(End::AtOnce);
    }
}

impl Journal for SqliteJournal {
    fn append(&self, entry: Entry, urgency: Urgency) -> Result<Position, JournalError> {
        self.queue.append(entry, urgency).map(Position)
    }

    fn commit(&self, position: Position) -> Boxed<'_, Result<(), JournalError>> {
        Box::pin(self.queue.commit(position.0))
    }

    fn committed(&self) -> Position {
        Position(self.queue.committed())
    }

    fn recover(&self) -> Boxed<'_, Result<Recovered, JournalError>> {
        Box::pin(async {
            let recovered = recover::recover(&self.readers, Timestamp::now()).await?;
            self.open.found(recovered.runs.iter().map(|(run, _)| *run));
            Ok(recovered)
        })
    }
}

/// Counts the opening, and finds the last row that was trimmed and the last that was ever written.
async fn open_epoch(writer: &mut Writer, applied: u64) -> Result<(i64, u64, u64), Error> {
    const OPEN: &str = "UPDATE progress SET epoch = epoch + 1
        RETURNING epoch, trimmed, max(trimmed, coalesce((SELECT max(lsn) FROM journal), 0))";
    let connection = writer.begin().await?;
    let (epoch, trimmed, last): (i64, i64, i64) = match sqlx::query_as(OPEN).fetch_one(connection).await {
        Ok(row) => row,
        Err(error) => return Err(writer.abandon(error.into()).await),
    };
    writer.commit(0).await?;
    let number =
        |lsn: i64| u64::try_from(lsn).map_err(|_| Error::Corrupt(format!("the journal's progress is {lsn}")));
    Ok((epoch, number(trimmed)?, number(last)?.max(applied)))
}

fn failed(error: &std::io::Error) -> Error {
    Error::Sql(format!("the journal's thread could not be started: {error}"))
}
