//! From the engine's runs to what is spoken.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::image::{Bounds, Image};
use weft_types::json;
use weft_types::ty::Shape;
use weft_types::{NodeStatus, Type, Value};
use weft_workflow::event::{self, Event, Stored};
use weft_workflow::plan::Kind;
use weft_workflow::record::{ItemsRecord, NodeRecord, RunRecord};
use weft_workflow::state::Reason;
use weft_workflow::{NodeIndex, Place, Plan, Stamped};

use weft_workflow_engine::Follows;

use super::json::Json;
use super::run::{Attempt, Counts, Items, NestedRun, Node, NodeError, RunEvent, RunSummary, Trigger, Usage};
use crate::trace::hex;

/// A value larger than this is shown by its size, in bytes of its image.
const SHOWN: usize = 64 << 10;

/// The name that serde gives a state, kind or code.
pub(crate) fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

impl RunSummary {
    /// The record of a run, with its plan and that of the run around it: by these, nodes have names. `awaiting` are those of its nodes that
    /// await something.
    pub(crate) fn new(
        record: &RunRecord,
        plan: Option<&Plan>,
        around: Option<&Plan>,
        awaiting: &[NodeIndex],
    ) -> Self {
        Self {
            run: record.run.to_string(),
            workflow: record.workflow.to_string(),
            version: record.version.0,
            status: name(&record.status),
            submitter: record.submitter.clone(),
            trigger: Trigger::new(&record.trigger, around),
            priority: name(&record.priority),
            express: record.express,
            depth: record.depth,
            labels: record.labels.clone(),
            scheduled_at: record.scheduled_at,
            created_at: record.created_at,
            started_at: record.started_at,
            updated_at: record.updated_at,
            finished_at: record.finished_at,
            deadline: record.deadline,
            host: record.host.clone(),
            trace: hex(&record.trace),
            nodes: record.nodes,
            stubs: record.stubs,
            awaiting: awaiting.iter().map(|node| node_name(*node, plan)).collect(),
            counts: Counts::from(record.counts),
            usage: Usage::from(record.usage),
            error: record
                .failure
                .as_ref()
                .map(|(place, error)| NodeError::new(*place, error, plan)),
            extras: serde_json::from_str(&record.extras).ok(),
        }
    }
}

impl Trigger {
    /// With the plan of the run around it, that is told by the name of its node.
    fn new(trigger: &event::Trigger, around: Option<&Plan>) -> Self {
        match trigger {
            event::Trigger::Direct => Self::Direct,
            event::Trigger::Schedule => Self::Schedule,
            event::Trigger::Backfill => Self::Backfill,
            event::Trigger::Parent { run, place, root } => Self::Parent {
                run: run.to_string(),
                root: root.to_string(),
                node: around.map(|plan| node_name(place.node, Some(plan))),
                item: place.item,
            },
            event::Trigger::Rerun { of } => Self::Rerun { of: of.to_string() },
        }
    }
}

impl From<event::Counts> for Counts {
    fn from(counts: event::Counts) -> Self {
        Self {
            succeeded: counts.succeeded,
            skipped: counts.skipped,
            failed: counts.failed,
            cancelled: counts.cancelled,
        }
    }
}

impl From<event::Usage> for Usage {
    fn from(usage: event::Usage) -> Self {
        Self {
            wall_us: usage.wall_us,
            cpu_us: usage.cpu_us,
        }
    }
}

impl NodeError {
    pub(crate) fn new(place: Option<Place>, error: &event::NodeError, plan: Option<&Plan>) -> Self {
        Self {
            node: place.map(|place| node_name(place.node, plan)),
            item: place.and_then(|place| place.item),
            code: name(&error.code),
            message: error.message.clone(),
        }
    }
}

fn node_name(index: NodeIndex, plan: Option<&Plan>) -> String {
    let node = plan.and_then(|plan| plan.nodes.get(index.0 as usize));
    node.map_or_else(|| format!("#{}", index.0), |node| node.name.to_string())
}

/// Nodes of runs that are nested in each other, from the outermost one on, as `pages[3].approval`.
pub(crate) fn path(way: &[(Arc<Plan>, Place)]) -> String {
    let names = way.iter().map(|(plan, place)| {
        let name = node_name(place.node, Some(plan));
        match place.item {
            Some(item) => format!("{name}[{item}]"),
            None => name,
        }
    });
    names.collect::<Vec<_>>().join(".")
}

