//! The plan: the checked, resolved, pinned form of a definition, and the only one that runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_types::image::Image;
use weft_types::ty::Shape;
use weft_types::{
    Digest, Durability, FailurePolicy, FunctionName, Limits, Priority, Signature, Type, VersionNumber,
};

use crate::evaluate::{Expression, Formula, Read};
use crate::event::ErrorCode;

/// A workflow, ready to run.
#[derive(Debug)]
pub struct Plan {
    /// The name that the definition gives itself.
    pub name: Box<str>,
    /// What it is called with and what it answers.
    pub signature: Signature,
    /// Whether runs are journalled.
    pub durability: Durability,
    /// What applies to runs that say nothing else.
    pub defaults: Defaults,
    /// The global parameters; none for a workflow without any.
    pub globals: Option<Globals>,
    /// Whether no node has effects.
    pub effect_free: bool,
    /// Each node behind all that it needs.
    pub nodes: Box<[Node]>,
    /// Nodes that need no other.
    pub entries: Box<[NodeIndex]>,
    /// Nodes that no other needs.
    pub exits: Box<[NodeIndex]>,
    /// How the result is put together; none for a workflow without one.
    pub result: Option<Source>,
    /// The versions that were found for callees whose version the definition leaves open.
    pub pins: Pins,
    /// Names the plan: the hash of definition and pins.
    pub digest: Digest,
}

/// The place of a node in [`Plan::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeIndex(pub u32);

/// What applies to runs that say nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// What becomes of the rest once a node failed for good.
    pub policy: FailurePolicy,
    /// How urgent runs are.
    pub priority: Priority,
    /// Labels that pools must carry; none means any.
    pub group: Option<Box<str>>,
    /// How long a run may take.
    pub timeout: Option<Duration>,
    /// Runs of this workflow at once; more wait. None means as many as the engine admits.
    pub concurrency: Option<u32>,
}

/// Values that all nodes can read and that a start may replace.
#[derive(Clone, Debug)]
pub struct Globals {
    /// A record of them.
    pub ty: Arc<Type>,
    /// What they are where a start says nothing else.
    pub defaults: Image,
}

/// Versions by function: what a definition that leaves them open was checked against, and is again whenever its plan is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pins(pub BTreeMap<FunctionName, VersionNumber>);

/// A step of a plan.
#[derive(Debug)]
pub struct Node {
    /// Unique in the workflow.
    pub name: Arc<str>,
    /// What it does.
    pub kind: Kind,
    /// What must be over before it may start, each predecessor once.
    pub needs: Box<[Need]>,
    /// Who needs it, each once, ascending.
    pub successors: Box<[NodeIndex]>,
    /// The longest way to it from an entry, in nodes; entries are at 0.
    pub level: u32,
    /// Executed only where this is true.
    pub when: Option<Condition>,
    /// Executed once per item of a list.
    pub for_each: Option<ForEach>,
    /// What follows a failed attempt.
    pub retry: Retry,
    /// What follows a failure for good.
    pub catch: Option<Catch>,
    /// Executed only when the node of this index fails for good, as its [`Catch::Node`].
    pub catches: Option<NodeIndex>,
    /// Wall time of one attempt.
    pub timeout: Option<Duration>,
    /// How urgent it is; none means as its run.
    pub priority: Option<Priority>,
    /// The pool profile to execute in; none leaves it to the version.
    pub profile: Option<Box<str>>,
    /// The workers that may execute it; none means those of its run.
    pub group: Option<Box<str>>,
    /// Tighter bounds than the version's own, where they are set.
    pub limits: Option<Box<Limits>>,
    /// How long results may be reused for equal arguments; none means never. Only for nodes without effects.
    pub cache: Option<Duration>,
    /// What references to it see where it succeeded; none where it has no output. For a node that goes over a list, a list.
    pub output: Option<Arc<Type>>,
    /// Whether executing it may be noticed by anyone.
    pub effect_free: bool,
}

/// What a node does.
#[derive(Debug)]
pub enum Kind {
    /// It calls a function, or runs another workflow.
    Call(Call),
    /// It waits for a time.
    Sleep {
        /// For how long, in milliseconds: a `u64`.
        duration: Source,
    },
    /// It waits for an outside event, which brings a value of the node's output type.
    Wait {
        /// How long at most.
        timeout: Option<Duration>,
    },
}

