//! What two runs have in common and where they part: of one workflow, or of two.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use weft_types::{Digest, NodeStatus, RunId, RunStatus, VersionNumber};

use crate::diff::{Diff, diff};
use crate::evaluate::{LONGEST, Root};
use crate::event::{Accepted, NodeError, Place, Stored, Usage};
use crate::plan::{Kind, Node, NodeIndex, Plan};
use crate::record::{NodeRecord, RunRecord};
use crate::state::{ItemCounts, Reason};

/// A run, as far as it got.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its record.
    pub record: &'a RunRecord,
    /// What it executes.
    pub plan: &'a Plan,
    /// How it came to be.
    pub accepted: &'a Accepted,
    /// What became of each node, in the order of the plan.
    pub nodes: &'a [NodeRecord],
}

/// Two runs being compared.
#[derive(Debug)]
pub struct Comparing<'a> {
    before: Side<'a>,
    after: Side<'a>,
    /// The nodes of the later run by name.
    places: HashMap<&'a str, NodeIndex>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The one run and the other.
    pub runs: [RunSide; 2],
    /// Their arguments.
    pub arguments: Sameness,
    /// Their global parameters.
    pub globals: Sameness,
    /// Their results.
    pub result: Sameness,
    /// What differs between their plans; nothing where it is one.
    pub definition: Diff,
    /// Nodes that both have, in the order of the later run.
    pub nodes: Vec<NodeComparison>,
}

/// One of the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSide {
    /// Which.
    pub run: RunId,
    /// The workflow.
    pub workflow: String,
    /// Its version.
    pub version: VersionNumber,
    /// Where it stands.
    pub status: RunStatus,
    /// From its acceptance to its end.
    pub took: Option<Duration>,
    /// Names of the nodes that only this one has.
    pub only: Vec<String>,
    /// What it was called with; none where the other one was called with the same.
    pub arguments: Option<Stored>,
    /// Its result; none where it has none, or that is the one of the other.
    pub result: Option<Stored>,
}

/// A node that both runs have.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeComparison {
    /// Its name.
    pub name: String,
    /// What became of it in the one run and in the other.
    pub sides: [NodeSide; 2],
    /// What it was called with.
    pub input: Sameness,
    /// Its outputs.
    pub output: Sameness,
    /// Whether it is defined otherwise: [`Comparison::definition`] says how.
    pub redefined: bool,
}

/// What became of a node in one of the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSide {
    /// Where it stands.
    pub status: NodeStatus,
    /// Why it is so, where its own attempts do not tell.
    pub reason: Option<Reason>,
    /// Why it failed, and where.
    pub error: Option<(Place, NodeError)>,
    /// Its output; none where it is that of the other side.
    pub output: Option<Stored>,
    /// The number of its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// What its attempts cost.
    pub usage: Usage,
    /// Its items, once it is expanded.
    pub items: Option<ItemCounts>,
}

/// Whether two values are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// They are.
    Same,
    /// They are not, or only one is there.
    Different,
    /// Neither is there.
    Absent,
    /// A value of which they are made is no longer kept, or it would take too long to compare them.
    Unknown,
}

impl<'a> Comparing<'a> {
    /// Of these runs. Nodes are the same where their names are.
    #[must_use]
    pub fn new(before: Side<'a>, after: Side<'a>) -> Self {
        let places = after.plan.iter().map(|(index, node)| (&*node.name, index));
        Self {
            before,
            after,
            places: places.collect(),
        }
    }

    /// Nodes that both have: the place in the plan of the one run and in that of the other.
    pub fn pairs(&self) -> impl Iterator<Item = (NodeIndex, NodeIndex)> {
        let nodes = self.before.plan.iter();
        nodes.filter_map(|(index, node)| Some((index, *self.places.get(&*node.name)?)))
    }

    /// What two nodes were called with, where that shows without putting it together: it is the same where the same is put together
    /// from the same.
    #[must_use]
    pub fn input_at_sight(&self, (before, after): (NodeIndex, NodeIndex)) -> Option<Sameness> {
        let (old, new) = (self.before.plan.node(before), self.after.plan.node(after));
        if let (Kind::Wait { .. }, Kind::Wait { .. }) = (&old.kind, &new.kind) {
            return Some(Sameness::Absent);
        }
        if !self.is_one_plan() && !Recipe::of(old).is_surely(&Recipe::of(new)) {
            return None;
        }
        let mut reads = self.before.plan.reads(before);
        reads
            .all(|read| self.reads_the_same(read.root))
            .then_some(Sameness::Same)
    }

    /// What came of it. `inputs` tells whether a node, by its place in the plan of the one run, was called with the same.
    #[must_use]
    pub fn finish(&self, inputs: impl Fn(NodeIndex) -> Sameness) -> Comparison {
        let definition = match self.is_one_plan() {
            true => Diff::default(),
            false => diff(self.before.plan, self.after.plan),
        };
        let mut nodes: Vec<_> = self
            .pairs()
            .map(|pair| (pair.1, self.node(pair, inputs(pair.0), &definition)))
            .collect();
        nodes.sort_by_key(|(place, _)| *place);
        let sides = [&self.before, &self.after];
        let arguments = sides.map(|side| Some(&side.accepted.arguments));
        let results = sides.map(|side| side.record.result.as_ref());
        let only = [definition.nodes.removed.clone(), definition.nodes.added.clone()];
        let mut runs = [RunSide::new(sides[0]), RunSide::new(sides[1])];
        for (at, (run, only)) in runs.iter_mut().zip(only).enumerate() {
            run.only = only;
            run.arguments = told(arguments, at);
            run.result = told(results, at);
        }
        Comparison {
            runs,
            arguments: Sameness::of(arguments[0], arguments[1]),
            globals: self.globals(),
            result: Sameness::of(results[0], results[1]),
            definition,
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
        }
    }

