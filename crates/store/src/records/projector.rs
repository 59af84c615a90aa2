//! The task that writes the records.
//!
//! It takes what was committed from memory, or from the journal where memory let go of it, and puts it into the records batch
//! by batch: each run once, and the number of the journal's last row in the same transaction, so that nothing is taken twice
//! or left out whatever happens. Transactions need not be durable. Now and then they are made so, and only then the journal is
//! told that it may trim: a cut of power takes the latest batches, and the journal gives them back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use weft_workflow_engine::port::journal::Entry;

use super::backend::{Applied, RecordsReader, RecordsWriter};
use super::batch::Batch;
use super::held::HeldRuns;
use super::inbox::{Inbox, Request};
use super::progress::Progress;
use super::requests;
use super::sweep::Sweep;
use crate::again::Again;
use crate::error::Error;
use crate::journal::{self, Committed, Next, Source};
use crate::options::Options;

/// What bounds a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of entries after which it takes no further row.
    bytes: usize,
    /// How long it waits for more.
    linger: Duration,
}

impl Bounds {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            bytes: options.records_batch_bytes.max(1),
            linger: options.records_linger,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

pub(super) struct Projector<W> {
    pub(super) writer: W,
    pub(super) reader: Arc<dyn RecordsReader>,
    pub(super) source: Source,
    pub(super) inbox: Inbox,
    pub(super) progress: Arc<Progress>,
    pub(super) bounds: Bounds,
    pub(super) sweep: Sweep,
    pub(super) held: HeldRuns,
    /// The row of the next run.
    pub(super) next_id: i64,
    /// The last row of the journal that is in the records, and its position.
    pub(super) applied: u64,
    pub(super) position: u64,
    /// The losses of the journal's connection after which was looked where the records are.
    pub(super) losses: u64,
    /// Until when it waits for more before it takes what there is.
    pub(super) lingers: Option<Instant>,
}

/// What there is to do.
enum Due {
    /// Entries and express runs, if there are any.
    Projection,
    /// A chunk of runs for retention to look at.
    Sweep,
    Request(Request),
    /// Where the records are, as the database may have come back without the latest batches.
    Look,
}

/// The task ends.
pub(super) enum End {
    /// There will be nothing more.
    Closed,
    /// The records are further back than was known: it begins again from there.
    Behind(Applied),
    /// Nothing more can be written.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Entries to project, and up to where they go.
struct Taken {
    entries: Vec<Entry>,
    applied: u64,
    position: u64,
}

impl<W: RecordsWriter> Projector<W> {
    pub(super) async fn run(mut self) {
        loop {
            match self.step().await {
                Ok(()) => {}
                Err(End::Closed) => break,
                Err(End::Behind(found)) => {
                    if let Err(error) = self.go_back(found).await {
                        self.give_up(&error);
                        break;
                    }
                }
                Err(End::Failed(error)) => {
                    self.give_up(&error);
                    break;
                }
            }
        }
        self.inbox.requests.close();
        self.writer.close().await;
    }

    fn give_up(&self, error: &Error) {
        tracing::error!(%error, "the records are not written any more until the store is opened again");
        self.progress.end(error);
    }

    async fn step(&mut self) -> Result<(), End> {
        match self.rest().await {
            Due::Look => self.look().await,
            Due::Request(request) => {
                // Whoever asks may know of an express run that still waits.
                if self.inbox.express.bytes() > 0 {
                    self.project(self.nothing()).await?;
                }
                Ok(self.serve(request).await?)
            }
            Due::Sweep => self.sweep().await,
            Due::Projection => {
                self.lingers = None;
                let taken = self.take().await?;
                self.project(taken).await?;
                self.settle().await;
                // However much there is to project, there is a turn for this.
                match self.sweep.is_due() {
                    true => self.sweep().await,
                    false => Ok(()),
                }
            }
        }
    }

    async fn sweep(&mut self) -> Result<(), End> {
        let swept = self
            .sweep
            .step(&mut self.writer, &*self.reader, Timestamp::now())
            .await;
        self.tolerate(swept)?;
        self.settle().await;
        Ok(())
    }

    /// Now and then makes what was written durable, after which the journal may be trimmed.
    async fn settle(&mut self) {
        if self.writer.settle().await {
            self.source.durable.send_replace(self.applied);
        }
    }

    /// Waits until there is something to do that is not better done together with more.
    async fn rest(&mut self) -> Due {
        if self.source.holding.losses() > self.losses {
            return Due::Look;
        }
        if let Ok(request) = self.inbox.requests.try_recv() {
            return Due::Request(request);
        }
        let feed = &self.source.feed;
        if self.progress.is_wanted() || feed.bytes() >= self.bounds.bytes || feed.is_ended() {
            tokio::task::yield_now().await;
            return Due::Projection;
        }
        if feed.last().lsn > self.applied || self.inbox.express.bytes() > 0 {
            let until = *self
                .lingers
                .get_or_insert_with(|| Instant::now() + self.bounds.linger);
            return tokio::select! {
                biased;
                () = sleep_until(until) => Due::Projection,
                () = self.progress.hurried() => Due::Projection,
                () = self.sweep.rest() => Due::Sweep,
                Some(request) = self.inbox.requests.recv() => Due::Request(request),
            };
        }
        tokio::select! {
            () = self.source.holding.lost_since(self.losses) => Due::Look,
            () = feed.changed() => Due::Projection,
            () = self.inbox.express.changed() => Due::Projection,
            () = self.sweep.rest() => Due::Sweep,
            Some(request) = self.inbox.requests.recv() => Due::Request(request),
        }
    }

