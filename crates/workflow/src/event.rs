//! What happens in a run: past-tense facts, in the order in which they became true.
//!
//! Events are what the journal holds and what a run is rebuilt from. They are not a debug log: whatever follows from earlier
//! events and the plan alone (a node becoming ready, or skipped because what it needs was) is not an event.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use weft_types::image::{Bounds, Image, Invalid};
use weft_types::{
    Address, Digest, FunctionName, Priority, ProjectName, RunId, RunStatus, Type, Value, VersionNumber,
};

use crate::plan::NodeIndex;

mod times;
mod values;

pub use times::{LATEST, after, micros};

/// An event and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// The wall time, in whole microseconds.
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The run exists: always the first event, and only that.
    Accepted(Box<Accepted>),
    /// The run was admitted: its nodes may start.
    Started,
    /// An attempt began. Told for people only: nothing depends on it, and it is left out for short nodes.
    NodeStarted {
        /// Which.
        place: Place,
        /// From 1.
        attempt: u32,
    },
    /// The list that a node goes over turned out to be this long. Its items become ready.
    Expanded {
        /// The node.
        node: NodeIndex,
        /// How many items.
        items: u32,
    },
    /// A node that sleeps or awaits an outside event began to; it ends by itself at `due`, if there is one.
    Suspended {
        /// The node.
        node: NodeIndex,
        /// When the sleep ends, or the wait times out.
        #[serde(with = "times::optional")]
        due: Option<Timestamp>,
    },
    /// An attempt ended well.
    NodeSucceeded {
        /// Which.
        place: Place,
        /// From 1.
        attempt: u32,
        /// What it cost.
        usage: Usage,
        /// Its output, where it has one.
        output: Option<Stored>,
    },
    /// An attempt failed. Whether another follows is decided by the plan.
    NodeFailed {
        /// Which.
        place: Place,
        /// From 1.
        attempt: u32,
        /// What it cost.
        usage: Usage,
        /// Why.
        error: NodeError,
    },
    /// The node's own condition was false.
    NodeSkipped {
        /// The node.
        node: NodeIndex,
    },
    /// New nodes are held back.
    Paused {
        /// Who asked.
        by: String,
    },
    /// And go on.
    Resumed {
        /// Who asked.
        by: String,
    },
    /// The run is to end.
    CancelRequested {
        /// Who asked.
        by: String,
        /// Why, in their words.
        reason: String,
    },
    /// The run's deadline passed.
    DeadlinePassed,
    /// The run ended: always the last event.
    Finished(Box<Finished>),
    /// Somebody brought what a node awaits; that it succeeded follows. Told for people only: nothing depends on it.
    Completed {
        /// The node.
        node: NodeIndex,
        /// Who.
        by: String,
    },
    /// An item of a node was executed by the run that this one repeats: its output is reused once the node's list has that item.
    /// Told behind the acceptance, before the run starts, the items of a node in their order.
    ItemReused {
        /// The node.
        node: NodeIndex,
        /// The item, from 0.
        item: u32,
        /// Its output, where it has one.
        output: Option<Stored>,
    },
}

impl Event {
    /// What was accepted, where this is a run's first event.
    #[must_use]
    pub fn accepted(&self) -> Option<&Accepted> {
        let Self::Accepted(accepted) = self else {
            return None;
        };
        Some(accepted)
    }
}

/// How a run came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The run.
    pub run: RunId,
    /// Its namespace.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: FunctionName,
    /// The version, which holds the plan.
    pub version: VersionNumber,
    /// Names the plan: the same definition and the same pinned callees have the same.
    pub plan: Digest,
    /// How many nodes the plan has.
    pub nodes: u32,
    /// The arguments, an image of the signature's parameter record or its address.
    pub arguments: Stored,
    /// The global parameters, an image of the plan's record of them or its address; none leaves them as the plan says.
    pub globals: Option<Stored>,
    /// Secret: what randomness of nodes without effects is derived from.
    pub seed: [u8; 32],
    /// Who called.
    pub submitter: String,
    /// What started it.
    pub trigger: Trigger,
    /// When it was meant to start, for triggers that have such a time.
    #[serde(with = "times::optional")]
    pub scheduled_at: Option<Timestamp>,
    /// How urgent it is.
    pub priority: Priority,
    /// When it must have ended.
    #[serde(with = "times::optional")]
    pub deadline: Option<Timestamp>,
    /// Labels that pools must carry; none means any.
    pub group: Option<String>,
    /// For filtering.
    pub labels: BTreeMap<String, String>,
    /// Free members, kept and answered as they are: JSON text.
    pub extras: String,
    /// Which machine executes it.
    pub host: String,
    /// The W3C trace and span it belongs to.
    pub trace: ([u8; 16], [u8; 8]),
    /// How deep it is nested: 0 for a run that no other started.
    pub depth: u32,
    /// Values given in place of executing nodes.
    pub given: Vec<Given>,
    /// Nodes that are not executed at all, as they are outside a rerun's selection and have no finished result.
    pub left_out: Vec<NodeIndex>,
}

