//! From events to the record of a run.

use jiff::Timestamp;
use weft_types::RunStatus;

use super::{Expansion, RunRecord};
use crate::event::{Accepted, Counts, Event, Finished, Origin, Place, Stamped, Usage};
use crate::plan::NodeIndex;

impl RunRecord {
    /// The record of a journalled run after these events. None where the first does not accept the run.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Stamped>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut record = Self::begin(events.next()?)?;
        events.for_each(|event| record.apply(event));
        Some(record)
    }

    /// The record that a run begins with. None where the event does not accept the run.
    #[must_use]
    pub fn begin(first: &Stamped) -> Option<Self> {
        let accepted = first.event.accepted()?;
        Some(Self::accepted(first.at, accepted))
    }

    /// Takes the next event. It is believed: only who drives a run knows which events are legal.
    pub fn apply(&mut self, stamped: &Stamped) {
        self.updated_at = stamped.at;
        match &stamped.event {
            // Only the first event is one, and `begin` took it. An attempt that begins changes no sum.
            Event::Accepted(_)
            | Event::NodeStarted { .. }
            | Event::Suspended { .. }
            | Event::Completed { .. } => {}
            Event::Started => self.start(stamped.at),
            Event::ItemReused { node, .. } => self.item_reused(*node),
            Event::Expanded { node, items } => self.expand(*node, *items),
            Event::NodeSucceeded { place, usage, .. } => self.succeed(*place, *usage),
            Event::NodeFailed { usage, .. } => self.spend(*usage),
            Event::NodeSkipped { .. } => self.counts.skipped = self.counts.skipped.saturating_add(1),
            Event::Paused { .. } => self.status = RunStatus::Paused,
            Event::Resumed { .. } if self.started_at.is_some() => self.status = RunStatus::Running,
            Event::Resumed { .. } => self.status = RunStatus::Waiting,
            Event::CancelRequested { .. } | Event::DeadlinePassed => self.end_pause(),
            Event::Finished(finished) => self.finish(stamped.at, finished),
        }
    }

    fn accepted(at: Timestamp, accepted: &Accepted) -> Self {
        let given = accepted.given.iter();
        // A plan has far fewer than 2^32 nodes, and each is given once.
        let skipped = given.clone().filter(|given| given.skipped).count() as u32;
        let stubs = given.filter(|given| given.origin == Origin::Stub).count() as u32;
        let succeeded = accepted.given.len() as u32 - skipped;
        Self {
            run: accepted.run,
            project: accepted.project.clone(),
            workflow: accepted.workflow.clone(),
            version: accepted.version,
            plan: accepted.plan,
            status: RunStatus::Waiting,
            submitter: accepted.submitter.clone(),
            trigger: accepted.trigger.clone(),
            scheduled_at: accepted.scheduled_at,
            priority: accepted.priority,
            deadline: accepted.deadline,
            host: accepted.host.clone(),
            labels: accepted.labels.clone(),
            extras: accepted.extras.clone(),
            depth: accepted.depth,
            express: false,
            trace: accepted.trace.0,
            created_at: at,
            started_at: None,
            updated_at: at,
            finished_at: None,
            nodes: accepted.nodes,
            counts: Counts {
                succeeded,
                skipped: skipped + accepted.left_out.len() as u32,
                ..Counts::default()
            },
            expanded: Vec::new(),
            usage: Usage::default(),
            result: None,
            failure: None,
            stubs,
        }
    }

    fn start(&mut self, at: Timestamp) {
        self.status = RunStatus::Running;
        self.started_at = Some(at);
    }

    /// Counts for nothing until its list is known.
    fn item_reused(&mut self, node: NodeIndex) {
        let expanded = self.expansion(node);
        expanded.succeeded = expanded.succeeded.saturating_add(1);
    }

    fn expand(&mut self, node: NodeIndex, items: u32) {
        let expanded = self.expansion(node);
        expanded.items = items;
        expanded.succeeded = expanded.succeeded.min(items);
    }

    fn expansion(&mut self, node: NodeIndex) -> &mut Expansion {
        let known = self.expanded.iter().rposition(|expanded| expanded.node == node);
        let at = known.unwrap_or_else(|| {
            self.expanded.push(Expansion {
                node,
                items: 0,
                succeeded: 0,
            });
            self.expanded.len() - 1
        });
        &mut self.expanded[at]
    }

    fn succeed(&mut self, place: Place, usage: Usage) {
        self.spend(usage);
        match place.item {
            Some(_) => self.item_succeeded(place.node),
            None => {
                self.counts.succeeded = self.counts.succeeded.saturating_add(1);
                self.expanded.retain(|expanded| expanded.node != place.node);
            }
        }
    }

    fn item_succeeded(&mut self, node: NodeIndex) {
        let mut expanded = self.expanded.iter_mut();
        if let Some(expanded) = expanded.find(|expanded| expanded.node == node) {
            expanded.succeeded = expanded.succeeded.saturating_add(1).min(expanded.items);
        }
    }

    fn spend(&mut self, usage: Usage) {
        self.usage.wall_us = self.usage.wall_us.saturating_add(usage.wall_us);
        self.usage.cpu_us = self.usage.cpu_us.saturating_add(usage.cpu_us);
    }

    /// A run that is to end is no longer held.
    fn end_pause(&mut self) {
        if self.status == RunStatus::Paused {
            self.status = match self.started_at {
                Some(_) => RunStatus::Running,
                None => RunStatus::Waiting,
            };
        }
    }

    fn finish(&mut self, at: Timestamp, finished: &Finished) {
        self.status = finished.status;
        self.finished_at = Some(at);
        self.counts = finished.counts;
        self.expanded = Vec::new();
        self.result = finished.result.clone();
        self.failure = finished.failure.clone();
    }
}
