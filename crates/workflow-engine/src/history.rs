//! What happened in a run, as far as it is committed.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use weft_types::{NodeStatus, ProjectName, RunId};
use weft_workflow::event::{ErrorCode, NodeError, Trigger};
use weft_workflow::frame::{FrameError, Reader};
use weft_workflow::plan::{Kind, Node};
use weft_workflow::record::{NodeRecord, Nodes, RunRecord};
use weft_workflow::{Event, NodeIndex, Place, Plan, Stamped};

use crate::Error;
use crate::engine::{Engine, Inner};
use crate::follow::{Following, Follows, Told};
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
    /// Nodes that await an outside event.
    pub awaiting: Vec<NodeIndex>,
    /// What the run around it executes, where it is nested and that is still there.
    pub around: Option<Arc<Plan>>,
    /// Runs that are nested in it, in no order, [`MAX_NESTED`] at most.
    pub nested: Vec<RunRecord>,
}

/// Nested runs that are told of with the run around them.
pub const MAX_NESTED: usize = 1_000;

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
    following: Following,
    /// Read, and not told yet, each with what it says beside itself.
    pending: VecDeque<(u32, Stamped, Told)>,
    /// What the event that was told last says beside itself.
    told: Told,
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
    /// Bytes that were read of what is known here of a run that is not journalled.
    read: usize,
}

impl Engine {
    /// A run with its nodes, as far as it is committed. Takes time proportional to what happened in it.
    ///
    /// # Errors
    /// Where there is no such run, it is open and its plan can no longer be made, or the records fail.
    pub async fn detail(&self, project: &ProjectName, run: RunId) -> Result<RunDetail, Error> {
        let record = self.0.record(project, run).await?;
        let around = match record.trigger {
            Trigger::Parent { run, .. } => self.plan_of_run(project, run).await,
            Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
        };
        let plan = match self.0.plan_of(&record) {
            Err(Error::NoPlan(_)) if record.status.is_closed() => {
                return Ok(RunDetail {
                    progress: record.progress(),
                    record,
                    plan: None,
                    nodes: Vec::new(),
                    awaiting: Vec::new(),
                    around,
                    nested: Vec::new(),
                });
            }
            plan => plan?,
        };
        let mut nodes = Nodes::new(&plan);
        match self.0.read_nodes(run, &mut nodes).await {
            // All that could be done with it was to end it: what can be read is shown.
            Err(Error::Damaged { .. }) if was_ended_unread(&record) => {}
            read => read?,
        }
        // What is kept of the events of a run that was not journalled may lack its end.
        let progress = match record.status.is_closed() {
            true => record.progress(),
            false => nodes.state().progress(),
        };
        let nodes = nodes.into_records();
        let awaits = |node: &&NodeRecord| {
            let is_wait = matches!(plan.node(node.node).kind, Kind::Wait { .. });
            is_wait && node.status == NodeStatus::Running
        };
        Ok(RunDetail {
            awaiting: nodes.iter().filter(awaits).map(|node| node.node).collect(),
            nested: self.nested(&record, &plan).await?,
            around,
            record,
            nodes,
            progress,
            plan: Some(plan),
        })
    }

    async fn nested(&self, record: &RunRecord, plan: &Plan) -> Result<Vec<RunRecord>, Error> {
        let nests = |node: &Node| matches!(&node.kind, Kind::Call(call) if call.workflow);
        if !plan.nodes.iter().any(nests) {
            return Ok(Vec::new());
        }
        let within = RunFilter {
            parent: Some(record.run),
            ..RunFilter::default()
        };
        self.list(&record.project, &within, None, MAX_NESTED).await
    }

    /// What a run executes, or did; none where there is no such run, or its workflow is gone.
    pub async fn plan_of_run(&self, project: &ProjectName, run: RunId) -> Option<Arc<Plan>> {
        if let Some(open) = self.0.registry.of_project(project, run) {
            return Some(Arc::clone(&open.plan));
        }
        let record = self.0.record(project, run).await.ok()?;
        self.0.plan_of(&record).ok()
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
        // Looked at first: what leaves them meanwhile goes to the records.
        let express = self.0.express_records(project, filter, before);
        self.0.settled().await;
        let records = self.0.ports.records.list(project, filter, before, limit).await?;
        Ok(merged(express, records, limit))
    }