/// A node's output that is known before the run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The node.
    pub node: NodeIndex,
    /// Where it comes from.
    pub origin: Origin,
    /// The output; none for a node without one, or one that was skipped.
    pub output: Option<Stored>,
    /// Whether the node counts as skipped.
    pub skipped: bool,
}

/// Where a given output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A value that the caller put in place of the node, to try the workflow out.
    Stub,
    /// The run that this one repeats.
    Reused,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A call.
    Direct,
    /// A schedule.
    Schedule,
    /// A schedule, for a time in the past.
    Backfill,
    /// A node of another run.
    Parent {
        /// The other run.
        run: RunId,
        /// The node, and its item.
        place: Place,
        /// The outermost run.
        root: RunId,
    },
    /// An earlier run, whose results it may reuse.
    Rerun {
        /// The earlier run.
        of: RunId,
    },
}

/// A node, or one item of a node that goes over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The node.
    pub node: NodeIndex,
    /// The item, from 0.
    pub item: Option<u32>,
}

/// What an attempt cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Microseconds from its start to its end.
    pub wall_us: u64,
    /// Microseconds the guest executed.
    pub cpu_us: u64,
}

/// Why a node failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The `err` of the function's own result, an image of that type.
    pub value: Option<Stored>,
}

/// Kinds of failures of a node. `retry` and `catch` name them as they are written here, in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ErrorCode {
    /// The function answered its own `err`.
    FunctionError = 0,
    /// The guest trapped or exited with a code.
    Trap = 1,
    /// A limit of the version (memory, CPU time, stack, size of the result) ended it.
    Limit = 2,
    /// It did not end within its timeout.
    Timeout = 3,
    /// No place to execute was to be had: full queues, a version that cannot be loaded.
    Unavailable = 4,
    /// The platform failed.
    Platform = 5,
    /// It was stopped.
    Cancelled = 6,
    /// It has effects and was stopped or lost: whether they happened is not known.
    OutcomeUnknown = 7,
    /// Its arguments or condition could not be put together: an index out of range, a division by zero, a blob that is gone.
    Evaluation = 8,
    /// A nested run failed.
    Run = 9,
    /// It awaited an outside event that did not come in time.
    WaitTimeout = 10,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// One of the closed states.
    pub status: RunStatus,
    /// Its result, where it succeeded and has one.
    pub result: Option<Stored>,
    /// The failure that ended it, and the node it came from.
    pub failure: Option<(Option<Place>, NodeError)>,
    /// How many nodes ended in each way.
    pub counts: Counts,
}

/// Nodes by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// With an output.
    pub succeeded: u32,
    /// Not executed, and need not be.
    pub skipped: u32,
    /// For good; timed out counts here.
    pub failed: u32,
    /// Stopped or never started.
    pub cancelled: u32,
}

/// A value as it was written down: bytes that claim to be an image, or an address. [`Stored::verify`] makes it a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored {
    /// The bytes of an image.
    Direct(Bytes),
    /// Where it is kept.
    Address(Address),
}

impl Stamped {
    /// An event that happens at `at`, to the microsecond.
    #[must_use]
    pub fn new(at: Timestamp, event: Event) -> Self {
        Self {
            at: micros(at),
            event,
        }
    }
}

impl Place {
    /// A node that is executed once.
    #[must_use]
    pub fn of(node: NodeIndex) -> Self {
        Self { node, item: None }
    }

    /// One item of a node.
    #[must_use]
    pub fn item(node: NodeIndex, item: u32) -> Self {
        Self {
            node,
            item: Some(item),
        }
    }
}

impl Stored {
    /// The value, after every rule of images was checked: what comes from a disk is not trusted.
    ///
    /// # Errors
    /// Where the bytes are not an image of `ty`, or a larger one than `bounds` allow.
    pub fn verify(&self, ty: &Type, bounds: Bounds) -> Result<Value, Invalid> {
        match self {
            Self::Direct(bytes) => Image::from_bytes(bytes.clone(), ty, bounds).map(Value::Direct),
            Self::Address(address) => Ok(Value::Address(address.clone())),
        }
    }
}

impl From<&Value> for Stored {
    fn from(value: &Value) -> Self {
        match value {
            Value::Direct(image) => Self::Direct(image.as_bytes().clone()),
            Value::Address(address) => Self::Address(address.clone()),
        }
    }
}
