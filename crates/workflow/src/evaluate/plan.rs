//! What whoever executes a plan asks of it.

use std::time::Duration;

use weft_types::image::{Bounds, Image, Outcome, Piece};
use weft_types::ty::Shape;

use super::path::{Read, Root};
use super::{EvaluationError, Scope, UNBOUNDED};
use crate::definition;
use crate::plan::{Catch, ItemFailure, Kind, Node, NodeIndex, Plan};

/// What a node goes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// How many items.
    pub count: u32,
    /// The list, where it had to be put together: [`Scope::list`] gives it to the items. None where they are read in place.
    pub list: Option<Image>,
}

impl Plan {
    /// What a node reads for its condition, its list and its arguments, or for the pause it makes. A value may stand there
    /// more than once.
    pub fn reads(&self, node: NodeIndex) -> impl Iterator<Item = &Read> {
        let node = self.node(node);
        let when = node.when.iter().flat_map(|it| it.reads());
        let list = node.for_each.iter().flat_map(|it| it.list.reads());
        let own = match &node.kind {
            Kind::Call(call) => call.arguments.reads(),
            Kind::Sleep { duration } => duration.reads(),
            Kind::Wait { .. } => &[],
        };
        // The list that was put together is no value of the run.
        let all = when.chain(list).chain(own);
        all.filter(|read| read.root != Root::List)
    }

    /// Whether a node is to be executed: true where it has no condition.
    ///
    /// # Errors
    /// Where the condition cannot be evaluated.
    pub fn condition(&self, node: NodeIndex, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        match &self.node(node).when {
            Some(condition) => condition.formula.holds(scope),
            None => Ok(true),
        }
    }

    /// What a node goes over; none for one that is executed once.
    ///
    /// # Errors
    /// Where the list cannot be evaluated or is larger than `bounds`.
    pub fn items(
        &self,
        node: NodeIndex,
        scope: &dyn Scope,
        bounds: Bounds,
    ) -> Result<Option<Items>, EvaluationError> {
        let Some(for_each) = &self.node(node).for_each else {
            return Ok(None);
        };
        let (list, length) = match for_each.list.path() {
            Some(path) => (None, path.require(scope)?.length()),
            None => {
                let list = for_each.list.evaluate(scope, bounds)?;
                let length = list.view(for_each.list.ty()).length();
                (Some(list), length)
            }
        };
        // The length of a list is held in 32 bits.
        let count = length.and_then(|it| u32::try_from(it).ok());
        let count = count.ok_or_else(|| EvaluationError::Unfit("the list".to_owned()))?;
        Ok(Some(Items { count, list }))
    }

    /// The arguments of a call: an image of the callee's parameter record. For a node that calls nothing, of its own
    /// parameters: the milliseconds of a pause.
    ///
    /// # Errors
    /// Where they cannot be evaluated or are larger than `bounds`, and for a node that takes none.
    pub fn arguments(
        &self,
        node: NodeIndex,
        scope: &dyn Scope,
        bounds: Bounds,
    ) -> Result<Image, EvaluationError> {
        let node = self.node(node);
        match &node.kind {
            Kind::Call(call) => call.arguments.evaluate(scope, bounds),
            Kind::Sleep { duration } => duration.evaluate(scope, bounds),
            Kind::Wait { .. } => Err(unfit(node)),
        }
    }

    /// How long a node sleeps; nothing for one that does something else.
    ///
    /// # Errors
    /// Where that cannot be evaluated, or is longer than a definition may say.
    pub fn sleep_for(&self, node: NodeIndex, scope: &dyn Scope) -> Result<Duration, EvaluationError> {
        match &self.node(node).kind {
            Kind::Sleep { duration } => {
                let millis = duration.evaluate(scope, UNBOUNDED)?;
                let millis = millis.view(duration.ty()).as_integer();
                let millis = millis.and_then(|it| u64::try_from(it).ok());
                let millis = millis.ok_or_else(|| unfit(self.node(node)))?;
                let duration = Duration::from_millis(millis);
                match duration <= definition::Bounds::MAX_DURATION {
                    true => Ok(duration),
                    false => Err(EvaluationError::TooLong(millis)),
                }
            }
            Kind::Call(_) | Kind::Wait { .. } => Ok(Duration::ZERO),
        }
    }

