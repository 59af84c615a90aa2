//! What a node was called with: not written down, as it follows from what was.

use std::collections::{BTreeSet, HashMap};

use weft_types::image::{Bounds, Image};
use weft_types::{Digest, ProjectName, RunId, Type, Value};
use weft_workflow::evaluate::{EvaluationError, Root, Scope};
use weft_workflow::event::Stored;
use weft_workflow::plan::Kind;
use weft_workflow::state::Reason;
use weft_workflow::{NodeIndex, Plan};

use crate::Error;
use crate::engine::Engine;
use crate::history::damaged;
use crate::port::blobs::BlobError;
use crate::told::Told;
use crate::values::named_in_definition;

/// Items of a node whose arguments are compared at most.
pub(crate) const MOST_ITEMS: u32 = 10_000;
/// Items that are compared at a time, before others have their turn.
const TURN: u32 = 64;

/// The values of a run that one node sees.
struct Past {
    values: HashMap<Root, Image>,
    /// The defaults of the global parameters.
    globals: Option<Image>,
    item: Option<u32>,
    nothing: Image,
}

/// What a node was called with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// This, once.
    Once(Image),
    /// So often, once per item, at first with these.
    Items(u32, Vec<Image>),
}

/// What is asked of a node.
#[derive(PartialEq, Eq)]
enum Asked {
    /// Its condition is false.
    Nothing,
    ToWait,
    With(Input),
}

impl Engine {
    /// What a node was, or would be, called with: an image of its callee's parameter record, or of a `u64` for the
    /// milliseconds of a sleep. None where it takes nothing, what it needs is not there (yet), or it cannot be put together.
    ///
    /// # Errors
    /// Where there is no such run or node, or what is stored cannot be read.
    pub async fn arguments(
        &self,
        project: &ProjectName,
        run: RunId,
        node: &str,
        item: Option<u32>,
    ) -> Result<Option<Image>, Error> {
        let told = self.0.told(project, run).await?;
        let index = told
            .plan
            .find(node)
            .ok_or_else(|| Error::no_node(run, node, &told.plan))?;
        if let Kind::Wait { .. } = told.plan.node(index).kind {
            return Ok(None);
        }
        let past = self.past(&told, index, &told.accepted.arguments).await?;
        let arguments = past.arguments(&told.plan, index, item, self.0.config.values);
        absent_where_missing(run, arguments)
    }

    /// The output of a node of a run: its own, a given one, or that of what took its place. None where it has none, or not yet.
    ///
    /// # Errors
    /// Where there is no such run or node, or what is stored cannot be read.
    pub async fn output(
        &self,
        project: &ProjectName,
        run: RunId,
        node: &str,
    ) -> Result<Option<(Image, Type)>, Error> {
        let told = self.0.told(project, run).await?;
        let index = told
            .plan
            .find(node)
            .ok_or_else(|| Error::no_node(run, node, &told.plan))?;
        let (Some(stored), Some(ty)) = (told.find(Root::Node(index)), &told.plan.node(index).output) else {
            return Ok(None);
        };
        let value = self.0.verified(run, stored, ty)?;
        let image = self.load(project, &value, ty).await?;
        Ok(Some((image, Type::clone(ty))))
    }

    /// All that a node was called with, but for its items, which are counted. None as for [`Self::arguments`].
    pub(crate) async fn input(&self, told: &Told, node: NodeIndex) -> Result<Option<Input>, Error> {
        let past = self.past(told, node, &told.accepted.arguments).await?;
        let input = past.input(&told.plan, node, 0, self.0.config.values);
        absent_where_missing(told.record.run, input)
    }

