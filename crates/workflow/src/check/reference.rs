//! What a reference leads to.

use std::sync::Arc;

use weft_types::Type;

use super::hint;
use super::names::{Members, Names, Output};
use super::walk::{self, Walked};
use crate::definition::quote::quoted;
use crate::definition::{Access, Definition, Root, Spot, Step};
use crate::evaluate::{self, Hop, Path};
use crate::expression::{Reference, Spelled};
use crate::nearest::nearest;
use crate::problem::Problem;

/// What a reference begins with that is no node.
const ROOTS: [&str; 4] = ["input", "item", "index", "global"];

/// Where a reference stands and what holds there.
#[derive(Clone, Copy)]
pub(super) struct Site<'n> {
    /// What the names stand for.
    pub(super) names: &'n Names<'n>,
    /// Whose places.
    pub(super) definition: &'n Definition,
    /// The text that it stands in.
    pub(super) spot: Spot,
    /// The byte of that text at which it begins.
    pub(super) offset: usize,
    /// The item that the node is executed for.
    pub(super) item: Here<'n>,
}

/// Whether there is an item where a reference stands.
#[derive(Clone, Copy)]
pub(super) enum Here<'n> {
    /// There is none.
    Nothing,
    /// There is one, of a list that is wrong.
    Unknown,
    /// This one.
    Item(&'n Item),
}

/// The item of a list that a node is executed for.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Where the list comes from.
    pub(super) root: evaluate::Root,
    /// The type of the root's value.
    pub(super) root_type: Arc<Type>,
    /// The way from there to the item.
    pub(super) hops: Vec<Hop>,
    /// The type of the item.
    pub(super) ty: Arc<Type>,
}

/// What a reference leads to.
pub(super) struct Target<'n> {
    /// The way there.
    pub(super) path: Path,
    /// The type of what is there. For an optional one, of what is there if it is.
    pub(super) ty: &'n Type,
    /// Whether the way leads through what need not be there: an option, a case.
    pub(super) optional: bool,
    /// The flag that it ends at, the way leading to the flags.
    pub(super) flag: Option<u32>,
    /// The node whose output it begins with, by its place in the definition.
    pub(super) node: Option<usize>,
}

/// Why a reference leads nowhere; none where that was told already.
pub(super) type Lost = Option<Box<Problem>>;

impl<'n> Site<'n> {
    /// Follows a reference through the types, where those in `facts` are known to lead to something.
    pub(super) fn resolve_knowing(
        &self,
        facts: &[&Reference],
        root: &Root,
        steps: &[Step],
    ) -> Result<Target<'n>, Lost> {
        let begin = self.begin(root, steps)?;
        let known = |length: usize| facts.iter().any(|fact| fact.leads_on(root, &steps[..length]));
        let walked = walk::walk(begin.ty, steps, known).map_err(|error| {
            let passed = Spelled(root, &steps[..error.step]);
            let at = steps[error.step].offset as usize;
            Some(Box::new(self.problem(
                at,
                error.code,
                format!("`{passed}` {}", error.message),
            )))
        })?;
        Ok(self.target(begin, walked, Spelled(root, steps).to_string().into()))
    }

    fn target(&self, begin: Begin<'n>, walked: Walked<'n>, text: Box<str>) -> Target<'n> {
        let mut hops = begin.hops;
        hops.extend(walked.hops);
        Target {
            path: Path {
                root: begin.root,
                ty: begin.root_type,
                hops: hops.into(),
                text,
            },
            ty: walked.ty,
            optional: walked.optional,
            flag: walked.flag,
            node: begin.node,
        }
    }

    /// The value that a reference begins with.
    fn begin(&self, root: &Root, steps: &[Step]) -> Result<Begin<'n>, Lost> {
        match root {
            Root::Input => self.member_of(&self.names.input, evaluate::Root::Input, "input", steps),
            Root::Global => self.member_of(
                &self.names.globals,
                evaluate::Root::Globals,
                "global parameter",
                steps,
            ),
            Root::Node(name) => self.output_of(name),
            Root::Item => match self.item {
                Here::Unknown => Err(None),
                Here::Item(item) => Ok(Begin {
                    root: item.root,
                    root_type: item.root_type.clone(),
                    hops: item.hops.clone(),
                    ty: &item.ty,
                    node: None,
                }),
                Here::Nothing => Err(self.no_item("$item")),
            },
            Root::Index => Err(self.lost(
                0,
                "index-here",
                "`$index` stands for a number and has no parts".to_owned(),
            )),
        }
    }

    fn member_of(
        &self,
        members: &'n Members<'_>,
        root: evaluate::Root,
        what: &str,
        steps: &[Step],
    ) -> Result<Begin<'n>, Lost> {
        let ty = members.ty.as_ref().ok_or(None)?;
        if let Some(Access::Field(name)) = steps.first().map(|step| &step.access) {
            if members.is_wrong(name) {
                return Err(None);
            }
            if ty.member(name).is_none() {
                let message = format!(
                    "there is no {what} {}{}",
                    quoted(name),
                    hint(name, members.names())
                );
                return Err(self.lost(steps[0].offset as usize, "unknown-reference", message));
            }
        }
        Ok(Begin {
            root,
            root_type: ty.clone(),
            hops: Vec::new(),
            ty,
            node: None,
        })
    }

    fn output_of(&self, name: &str) -> Result<Begin<'n>, Lost> {
        let Some(node) = self.names.node(name) else {
            return Err(self.unknown_node(name));
        };
        match &self.names.outputs[node] {
            Output::Unknown => Err(None),
            Output::Nothing => Err(self.lost(
                0,
                "no-output",
                format!("node `{name}` has no output; to run behind it, name it in `after`"),
            )),
            Output::Value(ty) => Ok(Begin {
                root: evaluate::Root::Node(self.names.order[node]),
                root_type: ty.clone(),
                hops: Vec::new(),
                ty,
                node: Some(node),
            }),
        }
    }

    fn unknown_node(&self, name: &str) -> Lost {
        let nodes = self.definition.nodes.iter().map(|node| &*node.name.value);
        let inputs: Vec<_> = self.names.input.names().collect();
        let root = nearest(name, ROOTS).filter(|_| nearest(name, nodes.clone()).is_none());
        let message = match (inputs.contains(&name), root) {
            (true, _) => format!("there is no node `{name}`, did you mean the input `$input.{name}`?"),
            (false, Some(root)) => format!("there is no node {}, did you mean `${root}`?", quoted(name)),
            (false, None) => format!("there is no node {}{}", quoted(name), hint(name, nodes)),
        };
        self.lost(0, "unknown-reference", message)
    }

    pub(super) fn no_item(&self, name: &str) -> Lost {
        let message = format!("`{name}` has a meaning only in the arguments of a node with `for-each`");
        self.lost(0, "item-outside-for-each", message)
    }

    fn lost(&self, at: usize, code: &'static str, message: String) -> Lost {
        Some(Box::new(self.problem(at, code, message)))
    }

    /// A problem at a byte of the reference.
    pub(super) fn problem(&self, at: usize, code: &'static str, message: String) -> Problem {
        let places = &self.definition.places;
        places.problem_within(self.spot, self.offset + at, code, message)
    }
}

/// The value that a reference begins with.
struct Begin<'n> {
    root: evaluate::Root,
    root_type: Arc<Type>,
    hops: Vec<Hop>,
    ty: &'n Type,
    node: Option<usize>,
}
