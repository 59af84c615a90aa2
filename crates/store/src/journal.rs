//! The journal: one ordered sequence of entries, of which the disk always has a prefix.
//!
//! ```text
//! append ─▶ queue ─▶ the writer's thread ─▶ one row of one transaction, synced ─▶ whoever waits
//!                                                   └▶ feed ─▶ records ─▶ what they have on the disk is trimmed
//! ```
//!
//! The thread is the journal's own, so that no other work stands between a run and its sync. Each opening counts up an epoch,
//! which every commit names: a server that was superseded writes nothing. What differs between databases is in `backend`.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::{Entry, Hold, Journal, JournalError, Position, Recovered, Urgency};

use crate::error::Error;
use crate::health::Health;
use crate::pace::Pace;

mod backend;
mod bounds;
mod feed;
mod gauges;
mod grouping;
mod holding;
mod open_runs;
mod pending;
mod postgres;
mod queue;
mod read;
mod recover;
mod row;
mod sqlite;
mod thread;
mod trim;
mod trimmer;

pub(crate) use backend::{LogReader, LogWriter, Opened, number};
pub(crate) use bounds::Bounds;
pub(crate) use feed::{Committed, Feed, Next};
pub use gauges::JournalGauges;
use gauges::Meter;
pub(crate) use holding::Holding;
use open_runs::OpenRuns;
pub(crate) use postgres::PostgresLog;
use queue::{End, Queue};
pub(crate) use sqlite::SqliteLog;
use thread::Thread;
use trimmer::Trimmer;

/// The journal of one open store.
#[derive(Debug)]
pub struct RunJournal {
    queue: Arc<Queue>,
    feed: Arc<Feed>,
    open: Arc<OpenRuns>,
    meter: Arc<Meter>,
    reader: Arc<dyn LogReader>,
    /// Whoever has it trims, or keeps the journal from being trimmed.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Resolves when the thread has ended.
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

/// What the records need of the journal.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) feed: Arc<Feed>,
    pub(crate) reader: Arc<dyn LogReader>,
    /// What holds the writer up.
    pub(crate) holding: Arc<Holding>,
    /// The last row before this opening.
    pub(crate) last: u64,
    /// The last row that was trimmed before.
    pub(crate) trimmed: u64,
    /// Where the records tell the last row they have on the disk.
    pub(crate) durable: watch::Sender<u64>,
}

impl RunJournal {
    /// Starts the writer's thread, and on the current tokio runtime the task that trims. `runtime` is where the writer waits for
    /// its database.
    pub(crate) fn start<W: LogWriter>(
        runtime: Runtime,
        (writer, opened): (W, Opened),
        reader: Arc<dyn LogReader>,
        health: Arc<Health>,
        bounds: Bounds,
        feed_bytes: usize,
    ) -> Result<(Self, Source), Error> {
        let Opened {
            trimmed,
            stored,
            last,
        } = opened;
        let holding = Arc::<Holding>::default();
        let queue = Arc::new(Queue::new(bounds, health.clone(), holding.clone()));
        let feed = Arc::new(Feed::new(last, feed_bytes));
        let (open, meter) = (Arc::<OpenRuns>::default(), Arc::new(Meter::new(trimmed)));
        let (durable, told) = watch::channel(trimmed);
        let (end, ended) = oneshot::channel();
        let thread = Thread {
            runtime,
            writer,
            queue: queue.clone(),
            feed: feed.clone(),
            open: open.clone(),
            meter: meter.clone(),
            health,
            holding: holding.clone(),
            lsn: last + 1,
            stored,
            _end: end,
        };
        thread
            .start()
            .map_err(|error| Error::Sql(format!("its thread could not be started: {error}")))?;
        let turn = Arc::<tokio::sync::Mutex<()>>::default();
        let trimmer = Trimmer {
            turn: turn.clone(),
            reader: reader.clone(),
            queue: queue.clone(),
            open: open.clone(),
            meter: meter.clone(),
            durable: told,
            trimmed,
            pace: Pace::new(bounds.trim_bytes, trimmer::TRIM),
        };
        tokio::spawn(trimmer.run());
        let source = Source {
            feed: feed.clone(),
            reader: reader.clone(),
            holding,
            last,
            trimmed,
            durable,
        };
        let journal = Self {
            queue,
            feed,
            open,
            meter,
            reader,
            turn,
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
            disk_full: self.queue.held() == Some(Hold::DiskFull),
            away: self.queue.held() == Some(Hold::DatabaseAway),
            open_runs: self.open.count(),
            last_row: self.feed.last().lsn,
            ..self.meter.read()
        }
    }

    /// Keeps the journal from being trimmed until the answer is dropped. It goes on growing meanwhile.
    pub(crate) async fn hold_trims(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    /// Writes what was appended and ends the thread. Where nothing can be written, what no one was told to be stored is given up.
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
        self.reader.close().await;
    }
}

impl Drop for RunJournal {
    /// Without `end` the thread ends as in a crash: what is not written is not.
    fn drop(&mut self) {
        self.queue.end(End::AtOnce);
    }
}

impl Journal for RunJournal {
    fn append(&self, entry: Entry, urgency: Urgency) -> Result<Position, JournalError> {
        self.queue.append(entry, urgency).map(Position)
    }

    fn commit(&self, position: Position) -> Boxed<'_, Result<(), JournalError>> {
        Box::pin(self.queue.commit(position.0))
    }

    fn committed(&self) -> Position {
        Position(self.queue.committed())
    }

    fn held(&self) -> Option<Hold> {
        self.queue.held()
    }

    fn recover(&self) -> Boxed<'_, Result<Recovered, JournalError>> {
        Box::pin(async {
            let recovered = self.reader.recover(Timestamp::now()).await?;
            self.open.found(recovered.runs.iter().map(|(run, _)| *run));
            Ok(recovered)
        })
    }
}
