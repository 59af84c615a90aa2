//! Open runs of which a node awaits an outside event.

use weft_types::{ProjectName, RunId};
use weft_workflow::NodeIndex;
use weft_workflow::record::RunRecord;

use crate::Error;
use crate::engine::Engine;
use crate::port::records::RunFilter;

/// Runs whose records are read for one page at most, whether they pass the filter or not.
const LOOKS: usize = 1_000;

/// A page of the runs that await something.
#[derive(Clone, Debug, PartialEq)]
pub struct AwaitingRuns {
    /// Those that pass, the newest first.
    pub records: Vec<RunRecord>,
    /// Where there may be more: all runs from this one on were looked at.
    pub next: Option<RunId>,
}

impl Engine {
    /// Nodes of an open run that await an outside event, as far as that is committed.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn awaiting(&self, project: &ProjectName, run: RunId) -> Result<Vec<NodeIndex>, Error> {
        let Some(open) = self.0.registry.of_project(project, run) else {
            return Ok(Vec::new());
        };
        let awaiting = open.awaiting();
        if !awaiting.is_empty() {
            self.commit(open.passed()).await?;
        }
        Ok(awaiting)
    }

    /// As [`list`](Self::list), of those runs alone of which a node awaits an outside event. A page may hold fewer than `limit`, or none,
    /// although there are more: so many are looked at for each, and no more.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_awaiting(
        &self,
        project: &ProjectName,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<AwaitingRuns, Error> {
        let mut open = self.0.registry.awaiting(project);
        open.retain(|open| {
            before.is_none_or(|before| open.run < before)
                && filter.workflow.as_ref().is_none_or(|it| open.workflow == *it)
                && filter.version.is_none_or(|it| open.version == it)
        });
        open.sort_unstable_by_key(|open| std::cmp::Reverse(open.run));
        let mut page = AwaitingRuns {
            records: Vec::new(),
            next: None,
        };
        let mut last = None;
        for (looks, open) in open.into_iter().enumerate() {
            if page.records.len() >= limit || looks >= LOOKS {
                page.next = last;
                break;
            }
            last = Some(open.run);
            self.commit(open.passed()).await?;
            match self.0.record(project, open.run).await {
                Ok(record) if filter.passes(&record) => page.records.push(record),
                // It may have been removed meanwhile.
                Ok(_) | Err(Error::NoRun(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }
}
