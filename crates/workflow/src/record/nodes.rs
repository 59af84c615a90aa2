//! From a plan and events to the records of nodes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use weft_types::NodeStatus;

use super::node::{ItemsRecord, MAX_ATTEMPTS, NodeRecord};
use crate::event::{Accepted, Event, NodeError, Place, Stamped, Stored, Usage};
use crate::plan::{ItemFailure, NodeIndex, Plan};
use crate::state::{Illegal, Reason, RunState, decide_telling};

/// The records of a run's nodes while its events are taken one after the other.
#[derive(Debug)]
pub struct Nodes<'a> {
    plan: &'a Plan,
    state: RunState,
    records: Vec<NodeRecord>,
}

/// The records of all nodes of a run after these events, the first of which accepts it.
///
/// # Errors
/// Where an event cannot follow those before it.
pub fn node_records<'a>(
    plan: &Plan,
    events: impl IntoIterator<Item = &'a Stamped>,
) -> Result<Vec<NodeRecord>, Illegal> {
    let mut nodes = Nodes::new(plan);
    for event in events {
        nodes.take(event)?;
    }
    Ok(nodes.into_records())
}

impl<'a> Nodes<'a> {
    /// Before the first event.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let records = plan.iter();
        let records = records.map(|(index, node)| NodeRecord::new(index, Arc::clone(&node.name)));
        Self {
            plan,
            state: RunState::new(plan),
            records: records.collect(),
        }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// Where the event cannot follow those before it; nothing has changed then.
    pub fn take(&mut self, stamped: &Stamped) -> Result<(), Illegal> {
        let Stamped { at, event } = stamped;
        let was = Before::new(&self.state, event);
        let closed = decide_telling(self.plan, &mut self.state, *at, event, &mut Vec::new())?;
        self.note(*at, event, was);
        for node in closed {
            self.record(node).finished_at = Some(*at);
        }
        Ok(())
    }

    /// Where the run stands.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The records, in the order of the plan.
    #[must_use]
    pub fn into_records(mut self) -> Vec<NodeRecord> {
        for at in 0..self.records.len() {
            let node = NodeIndex(at as u32);
            let output = self.state.output_of(self.plan, node);
            let output = output.and_then(|node| self.record(node).output.clone());
            let view = self.state.node(node);
            let record = self.record(node);
            record.status = view.status;
            record.reason = view.reason;
            record.due = view.due;
            record.attempt = view.attempt;
            record.output = output;
            if let (Some(items), Some(counts)) = (&mut record.items, view.items) {
                items.counts = counts;
            }
            if view.status == NodeStatus::Succeeded && view.reason != Some(Reason::Caught) {
                record.error = None;
            }
        }
        self.records
    }

    fn record(&mut self, node: NodeIndex) -> &mut NodeRecord {
        &mut self.records[node.0 as usize]
    }

