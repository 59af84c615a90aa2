//! What happened in a run, as far as it is committed.

use std::collections::VecDeque;
use std::sync::Arc;

use weft_types::{ProjectName, RunId};
use weft_workflow::frame::{FrameError, Reader};
use weft_workflow::record::{NodeRecord, Nodes, RunRecord};
use weft_workflow::{Event, Plan, Stamped};

use crate::Error;
use crate::engine::{Engine, Inner};
use crate::open_run::{Ended, Lost, OpenRun};
use crate::port::journal::Position;
use crate::port::records::RunFilter;
use crate::port::workflows::NoPlan;

/// How much of a history is read at a time, in bytes.
const PIECE: usize = 256 << 10;

/// A run as it stands.
#[derive(Debug)]
pub struct RunDetail {
    /// The run itself.
    pub record: RunRecord,
    /// What is executed; none where the run has ended and its workflow was deleted since.
    pub plan: Option<Arc<Plan>>,
    /// What became of each node, in the order of the plan; nothing without one.
    pub nodes: Vec<NodeRecord>,
    /// How much is over, from 0 to 1.
    pub progress: f64,
}

/// The events of a run, in order, from one on; those to come are awaited.
///
/// Nothing is kept for a reader: each piece is read when it is asked for. So a reader that is slow holds nothing up, and none is
/// left out.
pub struct Events {
    engine: Engine,
    run: RunId,
    /// The run, as long as it is open.
    open: Option<Arc<OpenRun>>,
    /// Up to where its frames were seen.
    seen: Option<Position>,
    frames: Frames,
    /// Read, and not told yet.
    pending: VecDeque<(u32, Stamped)>,
    /// Events before this one are not told.
    from: u32,
    over: bool,
}

/// The frames of one run, piece by piece.
pub(crate) struct Frames {
    run: RunId,
    /// The last piece that was read.
    after: Option<u64>,
    /// The number of the next event.
    next: u32,
}

impl Engine {
    /// A run with its nodes, as far as it is committed. Takes time proportional to what happened in it.
    ///
    /// # Errors
    /// Where there is no such run, it is open and its plan can no longer be made, or the records fail.
    pub async fn detail(&self, project: &ProjectName, run: RunId) -> Result<RunDetail, Error> {
        let record = self.0.record(project, run).await?;
        let plan = match self.0.plan_of(&record) {
            Err(Error::NoPlan(_)) if record.status.is_closed() => {
                return Ok(RunDetail {
                    progress: record.progress(),
                    record,
                    plan: None,
                    nodes: Vec::new(),
                });
            }
            plan => plan?,
        };
        let mut nodes = Nodes::new(&plan);
        let mut frames = Frames::new(run);
        loop {
            let events = frames.read(&self.0).await?;
            if events.is_empty() {
                break;
            }
            for (_, event) in &events {
                let taken = nodes.take(event);
                taken.map_err(|illegal| damaged(run, &illegal))?;
            }
        }
        // What is kept of the events of a run that was not journalled may lack its end.
        let progress = match record.status.is_closed() {
            true => record.progress(),
            false => nodes.state().progress(),
        };
        Ok(RunDetail {
            record,
            nodes: nodes.into_records(),
            progress,
            plan: Some(plan),
        })
    }

    /// Runs of a project that pass the filter, as far as they are committed: the newest first, up to `limit` of those older than
    /// `before`.
    ///
    /// # Errors
    /// Where the records fail.
    pub async fn list(
        &self,
        project: &ProjectName,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, Error> {
        self.0.settled().await;
        Ok(self.0.ports.records.list(project, filter, before, limit).await?)
    }

    /// The record of a run, as far as it is committed.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn record(&self, project: &ProjectName, run: RunId) -> Result<RunRecord, Error> {
        self.0.record(project, run).await
    }

