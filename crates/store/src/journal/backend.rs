//! What a database does for the journal. All that is decided is decided elsewhere, once for all databases.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use weft_types::RunId;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::journal::Recovered;

use super::read::Row;
use super::trim::Plan;
use crate::error::Error;

/// A row to be appended, as it will lie in the table.
#[derive(Clone, Debug)]
pub(crate) struct NewRow {
    /// Its number.
    pub(super) lsn: i64,
    /// How many entries it has.
    pub(super) count: i64,
    /// The entries.
    pub(super) data: Vec<u8>,
}

/// The writer's side: one connection, used by the journal's thread alone.
pub(crate) trait LogWriter: Send + 'static {
    /// Appends a row, durably once this has answered.
    ///
    /// # Errors
    /// [`Error::Superseded`] where the journal was opened anew since; nothing is written then. [`Error::Full`] and
    /// [`Error::Busy`] where nothing was written and another try may help. After any other, it is unknown; after [`Error::Lost`],
    /// [`resume`](Self::resume) finds it out.
    fn append(&mut self, row: NewRow) -> impl Future<Output = Result<(), Error>>;

    /// How long the writer rests before it [looks](Self::look) whether the database is still there; none where it cannot go.
    const LOOKS: Option<Duration>;

    /// Looks whether the database is still there.
    ///
    /// # Errors
    /// [`Error::Lost`] where it is not, [`Error::Superseded`] where the journal was opened anew since.
    fn look(&mut self) -> impl Future<Output = Result<(), Error>>;

    /// Connects anew, and finds what the journal has, durably. Whatever was under way has happened by then, or never will.
    ///
    /// # Errors
    /// [`Error::Superseded`] where the journal was opened anew since. Others may pass, as [`Error::may_pass`] tells.
    fn resume(&mut self) -> impl Future<Output = Result<Opened, Error>>;

    /// Carries out a plan, all of it or nothing. It need not be durable.
    ///
    /// # Errors
    /// As of [`append`](Self::append), and [`Error::Busy`] where the records do not have what is to go.
    fn trim(&mut self, plan: &Plan) -> impl Future<Output = Result<(), Error>>;

    /// Does what is due after a commit that was acknowledged.
    fn tend(&mut self) -> impl Future<Output = ()>;

    /// Closes the connection.
    fn close(self) -> impl Future<Output = ()>;
}

/// The readers' side.
pub(crate) trait LogReader: Debug + Send + Sync + 'static {
    /// The rows behind `after`, up to `up_to`, and up to about `bytes` bytes of them, but at least one where there is one.
    fn rows(&self, after: u64, up_to: u64, bytes: usize) -> Boxed<'_, Result<Vec<Row>, Error>>;

    /// Every open run and every key that has not expired at `now`, as of one moment.
    fn recover(&self, now: Timestamp) -> Boxed<'_, Result<Recovered, Error>>;

    /// The runs of which pieces were copied forward.
    fn kept(&self) -> Boxed<'_, Result<Vec<RunId>, Error>>;

    /// Closes every connection.
    fn close(&self) -> Boxed<'_, ()>;
}

/// What is found when a journal is opened for writing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// The last row that was trimmed.
    pub(super) trimmed: u64,
    /// The last row that is there, or was.
    pub(super) stored: u64,
    /// The last row that was ever written, as far as anybody knows.
    pub(super) last: u64,
}

impl Opened {
    /// From what is in the tables, and the last row that the records have: they may be ahead of a journal that was restored.
    pub(super) fn new(trimmed: i64, last: i64, applied: u64) -> Result<Self, Error> {
        let number = |lsn: i64| {
            u64::try_from(lsn).map_err(|_| Error::Corrupt(format!("the journal's progress is {lsn}")))
        };
        let trimmed = number(trimmed)?;
        let stored = number(last)?.max(trimmed);
        Ok(Self {
            trimmed,
            stored,
            last: stored.max(applied),
        })
    }
}

/// Rows have signed numbers in databases.
pub(crate) fn number(lsn: u64) -> Result<i64, Error> {
    i64::try_from(lsn).map_err(|_| Error::Corrupt(format!("the journal has no row {lsn}")))
}