    async fn serve(&mut self, request: Request) -> Result<(), Error> {
        match request {
            Request::Delete { project, run, answer } => {
                let deleted = requests::delete(&mut self.writer, &*self.reader, &project, run).await;
                self.sweep.removed(u64::from(matches!(deleted, Ok(true))));
                let _ = answer.send(deleted.clone());
                self.tolerate(deleted.map(drop))
            }
        }
    }

    /// What follows the last row that is in the records.
    async fn take(&mut self) -> Result<Taken, End> {
        let mut taken = self.nothing();
        match self.source.feed.take(self.applied + 1, self.bounds.bytes) {
            Next::Rows(rows) => rows.into_iter().for_each(|row| taken.add(row)),
            Next::Read { up_to } => self.read_back(up_to, &mut taken).await?,
            Next::Nothing => {}
            Next::Ended if self.inbox.express.bytes() > 0 => {}
            Next::Ended => return Err(End::Closed),
        }
        Ok(taken)
    }

    /// Where the records stand.
    fn nothing(&self) -> Taken {
        Taken {
            entries: Vec::new(),
            applied: self.applied,
            position: self.position,
        }
    }

    /// Reads rows that memory let go of, or that were committed before the store was opened.
    async fn read_back(&mut self, up_to: u64, taken: &mut Taken) -> Result<(), Error> {
        let mut again = Again::new();
        let rows = loop {
            let reader = &self.source.reader;
            match reader.rows(self.applied, up_to, self.bounds.bytes).await {
                Ok(rows) => break rows,
                Err(error) => self.again(&mut again, error).await?,
            }
        };
        if rows.is_empty() {
            // Numbers that were never given, as the records were ahead of the journal.
            taken.applied = up_to;
        }
        for row in rows {
            if row.lsn > self.source.last {
                taken.position += row.entries.len() as u64;
            }
            taken.applied = row.lsn;
            taken.entries.extend(row.entries);
        }
        Ok(())
    }

    /// Puts entries, and express runs that wait, into the records.
    async fn project(&mut self, taken: Taken) -> Result<(), End> {
        let mut again = Again::new();
        let mut batch = loop {
            // What a try takes out of memory is in the records.
            match self.gather(&taken.entries).await {
                Ok(batch) => break batch,
                Err(error) => self.again(&mut again, error).await?,
            }
        };
        let journalled = batch.changes().len();
        let queued = self.add_express(&mut batch);
        if (taken.applied > self.applied || !batch.is_empty())
            && let Err(end) = self.store(&mut batch, taken.applied).await
        {
            self.inbox.express.give_back(batch.into_express(journalled));
            return Err(end);
        }
        self.applied = taken.applied;
        self.position = taken.position;
        for change in batch.into_changes() {
            if change.held.record.status.is_closed() {
                self.sweep.added(1);
            } else {
                self.held.put(change.into_held());
            }
        }
        self.progress.advance_express(queued);
        if self.applied >= self.source.last {
            self.progress.advance(self.position);
        }
        Ok(())
    }

    /// Writes a batch, however long that takes.
    async fn store(&mut self, batch: &mut Batch, applied: u64) -> Result<(), End> {
        let (before, after) = (journal::number(self.applied)?, journal::number(applied)?);
        let mut again = Again::new();
        let mut searched = false;
        loop {
            match self.writer.write(batch, before, after).await {
                Ok(()) => return Ok(()),
                Err(Error::Exists(_)) if !searched => {
                    searched = true;
                    self.find_known(batch).await?;
                }
                Err(Error::Lost(told)) => {
                    if self.is_stored(&told, batch, applied).await? {
                        return Ok(());
                    }
                }
                Err(error) => self.again(&mut again, error).await?,
            }
        }
    }

    /// Waits before another try, where one may help. Who asks for something meanwhile is told at once that it cannot be done.
    pub(super) async fn again(&mut self, again: &mut Again, error: Error) -> Result<(), Error> {
        if self.source.feed.is_ended() || !error.may_pass() {
            return Err(error);
        }
        tracing::warn!(%error, "the records wait");
        let mut waiting = std::pin::pin!(again.wait());
        loop {
            tokio::select! {
                () = &mut waiting => return Ok(()),
                Some(request) = self.inbox.requests.recv() => self.serve(request).await?,
            }
        }
    }

    /// Goes on where nothing was left half done.
    fn tolerate(&self, outcome: Result<(), Error>) -> Result<(), Error> {
        match outcome {
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, "the records were not changed");
                Ok(())
            }
            other => other,
        }
    }
}

impl Taken {
    fn add(&mut self, row: Committed) {
        self.applied = row.lsn;
        self.position = row.position;
        self.entries.extend(row.entries);
    }
}
