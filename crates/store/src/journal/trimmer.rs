//! The task that decides what is trimmed, chunk by chunk.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use weft_types::RunId;

use super::backend::LogReader;
use super::gauges::Meter;
use super::open_runs::OpenRuns;
use super::queue::Queue;
use super::trim::{self, Trim};
use crate::again::Again;
use crate::error::Error;
use crate::pace::Pace;

/// About how long a trim takes, and thus holds up a commit. Its statements take a third of that whatever they remove, so
/// trims are rather few and large than many and small.
pub(super) const TRIM: Duration = Duration::from_micros(200);

/// What the task works with.
pub(super) struct Trimmer {
    pub(super) reader: Arc<dyn LogReader>,
    pub(super) queue: Arc<Queue>,
    pub(super) open: Arc<OpenRuns>,
    pub(super) meter: Arc<Meter>,
    /// The last row that the records have on the disk.
    pub(super) durable: watch::Receiver<u64>,
    /// The last row that was trimmed.
    pub(super) trimmed: u64,
    /// Bytes that are trimmed at a time.
    pub(super) pace: Pace,
    /// Taken for each step: a backup takes it for as long as nothing may go.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

impl Trimmer {
    /// Trims whenever more may go, until the journal is closed.
    pub(super) async fn run(mut self) {
        let mut again = Again::new();
        let mut kept = loop {
            match self.reader.kept().await {
                Ok(runs) => break HashSet::from_iter(runs),
                Err(error) if error.may_pass() => again.wait().await,
                Err(error) => return give_up(&error),
            }
        };
        while self.durable.changed().await.is_ok() {
            let durable = *self.durable.borrow_and_update();
            while self.trimmed < durable {
                let turn = self.turn.clone().lock_owned().await;
                let stepped = self.step(durable, &mut kept).await;
                drop(turn);
                match stepped {
                    Ok(true) => again = Again::new(),
                    Ok(false) => break,
                    Err(error) if error.may_pass() => again.wait().await,
                    Err(error) => return give_up(&error),
                }
            }
        }
    }

    /// Trims one chunk. Answers whether that could be done now.
    async fn step(&mut self, durable: u64, kept: &mut HashSet<RunId>) -> Result<bool, Error> {
        let rows = self
            .reader
            .rows(self.trimmed, durable, self.pace.amount())
            .await?;
        let runs = rows.iter().flat_map(|row| &row.entries).map(|entry| entry.run);
        let Some(open) = self.open.among(runs) else {
            return Ok(false);
        };
        let plan = trim::plan(&rows, &open, kept, Timestamp::now());
        // Without rows there is nothing up to there.
        let up_to = if rows.is_empty() { durable } else { plan.up_to };
        let closed = plan.closed.clone();
        let pieces: Vec<_> = plan.kept.iter().map(|piece| piece.run).collect();
        if !rows.is_empty() && !self.carry_out(plan).await {
            return Ok(false);
        }
        for run in &closed {
            kept.remove(run);
        }
        kept.extend(pieces);
        self.trimmed = up_to;
        self.meter.trimmed.store(up_to, Ordering::Relaxed);
        Ok(true)
    }

    async fn carry_out(&mut self, plan: trim::Plan) -> bool {
        let (done, outcome) = oneshot::channel();
        self.queue.trim(Trim { plan, done });
        let took = outcome.await.ok().flatten();
        if let Some(took) = took {
            self.pace.took(took);
        }
        took.is_some()
    }
}

/// Nothing is lost by a journal that grows, but somebody should look.
fn give_up(error: &Error) {
    tracing::error!(%error, "the journal is not trimmed any more until the store is opened again");
}