    fn node(
        &self,
        (before, after): (NodeIndex, NodeIndex),
        input: Sameness,
        definition: &Diff,
    ) -> NodeComparison {
        let (old, new) = (self.before.node(before), self.after.node(after));
        let name = self.after.plan.node(after).name.to_string();
        let outputs = [old, new].map(|record| record.and_then(|record| record.output.as_ref()));
        NodeComparison {
            sides: [
                NodeSide::new(old, told(outputs, 0)),
                NodeSide::new(new, told(outputs, 1)),
            ],
            input,
            output: Sameness::of(outputs[0], outputs[1]),
            redefined: definition
                .nodes
                .changed
                .iter()
                .any(|changed| changed.name == name),
            name,
        }
    }

    fn is_one_plan(&self) -> bool {
        self.before.plan.digest == self.after.plan.digest
    }

    fn reads_the_same(&self, root: Root) -> bool {
        match root {
            Root::Input => self.before.accepted.arguments == self.after.accepted.arguments,
            Root::Globals => self.globals() == Sameness::Same,
            Root::Node(node) => {
                let name = &*self.before.plan.node(node).name;
                let other = self.places.get(name).and_then(|other| self.after.node(*other));
                let output = self.before.node(node).and_then(|record| record.output.as_ref());
                other.is_some_and(|other| output.is_some() && other.output.as_ref() == output)
            }
            // Named in the text, which is the same.
            Root::Blob(_) | Root::List => true,
        }
    }

    fn globals(&self) -> Sameness {
        let of = |side: &Side<'a>| -> Option<Stored> {
            let defaults = || {
                Some(Stored::Direct(
                    side.plan.globals.as_ref()?.defaults.as_bytes().clone(),
                ))
            };
            side.accepted.globals.clone().or_else(defaults)
        };
        Sameness::of(of(&self.before).as_ref(), of(&self.after).as_ref())
    }
}

/// One of two values, where they differ.
fn told(values: [Option<&Stored>; 2], at: usize) -> Option<Stored> {
    values[at].filter(|_| values[0] != values[1]).cloned()
}

impl<'a> Side<'a> {
    fn node(&self, index: NodeIndex) -> Option<&'a NodeRecord> {
        self.nodes.get(index.0 as usize)
    }
}

impl RunSide {
    fn new(side: &Side<'_>) -> Self {
        let record = side.record;
        let took = record
            .finished_at
            .map(|end| record.created_at.duration_until(end));
        Self {
            run: record.run,
            workflow: record.workflow.to_string(),
            version: record.version,
            status: record.status,
            // A clock that was set back counts as none.
            took: took.map(|took| took.try_into().unwrap_or_default()),
            only: Vec::new(),
            arguments: None,
            result: None,
        }
    }
}

impl NodeSide {
    fn new(record: Option<&NodeRecord>, output: Option<Stored>) -> Self {
        let Some(record) = record else {
            return Self {
                status: NodeStatus::Waiting,
                reason: None,
                error: None,
                output,
                attempt: 0,
                started_at: None,
                finished_at: None,
                usage: Usage::default(),
                items: None,
            };
        };
        Self {
            status: record.status,
            reason: record.reason,
            error: record.error.clone(),
            output,
            attempt: record.attempt,
            started_at: record.started_at,
            finished_at: record.finished_at,
            usage: record.usage,
            items: record.items.as_ref().map(|items| items.counts),
        }
    }
}

impl Sameness {
    /// Of two values that may be there.
    #[must_use]
    pub fn of<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> Self {
        match (before, after) {
            (None, None) => Self::Absent,
            (before, after) if before == after => Self::Same,
            (_, _) => Self::Different,
        }
    }
}

/// How what a node is called with is put together, as text but for the values.
#[derive(PartialEq, Eq)]
struct Recipe {
    parts: Vec<(String, String)>,
    /// The type that it has then.
    ty: Option<Digest>,
}

impl Recipe {
    fn of(node: &Node) -> Self {
        let list = node
            .for_each
            .iter()
            .map(|for_each| ("$item", for_each.list.text()));
        let (own, ty) = match &node.kind {
            Kind::Call(call) => (call.arguments.members(), Some(call.signature.params.digest())),
            Kind::Sleep { duration } => (vec![("", duration.text())], None),
            Kind::Wait { .. } => (Vec::new(), None),
        };
        let parts = list.chain(own);
        Self {
            parts: parts.map(|(name, text)| (name.to_owned(), text)).collect(),
            ty,
        }
    }

    /// Texts that were cut may differ where that does not show.
    fn is_surely(&self, other: &Self) -> bool {
        self == other && self.parts.iter().all(|(_, text)| text.len() <= LONGEST)
    }
}