    /// Takes a callee's answer apart: the output of the node, or of one item of it, where the answer is an `ok` or no
    /// `result` at all, and otherwise what the `err` carries, whose type is [`Node::error_type`].
    ///
    /// # Errors
    /// What the `err` carries.
    pub fn split(&self, node: NodeIndex, reply: Option<Image>) -> Result<Option<Image>, Option<Image>> {
        let Some(image) = reply else {
            return Ok(None);
        };
        let ty = match self.node(node).reply_type() {
            Some(ty) if matches!(ty.shape(), Shape::Result(_)) => ty,
            _ => return Ok(Some(image)),
        };
        let carried = image.view(ty).payload();
        // A part takes at most 7 bytes more than in the whole, which is far below the 4 GiB that would be too much.
        let carried = carried.and_then(|part| Image::extract(part, UNBOUNDED).ok());
        match image.outcome(ty) {
            Outcome::Ok => Ok(carried),
            Outcome::Err => Err(carried),
        }
    }

    /// The output of a node that goes over a list, from those of its items in their order: what each answered, or why it
    /// failed, which is only for nodes that collect failures. None where the node has no output.
    ///
    /// # Errors
    /// Where the output is larger than `bounds`, or an item has failed and the node does not collect that.
    pub fn gather<'a>(
        &self,
        node: NodeIndex,
        items: impl IntoIterator<Item = Result<Option<&'a Image>, &'a str>>,
        bounds: Bounds,
    ) -> Result<Option<Image>, EvaluationError> {
        let node = self.node(node);
        let (Some(ty), Some(for_each)) = (&node.output, &node.for_each) else {
            return Ok(None);
        };
        let collect = for_each.on_failure == ItemFailure::Collect;
        let pieces = items.into_iter().map(|item| match (item, collect) {
            (Ok(output), true) => Piece::Ok(output.map(|it| Box::new(Piece::Image(it)))),
            (Err(failure), _) => Piece::Err(Some(Box::new(Piece::Text(failure)))),
            (Ok(Some(output)), false) => Piece::Image(output),
            // Fits no place, which is an error below.
            (Ok(None), false) => Piece::None,
        });
        Ok(Some(Image::list(ty, pieces, bounds)?))
    }

    /// What takes the place of the output of a node that failed for good: the value that its `catch` gives, or the output of
    /// the node that it names.
    ///
    /// # Errors
    /// Where it cannot be evaluated, is larger than `bounds`, or nothing catches the failure.
    pub fn caught(
        &self,
        node: NodeIndex,
        scope: &dyn Scope,
        bounds: Bounds,
    ) -> Result<Option<Image>, EvaluationError> {
        let node = self.node(node);
        match &node.catch {
            _ if node.output.is_none() => Ok(None),
            Some(Catch::Value(value)) => value.evaluate(scope, bounds).map(Some),
            Some(Catch::Node(fallback)) => Ok(scope.output(*fallback).cloned()),
            None => Err(unfit(node)),
        }
    }

    /// What the workflow answers; none where it answers nothing.
    ///
    /// # Errors
    /// Where it cannot be evaluated or is larger than `bounds`.
    pub fn answer(&self, scope: &dyn Scope, bounds: Bounds) -> Result<Option<Image>, EvaluationError> {
        let result = self.result.as_ref();
        result.map(|it| it.evaluate(scope, bounds)).transpose()
    }
}

fn unfit(node: &Node) -> EvaluationError {
    EvaluationError::Unfit(node.name.to_string())
}