    /// The events of a run from number `from` on, beginning with 0: those that are committed, and those to come until the last.
    /// Of a run that is not journalled there are none before its end, and then as many as were kept.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn events(&self, project: &ProjectName, run: RunId, from: u32) -> Result<Events, Error> {
        let open = self.0.registry.of_project(project, run);
        if open.is_none() {
            self.0.record(project, run).await?;
        }
        Ok(Events {
            engine: self.clone(),
            run,
            open,
            seen: None,
            frames: Frames::new(run),
            pending: VecDeque::new(),
            from,
            over: false,
        })
    }

    /// Removes a run that has ended from the records. Whether it was there.
    ///
    /// # Errors
    /// Where it has not ended, or the records fail.
    pub async fn delete(&self, project: &ProjectName, run: RunId) -> Result<bool, Error> {
        if self.0.registry.of_project(project, run).is_some() {
            return Err(Error::StillOpen(run));
        }
        self.0.settled_for(run).await;
        match self.0.ports.records.run(project, run).await? {
            None => Ok(false),
            Some(record) if record.status.is_closed() => {
                Ok(self.0.ports.records.delete(project, run).await?)
            }
            Some(_) => Err(Error::StillOpen(run)),
        }
    }
}

impl Events {
    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The next event and its number; none behind the last. May be dropped while it waits, and asked again.
    ///
    /// # Errors
    /// Where the store fails, or the server shuts down before the run ended.
    pub async fn next(&mut self) -> Result<Option<(u32, Stamped)>, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Some(event));
            }
            if self.over {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    /// Reads what there is; where that is nothing, waits for more.
    async fn read(&mut self) -> Result<(), Error> {
        let inner = &self.engine.0;
        // The end is looked at first: once it is there, the last frame was passed.
        let ended = self.open.as_ref().and_then(|open| open.ended().cloned());
        let passed = self.open.as_ref().and_then(|open| open.passed());
        if passed > self.seen {
            self.engine.commit(passed).await?;
            self.seen = passed;
        }
        let settled = inner.settled_for(self.run).await;
        let events = self.frames.read(inner).await?;
        if events.is_empty() {
            return self.until_more(ended, settled).await;
        }
        for (number, event) in events {
            self.over |= matches!(event.event, Event::Finished(_));
            if number >= self.from {
                self.pending.push_back((number, event));
            }
        }
        Ok(())
    }

    /// Everything was read that there is so far.
    async fn until_more(&mut self, ended: Option<Result<Ended, Lost>>, settled: bool) -> Result<(), Error> {
        match (&self.open, ended) {
            // Closed, and everything was read that was kept.
            (None, _) => self.over = true,
            // Everything that there is was read; what is not journalled may have been kept in part.
            (Some(_), Some(Ok(_))) if settled => self.open = None,
            (Some(_), Some(Ok(_))) => {}
            (Some(open), Some(Err(_))) => {
                return Err(Error::Stopped {
                    run: self.run,
                    durable: open.durable,
                });
            }
            (Some(open), None) => open.until_changed(self.seen).await,
        }
        Ok(())
    }
}

impl Frames {
    pub(crate) fn new(run: RunId) -> Self {
        Self {
            run,
            after: None,
            next: 0,
        }
    }

    /// Some more events; none where there are no more for now.
    pub(crate) async fn read(&mut self, inner: &Inner) -> Result<Vec<(u32, Stamped)>, Error> {
        let pieces = inner.ports.records.history(self.run, self.after, PIECE).await?;
        let mut events = Vec::new();
        for (number, bytes) in pieces {
            for frame in Reader::of(self.run, self.next, bytes) {
                let frame = frame.map_err(|error: FrameError| damaged(self.run, &error))?;
                self.next = frame.seq.saturating_add(1);
                events.push((frame.seq, frame.stamped));
            }
            self.after = Some(number);
        }
        Ok(events)
    }
}

impl Inner {
    /// What a run executes, or did.
    pub(crate) fn plan_of(&self, record: &RunRecord) -> Result<Arc<Plan>, Error> {
        let workflows = &self.ports.workflows;
        let (_, plan) = workflows.plan(&record.project, &record.workflow, Some(record.version))?;
        if plan.digest == record.plan {
            return Ok(plan);
        }
        Err(NoPlan::Other(record.workflow.clone(), record.version).into())
    }

    /// Everything that happened in a run.
    pub(crate) async fn all_events(&self, run: RunId) -> Result<Vec<Stamped>, Error> {
        let mut frames = Frames::new(run);
        let mut all = Vec::new();
        loop {
            let events = frames.read(self).await?;
            if events.is_empty() {
                return Ok(all);
            }
            all.extend(events.into_iter().map(|(_, event)| event));
        }
    }
}

pub(crate) fn damaged(run: RunId, what: &dyn std::fmt::Display) -> Error {
    Error::Damaged {
        run,
        message: what.to_string(),
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
