//! Runs of workflows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json::Json;
use super::mistake::Mistake;
use super::webhook::Webhook;

/// A run, as lists have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// The workflow.
    pub workflow: String,
    /// The version.
    pub version: u32,
    /// `waiting`, `running`, `paused`, `succeeded`, `failed`, `cancelled` or `timed-out`.
    #[schema(example = "running")]
    pub status: String,
    /// Who started it.
    pub submitter: String,
    /// What started it.
    pub trigger: Trigger,
    /// `highest`, `high`, `medium`, `low` or `lowest`.
    pub priority: String,
    /// Whether it is not journalled.
    pub express: bool,
    /// How deep it is nested.
    pub depth: u32,
    /// For filtering.
    pub labels: BTreeMap<String, String>,
    /// When it was meant to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub scheduled_at: Option<Timestamp>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When something last happened.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// When it must have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Timestamp>,
    /// Which machine executes it.
    pub host: String,
    /// The W3C trace that it belongs to.
    pub trace: String,
    /// How many nodes it has.
    pub nodes: u32,
    /// How many of them have an output that was given in place of executing them: where there are any, it is a trial.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stubs: u32,
    /// Nodes that await what somebody must bring, as long as it is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaiting: Vec<String>,
    /// How many of them ended, and how.
    pub counts: Counts,
    /// What its attempts cost, summed.
    pub usage: Usage,
    /// Why it ended, where it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
    /// Free members, as they were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<serde_json::Value>,
}

pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A run with its nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// What lists have.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// How much is over, from 0 to 1.
    pub progress: f64,
    /// Its result, once it succeeded and where it has one: `{"$blob": "<digest>"}` or `{"$bytes": n}` stands for a large one, which
    /// `…/runs/{run}/result` answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub result: Option<Json>,
    /// Who is told of its end, and how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Nodes by where they stand.
    pub sets: BTreeMap<String, Vec<String>>,
    /// What became of each node.
    #[serde(rename = "node-states")]
    pub node_states: Vec<Node>,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Trigger {
    /// A call.
    Direct,
    /// A schedule.
    Schedule,
    /// A schedule, for a time in the past.
    Backfill,
    /// A node of another run.
    #[serde(rename_all = "kebab-case")]
    Parent {
        /// The other run.
        run: String,
        /// The outermost run.
        root: String,
        /// The node; absent where its workflow is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// The item of the node, where it goes over a list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
    },
    /// An earlier run, repeated.
    Rerun {
        /// The earlier run.
        of: String,
    },
}

/// Nodes by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// With an output.
    pub succeeded: u32,
    /// Not executed, and need not be.
    pub skipped: u32,
    /// For good.
    pub failed: u32,
    /// Stopped or never started.
    pub cancelled: u32,
}

/// What attempts cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Usage {
    /// Microseconds from start to end.
    pub wall_us: u64,
    /// Microseconds guests executed.
    pub cpu_us: u64,
}

/// Why a node failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NodeError {
    /// The node; absent where the run itself ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The item, where the node goes over a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// What kind of failure.
    #[schema(example = "function-error")]
    pub code: String,
    /// For people.
    pub message: String,
}

/// A node of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Node {
    /// Its name.
    pub name: String,
    /// `waiting`, `ready`, `running`, `retrying`, `succeeded`, `skipped`, `failed`, `cancelled` or `timed-out`.
    pub status: String,
    /// Why it is so, where its attempts do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of its latest attempt.
    pub attempt: u32,
    /// When its first attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// When its next attempt is due, or its sleep or wait ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// Its items, where it goes over a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// What its attempts cost.
    pub usage: Usage,
    /// Its latest attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The type of the value that it awaits, as long as it does; `null` for an event without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "record { by: string, granted: bool }")]
    pub awaits: Option<String>,
    /// Who brought what it awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<String>,
    /// Runs that are nested in it, where it calls a workflow: the first 100, by item. `…/runs?parent={run}` lists all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<NestedRun>,
    /// Its output: `{"$blob": "<digest>"}` or `{"$bytes": n}` stands for a large one, which `…/nodes/{node}/output` answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub output: Option<Json>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
}

/// A run that is nested in a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NestedRun {
    /// Its id.
    pub run: String,
    /// The item, where the node goes over a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Where it stands, as runs do.
    pub status: String,
}

/// A node of a run, with what it was called with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NodeDetail {
    /// What became of it.
    #[serde(flatten)]
    pub node: Node,
    /// What it does: `call`, `sleep` or `wait`.
    #[schema(example = "call")]
    pub kind: String,
    /// What it calls, as `function#export@version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callee: Option<String>,
    /// What it was, or would be, called with: the arguments by name, or the milliseconds of a sleep. Absent where it takes nothing, where
    /// that is not known (yet), or where the node goes over a list and no item was asked for. `{"$bytes": n}` stands for a large one, which
    /// `…/nodes/{node}/input` answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub input: Option<Json>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// What it cost.
    pub usage: Usage,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
}

/// The items of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Items {
    /// All.
    pub total: u32,
    /// With an output.
    pub succeeded: u32,
    /// For good.
    pub failed: u32,
    /// Stopped, by whatever: the end of the run, its deadline, or the failure of another.
    pub cancelled: u32,
    /// Of those with an output: executed by the run that this one repeats.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reused: u32,
    /// Attempts that failed and were followed by another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retried: u32,
    /// The first that failed for good, each with its number and why: 3 where the run is told, 100 where the node is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<NodeError>,
}

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RunEvent {
    /// Its number within the run, from 0.
    pub number: u32,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened: `accepted`, `started`, `node-started`, `expanded`, `suspended`, `node-succeeded`, `node-failed`, `node-cancelled`,
    /// `node-timed-out`, `item-reused`, `node-skipped`, `completed`, `paused`, `resumed`, `cancel-requested`, `deadline-passed` or `finished`.
    /// `node-failed`, `node-skipped`, `node-cancelled` and `node-timed-out` with a `reason` follow from the event of that number.
    pub kind: String,
    /// Which node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Which item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Which attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// Why an attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
    /// How the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Who asked, or brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why a node is over to which nothing happened itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A run that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Started {
    /// Its id.
    pub run: String,
    /// The version that runs.
    pub version: u32,
    /// Where it is to be looked at.
    pub location: String,
}

/// Nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Why a run is to be cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cancel {
    /// In words.
    pub reason: String,
}

/// How a run is to be repeated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rerun {
    /// `failed` (what has no result; the default), or `whole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// These nodes and all that need them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Only these nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Other arguments than it had: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<serde_json::Value>,
    /// Single arguments in place of those that it had, by name; the others stay.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub change: serde_json::Map<String, serde_json::Value>,
}

/// A definition that may be saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Validated {
    /// What it is called with and what it answers, as WIT.
    pub signature: String,
    /// Whether no node has effects.
    pub effect_free: bool,
    /// Its graph: nodes, edges, levels, entries and exits.
    #[schema(value_type = Object)]
    pub graph: serde_json::Value,
    /// What may not be meant, though it may be saved, such as pool profiles and groups that it names and there are not now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Mistake>,
}

/// What pinning a workflow anew comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Repinned {
    /// Each callee whose version changes.
    pub changes: Vec<PinChange>,
    /// The new version, where one was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// As in the answer to a definition that is saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Mistake>,
}

/// A callee whose version changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PinChange {
    /// The function.
    pub function: String,
    /// The version that was called.
    pub from: u32,
    /// The version that is from now on.
    pub to: u32,
}
