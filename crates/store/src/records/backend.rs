//! What a database does for the records. All that is decided is decided elsewhere, once for all databases.

use std::fmt::Debug;

use weft_types::{ProjectName, RunId};
use weft_workflow_engine::port::Boxed;

use super::batch::Batch;
use super::list::Page;
use super::retention::Candidate;
use crate::error::Error;

/// The writer's side: one connection, used by the projector alone.
pub(crate) trait RecordsWriter: Send + Sync + 'static {
    /// Writes a batch, which takes the journal's rows from `before` to `after`. All of it happens or nothing; it need not be
    /// durable yet.
    ///
    /// # Errors
    /// [`Error::Superseded`] where somebody else has taken those rows; [`Error::Exists`] where a run that is new is there
    /// already; [`Error::Full`] and [`Error::Busy`] where another try may help.
    fn write(
        &mut self,
        batch: &Batch,
        before: i64,
        after: i64,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Connects anew after [`Error::Lost`], and finds where the records are. Whatever was under way has happened by then, or never will.
    ///
    /// # Errors
    /// [`Error::Superseded`] where somebody else has opened the records since. Others may pass, as [`Error::may_pass`] tells.
    fn resume(&mut self) -> impl Future<Output = Result<Applied, Error>> + Send;

    /// Removes the runs in rows, from the first to the last of each range; it need not be durable yet.
    ///
    /// # Errors
    /// [`Error::Superseded`] where somebody else has opened the records since.
    fn remove(&mut self, ranges: &[(i64, i64)]) -> impl Future<Output = Result<(), Error>> + Send;

    /// Removes the run in a row, durably once this has answered.
    ///
    /// # Errors
    /// As [`Self::remove`].
    fn delete(&mut self, id: i64) -> impl Future<Output = Result<(), Error>> + Send;

    /// Now and then makes what was written durable. Answers whether all of it is by now, so that the journal may be trimmed.
    fn settle(&mut self) -> impl Future<Output = bool> + Send;

    /// Closes the connection.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// What a reader answers with.
pub(crate) type Answer<'a, T> = Boxed<'a, Result<T, Error>>;

/// The number of a row, and the bytes in it.
pub(crate) type Numbered = (i64, Vec<u8>);

/// A run's row, its project, and a blob that it refers to.
pub(crate) type BlobRow = (i64, String, Vec<u8>);

/// The readers' side. Records and pieces of history are bytes here.
pub(crate) trait RecordsReader: Debug + Send + Sync + 'static {
    /// The record of a project's run.
    fn record<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Answer<'a, Option<Vec<u8>>>;

    /// The records of a page, the newest run first.
    fn page<'a>(&'a self, page: &'a Page<'_>) -> Answer<'a, Vec<Vec<u8>>>;

    /// A run's row and record.
    fn row(&self, run: RunId) -> Answer<'_, Option<Numbered>>;

    /// The row of a project's run, where it is closed.
    fn closed_row<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Answer<'a, Option<i64>>;

    /// The pieces of history from `first` to `last`, up to about `bytes` bytes, but at least one where there is one.
    fn pieces(&self, first: i64, last: i64, bytes: usize) -> Answer<'_, Vec<Numbered>>;

    /// The last piece of history from `first` to `last`.
    fn last_piece(&self, first: i64, last: i64) -> Answer<'_, Option<i64>>;

    /// The next `limit` blobs that runs refer to, in the order of rows and digests: those behind `digest` of run `row`.
    fn blobs(&self, row: i64, digest: Vec<u8>, limit: i64) -> Answer<'_, Vec<BlobRow>>;

    /// The next `count` runs behind row `after`.
    fn candidates(&self, after: i64, count: usize) -> Answer<'_, Vec<Candidate>>;

    /// How many runs are closed. Looks at an index of all runs.
    fn closed(&self) -> Answer<'_, i64>;

    /// Bytes that the records take.
    fn bytes(&self) -> Answer<'_, i64>;

    /// Bytes of them that are the histories of open runs, and of those that these need. Looks at all of these.
    fn open_bytes(&self) -> Answer<'_, i64>;

    /// Closes every connection.
    fn close(&self) -> Boxed<'_, ()>;
}

/// Where the records are when they are opened, before they are told of the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applied {
    /// The last row of the journal in them.
    pub(crate) lsn: u64,
    /// The row of the next run.
    pub(super) next_id: i64,
}

impl Applied {
    /// The last row of the journal in them.
    pub(super) fn lsn(&self) -> u64 {
        self.lsn
    }

    /// From what is in the tables.
    pub(super) fn new(lsn: i64, next_id: i64) -> Result<Self, Error> {
        let lsn = u64::try_from(lsn)
            .map_err(|_| Error::Corrupt(format!("the records go up to row {lsn} of the journal")))?;
        Ok(Self { lsn, next_id })
    }
}
