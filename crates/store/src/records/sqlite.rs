//! The records in `records.db`.

use sqlx::sqlite::SqlitePool;
use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::Boxed;

use super::backend::{Answer, Applied, BlobRow, Numbered, RecordsReader, RecordsWriter};
use super::batch::Batch;
use super::list::Page;
use super::retention::Candidate;
use crate::error::Error;
use crate::sqlite::Writer;

mod page;
mod read;
mod remove;
mod write;

/// Where the records are.
pub(crate) async fn applied(readers: &SqlitePool) -> Result<Applied, Error> {
    const APPLIED: &str = "SELECT lsn, (SELECT coalesce(max(id), 0) + 1 FROM run) FROM applied";
    let (lsn, next_id) = sqlx::query_as(APPLIED).fetch_one(readers).await?;
    Applied::new(lsn, next_id)
}

impl RecordsWriter for Writer {
    async fn write(&mut self, batch: &Batch, before: i64, after: i64) -> Result<(), Error> {
        write::write(self, batch, before, after).await
    }

    /// A file goes nowhere.
    async fn resume(&mut self) -> Result<Applied, Error> {
        Err(Error::Closed)
    }

    async fn remove(&mut self, ranges: &[(i64, i64)]) -> Result<(), Error> {
        remove::remove(self, ranges).await
    }

    async fn delete(&mut self, id: i64) -> Result<(), Error> {
        remove::delete(self, id).await
    }

    /// A checkpoint syncs all before it.
    async fn settle(&mut self) -> bool {
        self.checkpoint().await
    }

    async fn close(self) {
        Self::close(self).await;
    }
}

impl RecordsReader for SqlitePool {
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
        Box::pin(SqlitePool::close(self))
    }
}
