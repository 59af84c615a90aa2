//! A definition as it was written: what a person said, each part with its place, nothing resolved but types.
//!
//! A part that is wrong is told once by the reader and left out here, or is `None` where something must stand: whoever goes
//! on with it passes over what is missing in silence, so that one mistake is one problem.

use std::sync::Arc;
use std::time::Duration;

use weft_types::{Digest, Durability, FailurePolicy, FunctionName, Limits, Priority, Type, VersionNumber};

use super::place::{Places, Spot};
use crate::plan::{ItemFailure, Retry};

/// A workflow as it was written.
#[derive(Debug)]
pub struct Definition {
    /// Where every part stands; [`Spot`]s lead into it.
    pub places: Arc<Places>,
    /// What the workflow calls itself, `workflow`; none where it is missing or wrong.
    pub name: Option<At<FunctionName>>,
    /// For people; empty where none is given.
    pub description: Box<str>,
    /// `input`: the parameters, in their order. Names are unique.
    pub inputs: Vec<Input>,
    /// `output` and `output-type`; none for a workflow that answers nothing.
    pub output: Option<Output>,
    /// `durability`.
    pub durability: Durability,
    /// `defaults`.
    pub defaults: Defaults,
    /// `parameters`: values that nodes read as `$global.name` and that a start may replace. Names are unique.
    pub globals: Vec<Global>,
    /// `nodes`, in the order in which they are written. Names are unique.
    pub nodes: Vec<Node>,
}

/// Something and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// Where: a value's own place, not that of its key.
    pub spot: Spot,
    /// What.
    pub value: T,
}

/// A WIT type that was written; none where it is wrong, which was told.
pub type Written = At<Option<Type>>;

/// A parameter of the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name, at its key.
    pub name: At<Box<str>>,
    /// Its type.
    pub ty: Written,
}

/// What the workflow answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// `output`: a map makes a record of its members.
    pub source: Source,
    /// `output-type`; none where it is to be inferred.
    pub ty: Option<Written>,
}

/// A value that is the same for all nodes of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its name, at its key.
    pub name: At<Box<str>>,
    /// Its type.
    pub ty: Written,
    /// What it is where a start says nothing else: without references. None where it is missing or wrong.
    pub default: Option<Source>,
}

/// What applies to runs that say nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// `on-failure`.
    pub on_failure: FailurePolicy,
    /// `priority`.
    pub priority: Priority,
    /// `group`: the workers that may execute it.
    pub group: Option<At<Box<str>>>,
    /// `timeout`: how long a run may take.
    pub timeout: Option<At<Duration>>,
    /// `concurrency`: runs of this workflow at once, at least 1.
    pub concurrency: Option<At<u32>>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, at its key.
    pub name: At<Box<str>>,
    /// What it does; none where that is missing or wrong.
    pub kind: Option<Kind>,
    /// `after`: names of nodes that must be over before, not yet looked up. Each stands once.
    pub after: Vec<At<Box<str>>>,
    /// `when`: the text of a condition, not yet parsed. [`Places::within`] gives the place of a byte of it.
    pub when: Option<At<Box<str>>>,
    /// `for-each`, `concurrency` and `on-item-failure`.
    pub for_each: Option<ForEach>,
    /// `retry`; none where nothing is said.
    pub retry: Option<At<Retry>>,
    /// `catch`.
    pub catch: Option<At<Catch>>,
    /// `timeout`: of one attempt, or of a wait.
    pub timeout: Option<At<Duration>>,
    /// `priority`.
    pub priority: Option<At<Priority>>,
    /// `profile`: the name of a pool profile.
    pub profile: Option<At<Box<str>>>,
    /// `group`: the workers that may execute it, instead of those of the run.
    pub group: Option<At<Box<str>>>,
    /// `limits`: tighter bounds than the version's own. `timeout_ms`, `concurrency` and `reuse` are never set.
    pub limits: Option<At<Limits>>,
    /// `cache`: how long results may be reused for equal arguments.
    pub cache: Option<At<Duration>>,
}

/// What a node does: an open list. Each kind has its parser in `definition/kind/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `call`
    Call(Call),
    /// `sleep`
    Sleep(Sleep),
    /// `wait`
    Wait(Wait),
}

/// A call of a function or a workflow: `name@version#export`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where the callee is named.
    pub spot: Spot,
    /// The function.
    pub function: FunctionName,
    /// Its version, at least 1; none means the active one.
    pub version: Option<VersionNumber>,
    /// Its export, short or full; none means the only one.
    pub export: Option<Box<str>>,
    /// `with`: the arguments, in the order in which they are written. Names are unique, and not yet looked up.
    pub with: Vec<Argument>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The parameter, at its key.
    pub name: At<Box<str>>,
    /// Its value.
    pub source: Source,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleep {
    /// Where its length is given.
    pub spot: Spot,
    /// Its length.
    pub duration: Pause,
}

/// The length of a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Always this.
    Fixed(Duration),
    /// Milliseconds, a `u64`, that are known when the node starts.
    Given(Reference),
}

/// Waiting for an outside event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The type of the value that the event brings; none for one that brings nothing (`wait: null`).
    pub ty: Option<Written>,
    /// Where `wait` is given.
    pub spot: Spot,
}

/// One execution per item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForEach {
    /// The list.
    pub list: Source,
    /// Items at once at most, at least 1; none means the default.
    pub concurrency: Option<At<u32>>,
    /// What a failed item means.
    pub on_item_failure: ItemFailure,
}

/// What follows a failure for good, so that it is none for the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catch {
    /// This value takes the place of the output.
    Value(Source),
    /// Another node is executed; its output takes the place. The name is not yet looked up.
    Node(At<Box<str>>),
}

/// How a value is put together: a literal, with references at any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it stands.
    pub spot: Spot,
    /// What it is.
    pub form: Form,
}

/// What a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, spelled as JSON spells numbers, with all the digits that were written.
    Number(Box<str>),
    /// A string, `$$` at its start already made `$`.
    String(Box<str>),
    /// Elements.
    List(Vec<Source>),
    /// Members in the order in which they are written. Keys are unique.
    Map(Vec<Member>),
    /// The value of something else.
    Reference(Reference),
    /// `{"$blob": "<digest>"}`: the value that is stored under this address.
    Blob(Digest),
    /// Something that is wrong, which was told.
    Wrong,
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its key.
    pub key: At<Box<str>>,
    /// Its value.
    pub value: Source,
}

/// A reference: `$node.field[0].name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands.
    pub spot: Spot,
    /// What it begins with.
    pub root: Root,
    /// What it goes through, in order.
    pub steps: Vec<Step>,
}

/// What a reference begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$input`: the record of all parameters; its first step is one of them.
    Input,
    /// `$item`: the item of the list that the node goes over.
    Item,
    /// `$index`: the place of that item in the list, from 0, a `u32`.
    Index,
    /// `$global`: the record of all global parameters; its first step is one of them.
    Global,
    /// `$name`: the output of a node, not yet looked up.
    Node(Box<str>),
}

/// One step of a reference into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The byte of the reference's text at which it begins, for [`Places::within`].
    pub offset: u32,
    /// Where it goes.
    pub access: Access,
}

/// Where a step goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// `.name`: a field of a record.
    Field(Box<str>),
    /// `[0]`: an element of a list, or a member of a tuple.
    Index(u32),
}

impl Root {
    /// Names that mean something in references, so that nothing else is called so.
    pub const RESERVED: [&'static str; 4] = ["input", "item", "index", "global"];
}
