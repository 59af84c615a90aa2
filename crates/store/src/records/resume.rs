//! A database that went away, and came back.
//!
//! Transactions of the records are not waited for: a database that crashed may have lost some that it had told, though none from between
//! others. The journal still has their rows, as trimming comes behind them in the database's own log, so they are taken again from there. Where
//! the records are is looked at whenever the journal's connection was lost, and until then nobody is told that they have anything.

use super::backend::{Applied, RecordsWriter};
use super::batch::Batch;
use super::projector::{End, Projector};
use crate::again::Again;
use crate::error::Error;

impl<W: RecordsWriter> Projector<W> {
    /// Looks where the records are, as they may have lost something.
    pub(super) async fn look(&mut self) -> Result<(), End> {
        let losses = self.source.holding.losses();
        let found = self.resume("that of the journal was").await?;
        self.losses = losses;
        if found.lsn() != self.applied {
            return Err(End::Behind(found));
        }
        self.tell();
        Ok(())
    }

    /// Whether a batch that was cut off is in the records, as far as row `applied` of the journal.
    pub(super) async fn is_stored(&mut self, told: &str, batch: &Batch, applied: u64) -> Result<bool, End> {
        let found = self.resume(told).await?;
        if found.lsn() == applied && applied > self.applied {
            return Ok(true);
        }
        if found.lsn() != self.applied {
            return Err(End::Behind(found));
        }
        // Of what is not journalled, one run tells of all: they came together or not at all.
        let mut again = Again::new();
        let Some(first) = batch.changes().first().filter(|_| applied == self.applied) else {
            return Ok(false);
        };
        loop {
            match self.reader.row(first.held.record.run).await {
                Ok(row) => return Ok(row.is_some()),
                Err(error) => self.again(&mut again, error).await?,
            }
        }
    }

    /// Begins again where the records are.
    pub(super) async fn go_back(&mut self, found: Applied) -> Result<(), Error> {
        tracing::warn!(
            found = found.lsn(),
            known = self.applied,
            "the database lost the latest records, as it crashed: they are made again from the journal"
        );
        self.position -= self.entries_behind(found.lsn()).await?;
        self.applied = found.lsn();
        self.next_id = found.next_id;
        self.held.clear();
        self.sweep.recount();
        self.lingers = None;
        self.tell();
        Ok(())
    }

    /// Connects anew, however long that takes.
    async fn resume(&mut self, told: &str) -> Result<Applied, Error> {
        tracing::warn!(why = told, "the connection of the records was lost");
        let mut again = Again::new();
        loop {
            match self.writer.resume().await {
                Ok(found) => return Ok(found),
                Err(error) => self.again(&mut again, error).await?,
            }
        }
    }

    /// How many entries of this opening the rows have that are behind `lsn`, up to the last that was in the records.
    async fn entries_behind(&mut self, lsn: u64) -> Result<u64, Error> {
        let (mut after, mut entries) = (lsn.max(self.source.last), 0);
        let mut again = Again::new();
        while after < self.applied {
            let rows = self.source.reader.rows(after, self.applied, self.bounds.bytes());
            match rows.await {
                Ok(rows) => {
                    entries += rows.iter().map(|row| row.entries.len() as u64).sum::<u64>();
                    after = rows.last().map_or(self.applied, |row| row.lsn);
                }
                Err(error) => self.again(&mut again, error).await?,
            }
        }
        Ok(entries.min(self.position))
    }

    /// Tells where the records are.
    fn tell(&self) {
        let position = (self.applied >= self.source.last).then_some(self.position);
        self.progress.found(position, self.losses);
    }
}