impl Node {
    /// With the first `most_failures` of the items that failed.
    pub(crate) fn new(
        record: &NodeRecord,
        plan: &Plan,
        nested: Vec<NestedRun>,
        most_failures: usize,
    ) -> Self {
        let node = plan.nodes.get(record.node.0 as usize);
        let output = node.and_then(|node| node.output.as_ref());
        let waits = node.is_some_and(|node| matches!(node.kind, Kind::Wait { .. }));
        let awaits = waits && record.status == NodeStatus::Running;
        Self {
            name: record.name.to_string(),
            status: name(&record.status),
            reason: record.reason.map(|reason| in_words(reason, plan)),
            attempt: record.attempt,
            started_at: record.started_at,
            finished_at: record.finished_at,
            due: record.due,
            items: record.items.as_ref().map(|items| Items {
                total: items.counts.total,
                succeeded: items.counts.succeeded,
                failed: items.counts.failed,
                cancelled: items.counts.cancelled,
                reused: items.counts.reused,
                retried: items.retried,
                failures: failures(items, most_failures),
            }),
            usage: Usage::from(record.usage),
            attempts: record
                .attempts
                .iter()
                .map(|attempt| Attempt {
                    number: attempt.number,
                    finished_at: attempt.finished_at,
                    usage: Usage::from(attempt.usage),
                    error: attempt
                        .error
                        .as_ref()
                        .map(|error| NodeError::new(None, error, Some(plan))),
                })
                .collect(),
            awaits: awaits.then(|| output.map_or_else(|| "null".to_owned(), ToString::to_string)),
            completed_by: record.completed_by.clone(),
            nested,
            output: output
                .zip(record.output.as_ref())
                .map(|(ty, stored)| shown(stored, ty)),
            error: record
                .error
                .as_ref()
                .map(|(place, error)| NodeError::new(Some(*place), error, Some(plan))),
        }
    }
}

/// The first items that failed: their node is the one that is told.
fn failures(items: &ItemsRecord, most: usize) -> Vec<NodeError> {
    let first = items.failures.iter().take(most);
    let told = first.map(|(item, error)| NodeError {
        item: Some(*item),
        ..NodeError::new(None, error, None)
    });
    told.collect()
}

pub(crate) fn in_words(reason: Reason, plan: &Plan) -> String {
    let node = |index| node_name(index, Some(plan));
    match reason {
        Reason::Condition => "its condition was false".to_owned(),
        Reason::SkippedUpstream(index) => format!("`{}` was skipped, whose value it needs", node(index)),
        Reason::NotNeeded => "what it stands in for did not fail".to_owned(),
        Reason::LeftOut => "it is outside of what was selected".to_owned(),
        Reason::Given(origin) => match origin {
            event::Origin::Stub => "its output was given".to_owned(),
            event::Origin::Reused => "its result was reused".to_owned(),
        },
        Reason::Caught => "it failed, and the failure was caught".to_owned(),
        Reason::FailedUpstream(index) => format!("`{}` failed, which it needs", node(index)),
        Reason::RunEnded(status) => format!("the run ended before: {}", name(&status)),
    }
}

/// The type of what a node is called with; none for one that takes nothing.
pub(crate) fn input_type(plan: &Plan, node: NodeIndex) -> Option<Type> {
    match &plan.node(node).kind {
        Kind::Call(call) => Some(call.signature.params.clone()),
        Kind::Sleep { .. } => Type::from_shape(Shape::U64).ok(),
        Kind::Wait { .. } => None,
    }
}

/// A stored value as JSON: itself where it is small, else where it is kept or how large it is.
pub(crate) fn shown(stored: &Stored, ty: &Type) -> Json {
    let bounds = Bounds {
        bytes: SHOWN,
        elements: SHOWN,
    };
    match stored {
        Stored::Address(address) => stands_for("$blob", Json::Text(address_text(address))),
        Stored::Direct(bytes) => match stored.verify(ty, bounds) {
            Ok(Value::Direct(image)) => printed(&image, ty),
            _ => size(bytes.len()),
        },
    }
}

/// A value as JSON: itself where it is small, else how large it is.
pub(crate) fn shown_image(image: &Image, ty: &Type) -> Json {
    match image.as_bytes().len() {
        0..=SHOWN => printed(image, ty),
        bytes => size(bytes),
    }
}

