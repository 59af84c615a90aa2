//! The journal in `journal.db`. A commit is one statement, hence one way to SQLite's thread and back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use tokio::task::JoinHandle;
use weft_types::RunId;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Recovered;

use super::backend::{LogReader, LogWriter, NewRow, Opened};
use super::read::Row;
use super::trim::Plan;
use crate::error::Error;
use crate::sqlite::{Copier, Writer};

mod read;
mod trim;

/// The pages that a commit writes beside its bytes: the row's leaf, and one that leads there.
const COMMIT_BYTES: u64 = 2 * 4096;

/// The connection that writes, and the task that copies its log.
pub(crate) struct SqliteLog {
    writer: Writer,
    copier: Arc<Copier>,
    copying: JoinHandle<()>,
    /// The number of this opening.
    epoch: i64,
}

impl SqliteLog {
    /// Counts the opening, and starts on the current tokio runtime the task that copies the log. `helper` is a second writer of
    /// the same database, for that task. Rows are numbered behind `applied`, the last that the records have.
    pub(crate) async fn open(
        mut writer: Writer,
        helper: Writer,
        applied: u64,
    ) -> Result<(Self, Opened), Error> {
        let (epoch, opened) = open_epoch(&mut writer, applied).await?;
        let (copier, copying) = Copier::start(helper);
        let log = Self {
            writer,
            copier,
            copying,
            epoch,
        };
        Ok((log, opened))
    }
}

impl LogWriter for SqliteLog {
    async fn append(&mut self, row: NewRow) -> Result<(), Error> {
        // Where the directory was opened anew, this journal is another's past: it must not write another word.
        const APPEND: &str = "INSERT INTO journal (lsn, epoch, n, data)
            SELECT $1, $2, $3, $4 WHERE $2 = (SELECT epoch FROM progress)";
        let bytes = row.data.len() as u64 + COMMIT_BYTES;
        let append = sqlx::query(APPEND)
            .bind(row.lsn)
            .bind(self.epoch)
            .bind(row.count)
            .bind(row.data);
        match self.writer.execute_whole(append, bytes).await? {
            1 => Ok(()),
            _ => Err(Error::Superseded),
        }
    }

    /// A file goes nowhere.
    const LOOKS: Option<Duration> = None;

    async fn look(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn resume(&mut self) -> Result<Opened, Error> {
        Err(Error::Closed)
    }

    async fn trim(&mut self, plan: &Plan) -> Result<(), Error> {
        trim::apply(&mut self.writer, plan).await
    }

    async fn tend(&mut self) {
        self.copier.step(&mut self.writer).await;
    }

    async fn close(self) {
        self.copier.end();
        // It cannot fail but by a panic, and then has no connection any more.
        let _ = self.copying.await;
        self.writer.close().await;
    }
}

impl LogReader for SqlitePool {
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
        Box::pin(SqlitePool::close(self))
    }
}

/// Counts the opening, and finds the last row that was trimmed and the last that was ever written.
async fn open_epoch(writer: &mut Writer, applied: u64) -> Result<(i64, Opened), Error> {
    const OPEN: &str = "UPDATE progress SET epoch = epoch + 1
        RETURNING epoch, trimmed, coalesce((SELECT max(lsn) FROM journal), 0)";
    let connection = writer.begin().await?;
    let (epoch, trimmed, last): (i64, i64, i64) = match sqlx::query_as(OPEN).fetch_one(connection).await {
        Ok(row) => row,
        Err(error) => return Err(writer.abandon(error.into()).await),
    };
    writer.commit(0).await?;
    Ok((epoch, Opened::new(trimmed, last, applied)?))
}
