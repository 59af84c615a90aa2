//! The journal in PostgreSQL. A commit is one statement, hence one way to the server and back, and the epoch is checked in it.
//!
//! A connection that is lost leaves a statement of which nobody knows whether it happened, or still will: a server that was cut off
//! goes on with what it was sent. So a new connection counts up the epoch first, which waits for whatever holds the old one, and has
//! everything else that names it find nothing. Only then the rows are looked at. That is done by the same owner only: who opened the
//! journal meanwhile has become that.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use uuid::Uuid;
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

/// How long an answer to a look may take: nobody waits for more than that a network that says nothing is there again.
const LOOK: Duration = Duration::from_secs(10);

/// The connection that writes.
pub(crate) struct PostgresLog {
    session: Session,
    /// Names this opening.
    owner: Uuid,
    /// The number of this opening, or of the connection in it.
    epoch: i64,
}

impl PostgresLog {
    /// Counts the opening: from then on no earlier one writes. Rows are numbered behind `applied`, the last that the records
    /// have.
    pub(crate) async fn open(mut session: Session, applied: u64) -> Result<(Self, Opened), Error> {
        const OPEN: &str = "UPDATE progress SET epoch = epoch + 1, owner = $1 RETURNING epoch, trimmed";
        let owner = Uuid::now_v7();
        let (connection, limit) = session.writing()?;
        let (epoch, opened) = within(limit, count(connection, OPEN, owner, applied)).await?;
        let log = Self {
            session,
            owner,
            epoch,
        };
        Ok((log, opened))
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

    const LOOKS: Option<Duration> = Some(Duration::from_secs(1));

    async fn look(&mut self) -> Result<(), Error> {
        const LOOK_AT: &str = "SELECT EXISTS (SELECT FROM progress WHERE epoch = $1)";
        let (connection, limit) = self.session.writing()?;
        let look = sqlx::query_scalar(LOOK_AT).bind(self.epoch).fetch_one(connection);
        match within(limit.min(LOOK), async { Ok(look.await?) }).await? {
            true => Ok(()),
            false => Err(Error::Superseded),
        }
    }

    async fn resume(&mut self) -> Result<Opened, Error> {
        const RESUME: &str =
            "UPDATE progress SET epoch = epoch + 1 WHERE owner = $1 RETURNING epoch, trimmed";
        self.session.connect_anew().await?;
        let (connection, limit) = self.session.writing()?;
        let (epoch, opened) = within(limit, count(connection, RESUME, self.owner, 0)).await?;
        self.epoch = epoch;
        self.session.claim_again().await?;
        Ok(opened)
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

/// Counts the opening, or a connection of it, and finds the last row that was trimmed and the last that was ever written.
///
/// The rows are looked at by a statement of their own: one that had to wait for the epoch would see them as they were before. The
/// commit is synced, and with it all that it found.
async fn count(
    connection: &mut PgConnection,
    counting: &'static str,
    owner: Uuid,
    applied: u64,
) -> Result<(i64, Opened), Error> {
    const LAST: &str = "SELECT coalesce(max(lsn), 0) FROM journal";
    let mut opening = connection.begin().await?;
    let counted = sqlx::query_as(counting)
        .bind(owner.as_bytes().as_slice())
        .fetch_optional(&mut *opening)
        .await?;
    let (epoch, trimmed): (i64, i64) = counted.ok_or(Error::Superseded)?;
    let last: i64 = sqlx::query_scalar(LAST).fetch_one(&mut *opening).await?;
    opening.commit().await?;
    Ok((epoch, Opened::new(trimmed, last, applied)?))
}