fn size(bytes: usize) -> Json {
    stands_for("$bytes", Json::Number(bytes.into()))
}

fn stands_for(name: &str, value: Json) -> Json {
    Json::Object(vec![(name.to_owned(), value)])
}

fn printed(image: &Image, ty: &Type) -> Json {
    let mut text = Vec::new();
    json::print(ty, image, &mut text);
    // What was printed is always JSON.
    Json::parse(&text).unwrap_or(Json::Null)
}

/// The digest by which a value is addressed.
pub(crate) fn address_text(address: &weft_types::Address) -> String {
    match address {
        weft_types::Address::Blob(blob) => blob.digest.to_string(),
    }
}

impl RunEvent {
    /// `stopped` is how what failed ended, where it was stopped.
    pub(crate) fn new(number: u32, stamped: &Stamped, stopped: Option<NodeStatus>, plan: &Plan) -> Self {
        let mut told = Self {
            number,
            at: stamped.at,
            kind: stopped.map_or_else(|| kind(&stamped.event).to_owned(), node_kind),
            node: None,
            item: None,
            attempt: None,
            items: None,
            error: None,
            status: None,
            by: None,
            reason: None,
        };
        match &stamped.event {
            Event::Accepted(accepted) => told.by = Some(accepted.submitter.clone()),
            Event::Started | Event::DeadlinePassed => {}
            Event::NodeStarted { place, attempt } | Event::NodeSucceeded { place, attempt, .. } => {
                told.at_place(*place, *attempt, plan)
            }
            Event::NodeFailed {
                place,
                attempt,
                error,
                ..
            } => {
                told.at_place(*place, *attempt, plan);
                told.error = Some(NodeError::new(None, error, Some(plan)));
            }
            Event::Expanded { node, items } => {
                told.node = Some(node_name(*node, Some(plan)));
                told.items = Some(*items);
            }
            Event::Suspended { node, .. } => told.node = Some(node_name(*node, Some(plan))),
            Event::NodeSkipped { node } => {
                told.node = Some(node_name(*node, Some(plan)));
                told.reason = Some(in_words(Reason::Condition, plan));
            }
            Event::Paused { by } | Event::Resumed { by } | Event::CancelRequested { by, .. } => {
                told.by = Some(by.clone());
            }
            Event::ItemReused { node, item, .. } => {
                told.node = Some(node_name(*node, Some(plan)));
                told.item = Some(*item);
            }
            Event::Completed { node, by } => {
                told.node = Some(node_name(*node, Some(plan)));
                told.by = Some(by.clone());
            }
            Event::Finished(finished) => {
                told.status = Some(name(&finished.status));
                told.error = finished
                    .failure
                    .as_ref()
                    .map(|(place, error)| NodeError::new(*place, error, Some(plan)));
            }
        }
        told
    }

    /// A node that is over because of event number `number`, which was another's.
    pub(crate) fn following(number: u32, at: Timestamp, follows: &Follows, plan: &Plan) -> Self {
        Self {
            number,
            at,
            kind: node_kind(follows.status),
            node: Some(node_name(follows.node, Some(plan))),
            item: None,
            attempt: None,
            items: None,
            error: None,
            status: None,
            by: None,
            reason: follows.reason.map(|reason| in_words(reason, plan)),
        }
    }

    fn at_place(&mut self, place: Place, attempt: u32, plan: &Plan) {
        self.node = Some(node_name(place.node, Some(plan)));
        self.item = place.item;
        self.attempt = Some(attempt);
    }
}

fn node_kind(status: NodeStatus) -> String {
    format!("node-{}", name(&status))
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Accepted(_) => "accepted",
        Event::Started => "started",
        Event::NodeStarted { .. } => "node-started",
        Event::Expanded { .. } => "expanded",
        Event::Suspended { .. } => "suspended",
        Event::NodeSucceeded { .. } => "node-succeeded",
        Event::NodeFailed { .. } => "node-failed",
        Event::NodeSkipped { .. } => "node-skipped",
        Event::Paused { .. } => "paused",
        Event::Resumed { .. } => "resumed",
        Event::CancelRequested { .. } => "cancel-requested",
        Event::DeadlinePassed => "deadline-passed",
        Event::Finished(_) => "finished",
        Event::Completed { .. } => "completed",
        Event::ItemReused { .. } => "item-reused",
    }
}
