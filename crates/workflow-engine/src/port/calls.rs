//! Calling functions.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use weft_types::image::{Attached, Image};
use weft_types::{Digest, FunctionName, Limits, NodeKey, ProjectName, RunId, VersionNumber};
use weft_workflow::event::ErrorCode;

use super::Boxed;

/// Finds functions to call.
pub trait Calls: Send + Sync + 'static {
    /// A version of a function, ready to be called many times. Asked at every node that calls: looks at memory only.
    ///
    /// # Errors
    /// Where there is none; the message is for people.
    fn callee(&self, wanted: &Wanted<'_>) -> Result<Arc<dyn Callee>, String>;
}

/// Which function to call, and where.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The namespace, whose authority the call has.
    pub project: &'a ProjectName,
    /// The function.
    pub function: &'a FunctionName,
    /// Its version.
    pub version: VersionNumber,
    /// The pool profile to execute in; none leaves it to the version.
    pub profile: Option<&'a str>,
    /// The label that the pool must carry; none means any.
    pub group: Option<&'a str>,
}

/// A version of a function that can be called.
pub trait Callee: Send + Sync + 'static {
    /// Calls an export. Dropping the future stops the guest within 10 ms.
    fn call(self: Arc<Self>, call: NodeCall) -> Boxed<'static, Result<NodeReply, CallError>>;

    /// Whether it can be executed again without anyone being able to tell, as things stand now.
    fn effect_free(&self) -> bool;

    /// The same for the same version of the same function only: another one may get its name and number once it was deleted.
    fn identity(&self) -> Digest;

    /// Makes a place to execute ready, within the platform's bounds. Never waits.
    fn warm(&self);
}

/// One call of a node.
#[derive(Debug)]
pub struct NodeCall {
    /// Index of the export.
    pub export: usize,
    /// An image of the signature's parameter record.
    pub arguments: Image,
    /// Arguments that are not in the image, where an empty list stands for each.
    pub attached: Attached,
    /// What randomness is derived from, where the version has no effects.
    pub seed: [u8; 32],
    /// What its clock starts at.
    pub time: Timestamp,
    /// How long it may take; the version's own limit applies where it is shorter.
    pub timeout: Option<Duration>,
    /// Tighter bounds than the version's own, where they are set.
    pub limits: Option<Box<Limits>>,
    /// The run, for the lines that the guest logs.
    pub run: RunId,
    /// The node, likewise.
    pub node: Arc<str>,
    /// The item, where the node goes over a list.
    pub item: Option<u32>,
    /// Readable by the guest; outbound HTTP carries it.
    pub key: NodeKey,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The trace and the span of the caller.
    pub trace: ([u8; 16], [u8; 8]),
    /// How deep the run is nested.
    pub depth: u32,
}

/// What a call answered.
#[derive(Debug)]
pub struct NodeReply {
    /// The result, where the signature has one.
    pub result: Option<Image>,
    /// Time the guest executed.
    pub cpu_time: Duration,
}

/// Why a call did not answer. The function's own `err` is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Whether the guest had begun: if it has effects, they may have happened.
    pub begun: bool,
    /// How long the guest executed; 0 where that is not known.
    pub cpu_time: Duration,
}
