//! One run of a tree, as its driver knows it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use weft_types::{NodeKey, Priority, RunId, RunStatus, Value};
use weft_workflow::event::{Accepted, ErrorCode, NodeError, Trigger, Usage};
use weft_workflow::frame::Writer;
use weft_workflow::state::RunState;
use weft_workflow::{NodeIndex, Place, Plan};

use super::Outbox;
use super::item_outputs::ItemOutputs;
use super::ready::Work;
use super::slots::Key;
use crate::admission::{Places, Waiting};
use crate::express::Kept;
use crate::flow::{Bound, Flow};
use crate::jobs::JobId;
use crate::metrics::Attempts;
use crate::open_run::OpenRun;
use crate::port::journal::Key as Caller;

/// A run: its state, and the values and the work under way that the state does not know of.
pub(crate) struct Slot {
    pub(crate) open: Arc<OpenRun>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) terms: Terms,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) state: RunState,
    /// Numbers its events.
    pub(crate) frames: Writer,
    pub(super) arguments: Value,
    /// None leaves them as the plan says.
    pub(super) globals: Option<Value>,
    /// The outputs of nodes that ended well, by the place in the plan.
    pub(super) outputs: Box<[Option<Value>]>,
    /// The same of items, as long as their node is not over.
    pub(super) items: HashMap<NodeIndex, ItemOutputs>,
    /// The same of items that are reused, as long as their node was not expanded.
    pub(super) reused: HashMap<NodeIndex, Vec<(u32, Option<Value>)>>,
    /// What was given to do and is under way in some way, but for what is in the queue of the driver.
    pub(super) standing: HashMap<Place, Standing>,
    /// Places in the queue of the driver that are not to be begun any more.
    pub(super) stopped: HashSet<Place>,
    /// Taken from the queue of the driver while the run is paused.
    pub(super) held: Vec<Work>,
    /// Taken from the queue of the driver while as many attempts nest as may, in the order in which they came. While there are
    /// any, as many do, or another one of this run is in the queue or held.
    pub(super) crowded: VecDeque<Work>,
    /// Attempts at calls of workflows that have begun and not ended.
    pub(super) nesting: HashSet<Place>,
    pub(crate) parent: Option<Parent>,
    /// What its attempts cost so far.
    pub(super) usage: Usage,
    pub(super) attempts: Attempts,
    /// Its place among the runs of its workflow, where those are bounded.
    pub(super) flow_place: Option<Places>,
    /// That it waits for one.
    pub(super) flow_wait: Option<Waiting<Bound>>,
    /// Its record, where it is not journalled.
    pub(super) kept: Option<Arc<Kept>>,
    /// Attempts that may have begun before a crash, by their places: how they ended is not known. Those that ended since are left
    /// in, as later ones have other numbers.
    pub(super) interrupted: HashMap<Place, u32>,
    /// Whether the effects of an attempt are not known.
    pub(super) unknown: bool,
    /// Nodes that were made ready ahead.
    pub(super) warmed: HashSet<NodeIndex>,
    /// As it was counted last.
    pub(super) counted: Option<RunStatus>,
}

/// What of its acceptance matters to a run as long as it is open.
pub(crate) struct Terms {
    pub(super) seed: [u8; 32],
    pub(super) submitter: String,
    pub(crate) priority: Priority,
    pub(super) deadline: Option<Timestamp>,
    pub(super) group: Option<String>,
    pub(super) trace: ([u8; 16], [u8; 8]),
    pub(crate) depth: u32,
    /// The outermost run.
    pub(super) root: RunId,
}

/// Where a nested run belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    pub(crate) key: Key,
    pub(crate) place: Place,
    pub(crate) attempt: u32,
    pub(crate) since: Timestamp,
}

/// What is under way at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// This attempt has its time to come.
    Retry(u32),
    /// A sleep, or an outside event that is awaited.
    Suspended,
    /// A job.
    Job(JobId),
    /// A nested run.
    Nested(Key),
}

/// What makes a [`Slot`].
pub(crate) struct NewSlot {
    pub(crate) open: Arc<OpenRun>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) terms: Terms,
    pub(crate) created_at: Timestamp,
    pub(crate) arguments: Value,
    pub(crate) globals: Option<Value>,
    pub(crate) parent: Option<Parent>,
    /// How many bytes of its events are kept, where it is not journalled.
    pub(crate) express_bytes: usize,
}

