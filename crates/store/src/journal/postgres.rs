//! The journal in PostgreSQL. A commit is one statement, hence one way to the server and back, and the epoch is checked in it.

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use weft_types::RunId;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Recovered;

use super::backend::{LogReader, LogWriter, NewRow, Opened};
use super::read::Row;
use super::trim::Plan;
use crate::error::Error;
use crate::postgres::{Session, within};

mod read;
mod trim;

/// The connection that writes.
pub(crate) struct PostgresLog {
    session: Session,
    /// The number of this opening.
    epoch: i64,
}

impl PostgresLog {
    /// Counts the opening: from then on no earlier one writes. Rows are numbered behind `applied`, the last that the records
    /// have.
    pub(crate) async fn open(mut session: Session, applied: u64) -> Result<(Self, Opened), Error> {
        let (connection, limit) = session.writing()?;
        let (epoch, opened) = within(limit, open_epoch(connection, applied)).await?;
        Ok((Self { session, epoch }, opened))
    }
}

impl LogWriter for PostgresLog {
    async fn append(&mut self, row: NewRow) -> Result<(), Error> {
        // The lock on the epoch makes whoever opens the journal anew wait for this row, or this row see the new epoch. A lock for
        // keys only would not: the epoch is none.
        const APPEND: &str = "INSERT INTO journal (lsn, epoch, n, data)
            SELECT $1, epoch, $3, $4 FROM progress WHERE epoch = $2 FOR SHARE";
        let (connection, limit) = self.session.writing()?;
        let append = sqlx::query(APPEND)
            .bind(row.lsn)
            .bind(self.epoch)
            .bind(row.count)
            .bind(row.data)
            .execute(connection);
        match within(limit, async { Ok(append.await?) }).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(Error::Superseded),
        }
    }

    async fn trim(&mut self, plan: &Plan) -> Result<(), Error> {
        let (connection, limit) = self.session.writing()?;
        within(limit, trim::apply(connection, plan, self.epoch)).await
    }

    /// PostgreSQL tends to its log by itself.
    async fn tend(&mut self) {}

    async fn close(self) {
        self.session.close().await;
    }
}

impl LogReader for PgPool {
    fn rows(&self, after: u64, up_to: u64, bytes: usize) -> Boxed<'_, Result<Vec<Row>, Error>> {
        Box::pin(read::rows(self, after, up_to, bytes))
    }

    fn recover(&self, now: Timestamp) -> Boxed<'_, Result<Recovered, Error>> {
        Box::pin(read::recover(self, now))
    }

    fn kept(&self) -> Boxed<'_, Result<Vec<RunId>, Error>> {
        Box::pin(read::kept(self))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(PgPool::close(self))
    }
}

/// Counts the opening, and finds the last row that was trimmed and the last that was ever written.
///
/// The rows are looked at by a statement of their own: one that had to wait for the epoch would see them as they were before.
async fn open_epoch(connection: &mut PgConnection, applied: u64) -> Result<(i64, Opened), Error> {
    const OPEN: &str = "UPDATE progress SET epoch = epoch + 1 RETURNING epoch, trimmed";
    const LAST: &str = "SELECT coalesce(max(lsn), 0) FROM journal";
    let mut opening = connection.begin().await?;
    let (epoch, trimmed): (i64, i64) = sqlx::query_as(OPEN).fetch_one(&mut *opening).await?;
    let last: i64 = sqlx::query_scalar(LAST).fetch_one(&mut *opening).await?;
    opening.commit().await?;
    Ok((epoch, Opened::new(trimmed, last, applied)?))
}