    /// The record of a run, as far as it is committed.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn record(&self, project: &ProjectName, run: RunId) -> Result<RunRecord, Error> {
        self.0.record(project, run).await
    }

    /// The events of a run from number `from` on, beginning with 0: those that are committed, and those to come until the last.
    /// Of a run that is not journalled, as many as are kept.
    ///
    /// # Errors
    /// Where there is no such run, its plan can no longer be made, or the records fail.
    pub async fn events(&self, project: &ProjectName, run: RunId, from: u32) -> Result<Events, Error> {
        let open = self.0.registry.of_project(project, run);
        let plan = match &open {
            Some(open) => Arc::clone(&open.plan),
            None => self.0.plan_of(&self.0.record(project, run).await?)?,
        };
        Ok(Events {
            following: Following::new(plan),
            told: Told::default(),
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
    /// Where it has not ended, an open run may ask for it after a crash, or the records fail.
    pub async fn delete(&self, project: &ProjectName, run: RunId) -> Result<bool, Error> {
        if self.0.registry.of_project(project, run).is_some() {
            return Err(Error::StillOpen(run));
        }
        match self.0.record(project, run).await {
            Err(Error::NoRun(_)) => Ok(false),
            Err(error) => Err(error),
            Ok(record) if !record.status.is_closed() => Err(Error::StillOpen(run)),
            Ok(_) => match self.0.registry.needing(project, run) {
                Some(by) => Err(Error::StillNeeded { run, by }),
                None => Ok(self.0.ports.records.delete(project, run).await?),
            },
        }
    }
}

impl Events {
    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The run's plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        self.following.plan()
    }

    /// Nodes that are over because of the event that was told last, beside the one that it is about.
    #[must_use]
    pub fn follows(&self) -> &[Follows] {
        &self.told.follows
    }

    /// How the attempt ended that the event is about that was told last, where it was stopped: cancelled or timed out, as its node or
    /// item is.
    #[must_use]
    pub fn stopped(&self) -> Option<NodeStatus> {
        self.told.stopped
    }

    /// The next event and its number; none behind the last. May be dropped while it waits, and asked again.
    ///
    /// # Errors
    /// Where the store fails, or the server shuts down before the run ended.
    pub async fn next(&mut self) -> Result<Option<(u32, Stamped)>, Error> {
        loop {
            if let Some((number, event, told)) = self.pending.pop_front() {
                self.told = told;
                return Ok(Some((number, event)));
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
            let told = self.following.take(&event);
            if number >= self.from {
                self.pending.push_back((number, event, told));
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
            // The records lag: they are asked again, which waits for them. Of what is kept in memory all was read.
            (Some(_), Some(Ok(_))) => self.engine.0.check_records()?,
            (Some(open), None) if !settled && open.kept.is_none() => self.engine.0.check_records()?,
            (Some(open), Some(Err(_))) => {
                return Err(Error::Stopped {
                    run: self.run,
                    durable: open.durable,
                });
            }
            (Some(open), None) => open.until_changed(self.seen, self.frames.read).await,
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
            read: 0,
        }
    }

    /// Some more events; none where there are no more for now.
    pub(crate) async fn read(&mut self, inner: &Inner) -> Result<Vec<(u32, Stamped)>, Error> {
        let mut events = Vec::new();
        // Where the records were begun with, they go on.
        if let (None, Some(kept)) = (self.after, inner.kept_of(self.run)) {
            let frames = kept.frames(self.read);
            self.read += frames.len();
            self.take(frames, &mut events)?;
            return Ok(events);
        }
        while events.is_empty() {
            let pieces = inner.ports.records.history(self.run, self.after, PIECE).await?;
            let Some((last, _)) = pieces.last() else {
                break;
            };
            self.after = Some(*last);
            for (_, frames) in pieces {
                // What was read before it came to the records is there again.
                let again = self.read.min(frames.len());
                self.read -= again;
                self.take(frames.slice(again..), &mut events)?;
            }
        }
        Ok(events)
    }

    fn take(&mut self, frames: Bytes, events: &mut Vec<(u32, Stamped)>) -> Result<(), Error> {
        for frame in Reader::of(self.run, self.next, frames) {
            let frame = frame.map_err(|error: FrameError| damaged(self.run, &error))?;
            self.next = frame.seq.saturating_add(1);
            events.push((frame.seq, frame.stamped));
        }
        Ok(())
    }
}

/// Whether a run was ended by somebody who did not know what it was doing.
fn was_ended_unread(record: &RunRecord) -> bool {
    let unread =
        |(place, error): &(Option<Place>, NodeError)| place.is_none() && error.code == ErrorCode::Platform;
    record.status.is_closed() && record.failure.as_ref().is_some_and(unread)
}

/// The newest of both, each run once.
fn merged(express: Vec<RunRecord>, records: Vec<RunRecord>, limit: usize) -> Vec<RunRecord> {
    if express.is_empty() {
        return records;
    }
    let mut all = records;
    all.extend(express);
    // Of two of one run the one from the records comes first, and stays.
    all.sort_by_key(|record| std::cmp::Reverse(record.run));
    all.dedup_by_key(|record| record.run);
    all.truncate(limit);
    all
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

    async fn read_nodes(&self, run: RunId, nodes: &mut Nodes<'_>) -> Result<(), Error> {
        let mut frames = Frames::new(run);
        loop {
            let events = frames.read(self).await?;
            if events.is_empty() {
                return Ok(());
            }
            for (_, event) in &events {
                let taken = nodes.take(event);
                taken.map_err(|illegal| damaged(run, &illegal))?;
            }
        }
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
