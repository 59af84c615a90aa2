//! The thread that writes.
//!
//! It takes whatever has queued while it was busy into one row of one transaction, so that one sync serves many; where many
//! come again and again, it waits for them a little (see `grouping`). Only then it acknowledges, passes the row on to the records, and, between two commits, trims and
//! does whatever else the database wants done.

use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};
use std::{io, mem};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use weft_workflow_engine::port::journal::Hold;

use super::backend::{LogWriter, NewRow, number};
use super::feed::{Committed, Feed};
use super::gauges::Meter;
use super::holding::Holding;
use super::open_runs::OpenRuns;
use super::pending::Batch;
use super::queue::{Queue, Work};
use super::row;
use super::trim::Trim;
use crate::error::Error;
use crate::health::Health;

/// The first and the longest wait before another try on a full disk, or for a database that is away.
const RETRY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// What the thread works with.
pub(super) struct Thread<W> {
    /// Where the writer waits for its database.
    pub(super) runtime: Runtime,
    pub(super) writer: W,
    pub(super) queue: Arc<Queue>,
    pub(super) feed: Arc<Feed>,
    pub(super) open: Arc<OpenRuns>,
    pub(super) meter: Arc<Meter>,
    pub(super) health: Arc<Health>,
    pub(super) holding: Arc<Holding>,
    /// The number of the next row.
    pub(super) lsn: u64,
    /// The last row that is known to be stored.
    pub(super) stored: u64,
    /// Let go of at the end, for whoever waits for that.
    pub(super) _end: oneshot::Sender<()>,
}

mod lost;

/// Nothing more can be written.
struct Over;

impl<W: LogWriter> Thread<W> {
    pub(super) fn start(self) -> io::Result<()> {
        let builder = Builder::new().name("weft-journal".to_owned());
        builder.spawn(move || self.run()).map(drop)
    }

    fn run(mut self) {
        while self.step().is_ok() {}
        self.feed.end();
        self.queue.fail(&Error::Closed.to_string());
        self.runtime.block_on(self.writer.close());
    }

    fn step(&mut self) -> Result<(), Over> {
        match self.queue.next(W::LOOKS) {
            Work::Commit(batch) => {
                self.commit(batch)?;
                self.runtime.block_on(self.writer.tend());
            }
            Work::Trim(trim) => self.trim(trim)?,
            Work::Look => self.look()?,
            Work::End => return Err(Over),
        }
        Ok(())
    }

    /// Makes a batch durable, however long that takes, and tells.
    fn commit(&mut self, mut batch: Batch) -> Result<(), Over> {
        let started = Instant::now();
        let (mut delay, mut lost) = (RETRY.0, false);
        while let Err(error) = self.write(&batch) {
            match error {
                Error::Lost(told) => {
                    // The row of that number is this one: nobody else has opened the journal.
                    if self.resume(&told)?.stored == self.lsn {
                        break;
                    }
                    // Something cuts off each commit, though it lets connections through.
                    if mem::replace(&mut lost, true) && !self.queue.hold(Hold::DatabaseAway, delay) {
                        return Err(Over);
                    }
                    delay = (delay * 2).min(RETRY.1);
                }
                error => self.endure(error, &mut delay)?,
            }
        }
        if self.queue.held().is_some() {
            tracing::info!("the journal can be written again: runs go on");
        }
        let took = started.elapsed();
        self.queue.done(batch.position, took);
        self.meter.committed(batch.entries.len(), batch.bytes, took);
        // Before the row can be trimmed, which those do who are fed.
        self.open.committed(batch.entries.iter());
        self.feed.push(Committed {
            lsn: self.lsn,
            position: batch.position,
            entries: mem::take(&mut batch.entries),
            bytes: batch.bytes,
        });
        self.stored = self.lsn;
        self.lsn += 1;
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), Error> {
        let row = NewRow {
            lsn: number(self.lsn)?,
            count: i64::try_from(batch.entries.len()).unwrap_or(i64::MAX),
            data: row::encode(self.lsn, batch.entries.iter()),
        };
        self.runtime.block_on(self.writer.append(row))
    }

    /// Waits before another try where one may help, and ends all writing where none can.
    fn endure(&self, error: Error, delay: &mut Duration) -> Result<(), Over> {
        let goes_on = match error {
            Error::Full => {
                if self.queue.held().is_none() {
                    tracing::error!("the journal's disk is full: runs wait until there is room again");
                }
                self.queue.hold(Hold::DiskFull, *delay)
            }
            Error::Busy(_) => {
                tracing::warn!(%error, "the journal waits");
                self.queue.pause(*delay)
            }
            error => return Err(self.fail(error)),
        };
        *delay = (*delay * 2).min(RETRY.1);
        if goes_on { Ok(()) } else { Err(Over) }
    }

    /// Ends all writing: a row may be missing now that later ones would follow upon.
    fn fail(&self, error: Error) -> Over {
        let broken = match error {
            Error::Broken(broken) => broken,
            other => self
                .health
                .failed(format!("the journal could not be written: {other}")),
        };
        self.queue.fail(&broken.to_string());
        Over
    }

    /// A trim that fails is tried again with the next one.
    fn trim(&mut self, trim: Trim) -> Result<(), Over> {
        let started = Instant::now();
        let mut outcome = self.runtime.block_on(self.writer.trim(&trim.plan));
        if let Err(Error::Lost(told)) = outcome {
            let done = self.resume(&told)?.trimmed >= trim.plan.up_to;
            outcome = done.then_some(()).ok_or(Error::Busy(told));
        }
        match outcome {
            Ok(()) => {
                let _ = trim.done.send(Some(started.elapsed()));
            }
            Err(Error::Full | Error::Busy(_)) => {
                let _ = trim.done.send(None);
            }
            Err(error) => {
                let _ = trim.done.send(None);
                let mut delay = RETRY.0;
                self.endure(error, &mut delay)?;
            }
        }
        Ok(())
    }
}