    /// Calls `differs` for each of the first `items` items that a node of one run was called with otherwise than a node of another run.
    pub(crate) async fn differing_items(
        &self,
        before: (&Told, NodeIndex),
        after: (&Told, NodeIndex),
        items: u32,
        mut differs: impl FnMut(u32),
    ) -> Result<(), Error> {
        let bounds = self.0.config.values;
        let mut old = self
            .past(before.0, before.1, &before.0.accepted.arguments)
            .await?;
        let mut new = self.past(after.0, after.1, &after.0.accepted.arguments).await?;
        for (past, (told, node)) in [(&mut old, before), (&mut new, after)] {
            let expanded = past.expand(&told.plan, node, bounds);
            absent_where_missing(told.record.run, expanded)?;
        }
        for item in 0..items {
            let was = old.of_item(&before.0.plan, before.1, item, bounds);
            if was != new.of_item(&after.0.plan, after.1, item, bounds) {
                differs(item);
            }
            if item % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Whether a node would be executed alike, or skipped alike, in a run with these arguments, if all else that it reads stays the same.
    pub(crate) async fn asks_the_same(
        &self,
        told: &Told,
        node: NodeIndex,
        arguments: &Stored,
    ) -> Result<bool, Error> {
        // What its catch would be made of is not told by what it was called with.
        if told.nodes[node.0 as usize].reason == Some(Reason::Caught) {
            return Ok(false);
        }
        if !told.plan.reads(node).any(|read| read.root == Root::Input) {
            return Ok(true);
        }
        let inputs = async {
            let before = self.past(told, node, &told.accepted.arguments).await?;
            let after = self.past(told, node, arguments).await?;
            Ok((before, after))
        };
        let bounds = self.0.config.values;
        match inputs.await {
            Ok((before, after)) => {
                let (before, after) = (
                    before.asked(&told.plan, node, bounds),
                    after.asked(&told.plan, node, bounds),
                );
                Ok(before.is_some() && before == after)
            }
            // A value of a closed run may have been collected.
            Err(Error::Blob(BlobError::Missing(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Those of these items of a node, ascending, that would be called with what they were in a run with these arguments, if all else
    /// that the node reads stays the same. None where there are more than [`MOST_ITEMS`].
    pub(crate) async fn items_asked_the_same(
        &self,
        told: &Told,
        node: NodeIndex,
        arguments: &Stored,
        items: &[u32],
    ) -> Result<BTreeSet<u32>, Error> {
        let reads_arguments = told.plan.reads(node).any(|read| read.root == Root::Input);
        if told.accepted.arguments == *arguments || !reads_arguments {
            return Ok(items.iter().copied().collect());
        }
        if items.len() > MOST_ITEMS as usize {
            return Ok(BTreeSet::new());
        }
        let inputs = async {
            let before = self.past(told, node, &told.accepted.arguments).await?;
            let after = self.past(told, node, arguments).await?;
            Ok((before, after))
        };
        let (mut before, mut after) = match inputs.await {
            Ok(inputs) => inputs,
            // A value of a closed run may have been collected.
            Err(Error::Blob(BlobError::Missing(_))) => return Ok(BTreeSet::new()),
            Err(error) => return Err(error),
        };
        let (plan, bounds) = (&told.plan, self.0.config.values);
        let counts = [&mut before, &mut after].map(|past| past.expand(plan, node, bounds));
        let [Ok(Some(old)), Ok(Some(new))] = counts else {
            return Ok(BTreeSet::new());
        };
        let mut same = BTreeSet::new();
        for &item in items.iter().filter(|item| **item < old.min(new)) {
            let [was, is] = [&mut before, &mut after].map(|past| past.of_item(plan, node, item, bounds));
            if was.is_some() && was == is {
                same.insert(item);
            }
            if item % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(same)
    }

    /// Everything that a node reads, as far as it is there, in a run with these arguments.
    async fn past(&self, told: &Told, node: NodeIndex, arguments: &Stored) -> Result<Past, Error> {
        let record = &told.record;
        let mut values = HashMap::new();
        for read in told.plan.reads(node) {
            let found = match read.root {
                Root::Input => Some(arguments),
                root => told.find(root),
            };
            let value = match (read.root, found) {
                (_, Some(stored)) => self.0.verified(record.run, stored, &read.ty)?,
                (Root::Blob(digest), None) => Value::Address(named_in_definition(digest, &read.ty)),
                (Root::Input | Root::Globals | Root::Node(_) | Root::List, None) => continue,
            };
            values.insert(read.root, self.load(&record.project, &value, &read.ty).await?);
        }
        let globals = told.plan.globals.as_ref();
        Ok(Past {
            values,
            globals: globals.map(|globals| globals.defaults.clone()),
            item: None,
            nothing: self.0.nothing.clone(),
        })
    }
}

/// What cannot be put together is not there; what is not of its type was not written by us.
fn absent_where_missing<T>(run: RunId, found: Result<T, EvaluationError>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(
            EvaluationError::Missing(_)
            | EvaluationError::OutOfRange { .. }
            | EvaluationError::Overflow { .. }
            | EvaluationError::DivisionByZero { .. }
            | EvaluationError::TooLong(_)
            | EvaluationError::TooLarge(_),
        ) => Ok(None),
        Err(error @ EvaluationError::Unfit(_)) => Err(damaged(run, &error)),
    }
}

impl Past {
    fn arguments(
        mut self,
        plan: &Plan,
        node: NodeIndex,
        item: Option<u32>,
        bounds: Bounds,
    ) -> Result<Image, EvaluationError> {
        if let Some(count) = self.expand(plan, node, bounds)? {
            let item = item.filter(|item| *item < count);
            self.item = Some(item.ok_or_else(|| EvaluationError::Missing("$item".to_owned()))?);
        }
        plan.arguments(node, &self, bounds)
    }

    /// What is asked of a node; none where that cannot be told.
    fn asked(self, plan: &Plan, node: NodeIndex, bounds: Bounds) -> Option<Asked> {
        if !plan.condition(node, &self).ok()? {
            return Some(Asked::Nothing);
        }
        if let Kind::Wait { .. } = plan.node(node).kind {
            return Some(Asked::ToWait);
        }
        match self.input(plan, node, MOST_ITEMS, bounds).ok()? {
            Input::Items(count, _) if count > MOST_ITEMS => None,
            input => Some(Asked::With(input)),
        }
    }

    fn input(
        mut self,
        plan: &Plan,
        node: NodeIndex,
        most: u32,
        bounds: Bounds,
    ) -> Result<Input, EvaluationError> {
        let Some(count) = self.expand(plan, node, bounds)? else {
            return plan.arguments(node, &self, bounds).map(Input::Once);
        };
        let mut first = Vec::new();
        for item in 0..count.min(most) {
            self.item = Some(item);
            first.push(plan.arguments(node, &self, bounds)?);
        }
        Ok(Input::Items(count, first))
    }

    /// What an item is called with, once the list was put in its place; none where that cannot be told.
    fn of_item(&mut self, plan: &Plan, node: NodeIndex, item: u32, bounds: Bounds) -> Option<Image> {
        self.item = Some(item);
        plan.arguments(node, self, bounds).ok()
    }

    /// Puts the list of a node that goes over one in its place; answers how many items it has.
    fn expand(
        &mut self,
        plan: &Plan,
        node: NodeIndex,
        bounds: Bounds,
    ) -> Result<Option<u32>, EvaluationError> {
        let Some(items) = plan.items(node, self, bounds)? else {
            return Ok(None);
        };
        if let Some(list) = items.list {
            self.values.insert(Root::List, list);
        }
        Ok(Some(items.count))
    }
}

impl Scope for Past {
    fn input(&self) -> &Image {
        self.values.get(&Root::Input).unwrap_or(&self.nothing)
    }

    fn globals(&self) -> Option<&Image> {
        self.values.get(&Root::Globals).or(self.globals.as_ref())
    }

    fn output(&self, node: NodeIndex) -> Option<&Image> {
        self.values.get(&Root::Node(node))
    }

    fn item(&self) -> Option<u32> {
        self.item
    }

    fn list(&self) -> Option<&Image> {
        self.values.get(&Root::List)
    }

    fn blob(&self, digest: &Digest) -> Option<&Image> {
        self.values.get(&Root::Blob(*digest))
    }
}
