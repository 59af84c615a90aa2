//! The queryable history of runs: projected from the journal, and the only copy of closed runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::{Digest, FunctionName, ProjectName, RunId, RunStatus, VersionNumber};
use weft_workflow::event::Trigger;
use weft_workflow::record::RunRecord;

use super::Boxed;
use super::journal::Position;

/// A run that ended without having been journalled.
#[derive(Clone, Debug)]
pub struct ExpressRun {
    /// Its record.
    pub record: Arc<RunRecord>,
    /// Its first events.
    pub frames: Bytes,
    /// The blobs that any of its events refers to.
    pub blobs: BTreeSet<Digest>,
}

/// Records of runs. They show only what is committed, and trail the journal by a lag that is told.
pub trait Records: Send + Sync + 'static {
    /// Waits, up to a bounded time, until everything up to `position` is in the records, and every express run that was kept before.
    /// Answers whether it is.
    fn settled(&self, position: Position) -> Boxed<'_, bool>;

    /// Why nothing more will come into them, where that is so: until the store is opened again.
    fn ended(&self) -> Option<String>;

    /// One run of a project.
    fn run<'a>(
        &'a self,
        project: &'a ProjectName,
        run: RunId,
    ) -> Boxed<'a, Result<Option<RunRecord>, RecordsError>>;

    /// Runs of a project that pass the filter, the newest first, up to `limit` of those older than `before`.
    fn list<'a>(
        &'a self,
        project: &'a ProjectName,
        filter: &'a RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<RunRecord>, RecordsError>>;

    /// A run's frames, in order, in pieces: those behind piece `after`, up to about `bytes` bytes, with each piece's number.
    fn history<'a>(
        &'a self,
        run: RunId,
        after: Option<u64>,
        bytes: usize,
    ) -> Boxed<'a, Result<Vec<(u64, Bytes)>, RecordsError>>;

    /// Blobs that runs refer to, up to `limit` of those behind `after`, in an order that stays. One that several runs refer to comes
    /// several times.
    fn blobs(
        &self,
        after: Option<(i64, Digest)>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Referred>, RecordsError>>;

    /// Keeps a run that was not journalled, best effort: dropped where too much waits.
    fn keep(&self, run: ExpressRun);

    /// Removes a closed run. Answers whether it was there.
    fn delete<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<bool, RecordsError>>;
}

/// A blob that a run refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referred {
    /// The run's row: with the blob, what the next ones are behind.
    pub row: i64,
    /// The run's project.
    pub project: ProjectName,
    /// The blob.
    pub digest: Digest,
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this workflow.
    pub workflow: Option<FunctionName>,
    /// And of this version of it.
    pub version: Option<VersionNumber>,
    /// In one of these states; none means any.
    pub status: Vec<RunStatus>,
    /// Accepted at or after this.
    pub since: Option<Timestamp>,
    /// Accepted before this.
    pub until: Option<Timestamp>,
    /// With this label, and this value of it where one is given.
    pub label: Option<(String, Option<String>)>,
    /// Submitted by this caller.
    pub submitter: Option<String>,
    /// Nested in this run.
    pub parent: Option<RunId>,
    /// Whether nested runs are listed where no parent is named.
    pub nested: bool,
}

impl RunFilter {
    /// Whether a run passes.
    #[must_use]
    pub fn passes(&self, record: &RunRecord) -> bool {
        let parent = match record.trigger {
            Trigger::Parent { run, .. } => Some(run),
            Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
        };
        let nesting = match self.parent {
            Some(_) => parent == self.parent,
            None => self.nested || parent.is_none(),
        };
        let labelled = self.label.as_ref().is_none_or(|(name, value)| {
            let found = record.labels.get(name);
            found.is_some_and(|found| value.as_ref().is_none_or(|value| found == value))
        });
        nesting
            && labelled
            && self.workflow.as_ref().is_none_or(|it| record.workflow == *it)
            && self.version.is_none_or(|it| record.version == it)
            && (self.status.is_empty() || self.status.contains(&record.status))
            && self.since.is_none_or(|since| record.created_at >= since)
            && self.until.is_none_or(|until| record.created_at < until)
            && self.submitter.as_ref().is_none_or(|it| record.submitter == *it)
    }
}

/// Why records could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// The database does not answer for now; it is asked again by itself.
    #[error("the database of runs does not answer: what is recorded can be told once it does")]
    Away,
    /// The store failed.
    #[error("the records failed: {0}")]
    Store(String),
    /// What is stored is not what was written.
    #[error("the records are damaged: {0}")]
    Damaged(String),
}