    /// The event was legal: the nodes and items that it names are there.
    fn note(&mut self, at: Timestamp, event: &Event, was: Before) {
        match event {
            Event::Accepted(accepted) => self.given(accepted),
            Event::NodeStarted { place, attempt } => self.began(at, *place, *attempt),
            Event::Suspended { node, .. } => {
                let attempt = self.state.node(*node).attempt;
                self.began(at, Place::of(*node), attempt);
            }
            Event::Completed { node, by } => self.record(*node).completed_by = Some(by.clone()),
            Event::Expanded { node, .. } => self.expanded(at, *node),
            Event::NodeSucceeded {
                place,
                attempt,
                usage,
                output,
            } => self.succeeded(at, *place, *attempt, *usage, output.as_ref()),
            Event::NodeFailed {
                place,
                attempt,
                usage,
                error,
            } => match place.item {
                Some(item) => self.item_failed(at, *place, item, *usage, error, was),
                None if was.caught => self.record(place.node).spend(*usage),
                None => self.failed(at, *place, *attempt, *usage, error),
            },
            Event::Started
            | Event::NodeSkipped { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::CancelRequested { .. }
            | Event::DeadlinePassed
            | Event::Finished(_)
            // Counted where the state counts it.
            | Event::ItemReused { .. } => {}
        }
    }

    fn given(&mut self, accepted: &Accepted) {
        for given in &accepted.given {
            self.record(given.node).output.clone_from(&given.output);
        }
    }

    fn began(&mut self, at: Timestamp, place: Place, attempt: u32) {
        let record = self.record(place.node);
        record.started_at.get_or_insert(at);
        if place.item.is_none() {
            record.attempt(attempt).started_at.get_or_insert(at);
        }
    }

    fn expanded(&mut self, at: Timestamp, node: NodeIndex) {
        let counts = self.state.node(node).items.unwrap_or_default();
        let record = self.record(node);
        record.started_at.get_or_insert(at);
        record.items = Some(ItemsRecord {
            counts,
            retried: 0,
            failures: Vec::new(),
        });
    }

    fn succeeded(
        &mut self,
        at: Timestamp,
        place: Place,
        attempt: u32,
        usage: Usage,
        output: Option<&Stored>,
    ) {
        let caught = self.state.node(place.node).reason == Some(Reason::Caught);
        let record = self.record(place.node);
        record.spend(usage);
        record.started_at.get_or_insert(began(at, usage));
        if place.item.is_some() {
            return;
        }
        record.output = output.cloned();
        // An output that stands in for the node's, or a list that was put together, is no attempt.
        if !caught && record.items.is_none() {
            let attempt = record.attempt(attempt);
            attempt.end(at, usage);
        }
    }

    fn failed(&mut self, at: Timestamp, place: Place, attempt: u32, usage: Usage, error: &NodeError) {
        let record = self.record(place.node);
        record.spend(usage);
        record.started_at.get_or_insert(began(at, usage));
        record.error = Some((place, error.clone()));
        let attempt = record.attempt(attempt);
        attempt.end(at, usage);
        attempt.error = Some(error.clone());
    }

    fn item_failed(
        &mut self,
        at: Timestamp,
        place: Place,
        item: u32,
        usage: Usage,
        error: &NodeError,
        was: Before,
    ) {
        let failed = self.state.node(place.node).items.unwrap_or_default().failed;
        let for_each = self.plan.node(place.node).for_each.as_ref();
        let collects = for_each.is_some_and(|for_each| for_each.on_failure == ItemFailure::Collect);
        let retries = self.state.item(place.node, item);
        let retries = retries.is_some_and(|item| item.status == NodeStatus::Retrying);
        let record = self.record(place.node);
        record.spend(usage);
        record.started_at.get_or_insert(began(at, usage));
        let Some(items) = &mut record.items else {
            return;
        };
        if retries {
            items.retried = items.retried.saturating_add(1);
        }
        if failed > was.failed {
            if items.failures.len() < MAX_ATTEMPTS {
                items.failures.push((item, error.clone()));
            }
            if !collects {
                record.error.get_or_insert_with(|| (place, error.clone()));
            }
        }
    }
}

/// What an event is told apart by.
#[derive(Clone, Copy)]
struct Before {
    /// Whether the node's failure was being caught.
    caught: bool,
    /// How many of its items had failed.
    failed: u32,
}

impl Before {
    fn new(state: &RunState, event: &Event) -> Self {
        let mut before = Self {
            caught: false,
            failed: 0,
        };
        if let Event::NodeFailed { place, .. } = event
            && state.has(place.node)
        {
            before.caught = place.item.is_none() && state.caught(place.node).is_some();
            before.failed = state.node(place.node).items.unwrap_or_default().failed;
        }
        before
    }
}

fn began(at: Timestamp, usage: Usage) -> Timestamp {
    let wall = SignedDuration::from_micros(i64::try_from(usage.wall_us).unwrap_or(i64::MAX));
    at.checked_sub(wall).unwrap_or(at)
}

impl NodeRecord {
    fn spend(&mut self, usage: Usage) {
        self.usage.wall_us = self.usage.wall_us.saturating_add(usage.wall_us);
        self.usage.cpu_us = self.usage.cpu_us.saturating_add(usage.cpu_us);
    }
}

impl super::AttemptRecord {
    fn end(&mut self, at: Timestamp, usage: Usage) {
        self.started_at.get_or_insert(began(at, usage));
        self.finished_at = Some(at);
        self.usage = usage;
    }
}