impl Terms {
    pub(crate) fn of(accepted: &Accepted) -> Self {
        Self {
            seed: accepted.seed,
            submitter: accepted.submitter.clone(),
            priority: accepted.priority,
            deadline: accepted.deadline,
            group: accepted.group.clone(),
            trace: accepted.trace,
            depth: accepted.depth,
            root: match accepted.trigger {
                Trigger::Parent { root, .. } => root,
                Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => {
                    accepted.run
                }
            },
        }
    }
}

impl Slot {
    pub(crate) fn new(new: NewSlot) -> Box<Self> {
        let plan = &new.open.plan;
        Box::new(Self {
            state: RunState::new(plan),
            frames: Writer::new(new.open.run, 0),
            outputs: (0..plan.nodes.len()).map(|_| None).collect(),
            kept: match &new.open.kept {
                Some(kept) => Some(Arc::clone(kept)),
                None => (!new.open.durable).then(|| Kept::new(new.express_bytes)),
            },
            open: new.open,
            flow: new.flow,
            terms: new.terms,
            created_at: new.created_at,
            started_at: None,
            arguments: new.arguments,
            globals: new.globals,
            items: HashMap::new(),
            reused: HashMap::new(),
            standing: HashMap::new(),
            stopped: HashSet::new(),
            held: Vec::new(),
            crowded: VecDeque::new(),
            nesting: HashSet::new(),
            parent: new.parent,
            usage: Usage::default(),
            attempts: Attempts::default(),
            flow_place: None,
            flow_wait: None,
            interrupted: HashMap::new(),
            unknown: false,
            warmed: HashSet::new(),
            counted: None,
        })
    }

    /// Has the caller's key go with the run: into the journal with its acceptance, or with how it ends.
    pub(crate) fn attach_key(&mut self, key: Caller, outbox: &mut Outbox) {
        match &self.kept {
            None => outbox.attach(key),
            Some(kept) => kept.set_key(key),
        }
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.open.plan
    }

    /// How urgent a node is.
    pub(super) fn priority(&self, node: NodeIndex) -> Priority {
        self.plan().node(node).priority.unwrap_or(self.terms.priority)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.state.status() == RunStatus::Paused
    }

    /// The number of the latest attempt at a place.
    pub(crate) fn attempt(&self, place: Place) -> u32 {
        match place.item {
            None => self.state.node(place.node).attempt,
            Some(item) => self.state.item(place.node, item).map_or(1, |view| view.attempt),
        }
    }

    /// Whether the latest attempt at a place may have begun before a crash, and has not ended since.
    pub(super) fn is_interrupted(&self, place: Place) -> bool {
        let interrupted = self.interrupted.get(&place);
        interrupted.is_some_and(|attempt| *attempt == self.attempt(place))
    }

    /// Whether nothing is under way at a place any longer, nor will be.
    pub(super) fn is_over(&self, place: Place) -> bool {
        match place.item {
            None => self.state.node(place.node).status.is_closed(),
            Some(item) => {
                let item = self.state.item(place.node, item);
                item.is_none_or(|item| item.status.is_closed())
            }
        }
    }

    /// Numbers the events to come.
    pub(super) fn continue_from(&mut self, next: u32) {
        self.frames = Writer::new(self.open.run, next);
    }

    /// The same over every attempt, execution and recovery.
    pub(super) fn node_key(&self, place: Place) -> NodeKey {
        NodeKey::new(self.open.run, &self.plan().node(place.node).name, place.item)
    }

    /// Keeps the output of a node or an item.
    pub(crate) fn set_output(&mut self, place: Place, output: Option<Value>) {
        match place.item {
            None => {
                self.items.remove(&place.node);
                self.outputs[place.node.0 as usize] = output;
            }
            Some(item) => self.set_item(place.node, item, Ok(output)),
        }
    }

    /// Keeps what matters of a failure: why an item failed, and whether the effects of an attempt are not known.
    pub(crate) fn set_failure(&mut self, place: Place, error: &NodeError) {
        self.unknown |= error.code == ErrorCode::OutcomeUnknown;
        if let Some(item) = place.item {
            self.set_item(place.node, item, Err(error.message.as_str().into()));
        }
    }
}
