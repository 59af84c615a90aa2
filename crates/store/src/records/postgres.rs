//! The records in PostgreSQL, beside the journal.
//!
//! Their commits are not waited for: whatever trims the journal comes behind them in PostgreSQL's own log, so a cut of power that
//! takes records takes the trim as well.

use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use uuid::Uuid;
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::Boxed;

use super::backend::{Answer, Applied, BlobRow, Numbered, RecordsReader, RecordsWriter};
use super::batch::Batch;
use super::list::Page;
use super::retention::Candidate;
use crate::error::Error;
use crate::postgres::{Session, within};

mod page;
mod read;
mod remove;
mod write;

/// The connection that writes.
pub(crate) struct PostgresRecords {
    session: Session,
    /// Names this opening.
    owner: Uuid,
    /// The number of this opening, or of the connection in it.
    epoch: i64,
    /// About how many bytes were written since the journal was last told that it may trim, and how many are to be.
    gathered: u64,
    settled_bytes: u64,
}

impl PostgresRecords {
    /// Counts the opening: from then on no earlier one writes. The journal is told of what was written about every
    /// `settled_bytes` bytes.
    pub(crate) async fn open(mut session: Session, settled_bytes: u64) -> Result<(Self, Applied), Error> {
        const OPEN: &str = "UPDATE applied SET epoch = epoch + 1, owner = $1 RETURNING epoch, lsn";
        let owner = Uuid::now_v7();
        let (connection, limit) = session.writing()?;
        let (epoch, applied) = within(limit, count(connection, OPEN, owner)).await?;
        let records = Self {
            session,
            owner,
            epoch,
            gathered: 0,
            settled_bytes,
        };
        Ok((records, applied))
    }
}

impl RecordsWriter for PostgresRecords {
    async fn write(&mut self, batch: &Batch, before: i64, after: i64) -> Result<(), Error> {
        let taking = write::Taking {
            epoch: self.epoch,
            before,
            after,
        };
        let (connection, limit) = self.session.writing()?;
        within(limit, write::write(connection, batch, taking)).await?;
        self.gathered += batch.bytes();
        Ok(())
    }

    /// As of the journal.
    async fn resume(&mut self) -> Result<Applied, Error> {
        const RESUME: &str = "UPDATE applied SET epoch = epoch + 1 WHERE owner = $1 RETURNING epoch, lsn";
        self.session.connect_anew().await?;
        let (connection, limit) = self.session.writing()?;
        let (epoch, applied) = within(limit, count(connection, RESUME, self.owner)).await?;
        self.epoch = epoch;
        Ok(applied)
    }

    async fn remove(&mut self, ranges: &[(i64, i64)]) -> Result<(), Error> {
        let (connection, limit) = self.session.writing()?;
        within(limit, remove::remove(connection, ranges, self.epoch)).await
    }

    async fn delete(&mut self, id: i64) -> Result<(), Error> {
        let (connection, limit) = self.session.writing()?;
        within(limit, remove::delete(connection, id, self.epoch)).await
    }

    /// All of it is as durable as need be; only the journal is not to be trimmed row by row.
    async fn settle(&mut self) -> bool {
        let settled = self.gathered >= self.settled_bytes;
        if settled {
            self.gathered = 0;
        }
        settled
    }

    async fn close(self) {
        self.session.close().await;
    }
}

impl RecordsReader for PgPool {
    fn record<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(read::record(self, project, run))
    }

    fn page<'a>(&'a self, page: &'a Page<'_>) -> Answer<'a, Vec<Vec<u8>>> {
        Box::pin(read::page(self, page))
    }

    fn row(&self, run: RunId) -> Answer<'_, Option<Numbered>> {
        Box::pin(read::row(self, run))
    }

    fn closed_row<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Answer<'a, Option<i64>> {
        Box::pin(read::closed_row(self, project, run))
    }

    fn pieces(&self, first: i64, last: i64, bytes: usize) -> Answer<'_, Vec<Numbered>> {
        Box::pin(read::pieces(self, first, last, bytes))
    }

    fn last_piece(&self, first: i64, last: i64) -> Answer<'_, Option<i64>> {
        Box::pin(read::last_piece(self, first, last))
    }

    fn blobs(&self, row: i64, digest: Vec<u8>, limit: i64) -> Answer<'_, Vec<BlobRow>> {
        Box::pin(read::blobs(self, row, digest, limit))
    }

    fn candidates(&self, after: i64, count: usize) -> Answer<'_, Vec<Candidate>> {
        Box::pin(read::candidates(self, after, count))
    }

    fn closed(&self) -> Answer<'_, i64> {
        Box::pin(read::closed(self))
    }

    fn bytes(&self) -> Answer<'_, i64> {
        Box::pin(read::bytes(self))
    }

    fn open_bytes(&self) -> Answer<'_, i64> {
        Box::pin(read::open_bytes(self))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(PgPool::close(self))
    }
}

/// Counts the opening, or a connection of it, and finds where the records are once nobody else writes any more.
async fn count(
    connection: &mut PgConnection,
    counting: &'static str,
    owner: Uuid,
) -> Result<(i64, Applied), Error> {
    const NEXT: &str = "SELECT coalesce(max(id), 0) + 1 FROM run";
    let mut opening = connection.begin().await?;
    let counted = sqlx::query_as(counting)
        .bind(owner.as_bytes().as_slice())
        .fetch_optional(&mut *opening)
        .await?;
    let (epoch, lsn): (i64, i64) = counted.ok_or(Error::Superseded)?;
    let next_id: i64 = sqlx::query_scalar(NEXT).fetch_one(&mut *opening).await?;
    opening.commit().await?;
    Ok((epoch, Applied::new(lsn, next_id)?))
}