/// A call of a pinned version.
#[derive(Debug)]
pub struct Call {
    /// The function.
    pub function: FunctionName,
    /// The version that was found when the definition was saved.
    pub version: VersionNumber,
    /// Whether the definition names no version, so that repinning it finds the active one.
    pub open: bool,
    /// Index of the export within the version.
    pub export: usize,
    /// Its full name.
    pub export_name: Box<str>,
    /// Its types, shared by all nodes that call it.
    pub signature: Arc<Signature>,
    /// Whether it is a workflow, which then runs nested.
    pub workflow: bool,
    /// How the arguments are put together: a record of the signature's parameters.
    pub arguments: Source,
}

/// One predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Which.
    pub node: NodeIndex,
    /// Whether its value must be there: if it was skipped, this node is skipped too. Otherwise being over is enough.
    pub value: bool,
}

/// One execution per item.
#[derive(Debug)]
pub struct ForEach {
    /// The list.
    pub list: Source,
    /// Items at once at most, at least 1.
    pub concurrency: u32,
    /// What a failed item means.
    pub on_failure: ItemFailure,
}

/// What becomes of the other items once one failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemFailure {
    /// They are stopped and the node fails.
    #[default]
    End,
    /// They are executed, then the node fails.
    Continue,
    /// They are executed, and the output has a `result<T, string>` for each: the node succeeds.
    Collect,
}

/// What follows a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Time before the second attempt.
    pub backoff: Duration,
    /// What that time is multiplied with for each further one, in percent: 200 doubles it.
    pub factor_percent: u32,
    /// The longest such time.
    pub max_backoff: Duration,
    /// By how much, in percent, each such time varies at most.
    pub jitter_percent: u32,
    /// Which errors are worth another attempt.
    pub on: Box<[ErrorCode]>,
}

/// What follows a failure for good, so that it is none for the run.
#[derive(Debug)]
pub enum Catch {
    /// This value takes the place of the output.
    Value(Source),
    /// Another node is executed; its output takes the place.
    Node(NodeIndex),
}

/// How a value is put together from others; see [`crate::evaluate`].
#[derive(Debug)]
pub struct Source {
    /// The type of the value.
    pub(crate) ty: Arc<Type>,
    pub(crate) expression: Expression,
    /// What it is put together from, each once.
    pub(crate) reads: Box<[Read]>,
}

/// What must be true for a node to be executed; see [`crate::evaluate`].
#[derive(Debug)]
pub struct Condition {
    /// As it is written.
    pub(crate) text: Box<str>,
    pub(crate) formula: Formula,
    /// What it looks at, each once.
    pub(crate) reads: Box<[Read]>,
}

impl Plan {
    /// The node at a place.
    ///
    /// # Panics
    /// Where `index` is not of this plan.
    #[must_use]
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.0 as usize]
    }

    /// The node of a name. Takes time proportional to the number of nodes.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeIndex> {
        let at = self.nodes.iter().position(|node| &*node.name == name)?;
        Some(NodeIndex(at as u32))
    }

    /// Every node with its index, each behind all that it needs.
    pub fn iter(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (NodeIndex(at as u32), node))
    }
}

impl Node {
    /// What its callee answers; none where that is nothing, or nothing is called.
    #[must_use]
    pub fn reply_type(&self) -> Option<&Type> {
        match &self.kind {
            Kind::Call(call) => call.signature.result.as_ref(),
            Kind::Sleep { .. } | Kind::Wait { .. } => None,
        }
    }

    /// What its callee's own failures carry.
    #[must_use]
    pub fn error_type(&self) -> Option<&Type> {
        match self.reply_type()?.shape() {
            Shape::Result(either) => either.err.as_deref(),
            _ => None,
        }
    }
}

impl Default for Retry {
    /// A platform's fault or a full queue is worth three attempts; nothing else is.
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_millis(100),
            factor_percent: 200,
            max_backoff: Duration::from_secs(60),
            jitter_percent: 20,
            on: [ErrorCode::Unavailable, ErrorCode::Platform].into(),
        }
    }
}
