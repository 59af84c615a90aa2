//! Values and truths that a plan computes: arguments from outputs, conditions, lists, the result.
//!
//! Whatever can be decided when a definition is checked is: a reference is a row of offsets here, a literal an image, a
//! conversion a list of steps. What is left can fail where it depends on values: an index that a list does not reach, a
//! division by zero, a value that becomes too large.
//!
//! The one who executes a plan owns the values and lends them through a [`Scope`]. [`Plan::reads`](crate::Plan::reads) tells
//! which of them a node needs, so that those kept by address can be fetched before.

use weft_types::Digest;
use weft_types::image::{AssembleError, Bounds, Image};

use crate::plan::NodeIndex;

mod attaching;
mod expression;
mod formula;
mod globals;
mod number;
mod path;
mod plan;
mod source;
mod text;

pub(crate) use expression::Expression;
pub(crate) use formula::{Datum, Formula, Search, calculated, order};
pub(crate) use number::negated;
pub(crate) use path::{Hop, Path};
pub use path::{Read, Root};
pub use plan::Items;
pub use source::Whole;
pub(crate) use text::LONGEST;

/// The values that a node sees. All must be there that [`Plan::reads`](crate::Plan::reads) names, but for outputs of nodes
/// that were skipped or have none.
pub trait Scope {
    /// The arguments of the run: an image of the plan's parameter record.
    fn input(&self) -> &Image;

    /// The global parameters: an image of their record; none where the plan has none.
    fn globals(&self) -> Option<&Image>;

    /// The output of a node; none where it was skipped.
    fn output(&self, node: NodeIndex) -> Option<&Image>;

    /// The place of the item that a node is executed for; none where it goes over no list.
    fn item(&self) -> Option<u32>;

    /// The list that [`Items::list`] told to keep for the items of this node; none where it told nothing.
    fn list(&self) -> Option<&Image>;

    /// The value that is stored under an address: an image of the type that [`Read::ty`] gives.
    fn blob(&self, digest: &Digest) -> Option<&Image>;
}

/// Why a value or a truth could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A list does not reach that far.
    #[error("`{reference}`: there is no element {index}, the list has {length}")]
    OutOfRange {
        /// The reference, as it is written.
        reference: String,
        /// The element.
        index: u32,
        /// How many there are.
        length: usize,
    },
    /// A value that had to be there is not: what it comes from was skipped, or its blob was not handed over.
    #[error("`{0}` has no value")]
    Missing(String),
    /// A whole number beyond those that an `s64` or a `u64` holds.
    #[error("a whole number becomes too large at character {} of the condition", at + 1)]
    Overflow {
        /// The byte of the condition where the sign stands.
        at: usize,
    },
    /// A whole number was divided by zero.
    #[error("division by zero at character {} of the condition", at + 1)]
    DivisionByZero {
        /// The byte of the condition where the sign stands.
        at: usize,
    },
    /// A sleep is longer than [`Bounds::MAX_DURATION`](crate::definition::Bounds::MAX_DURATION).
    #[error("a sleep of {0} ms is too long: at most 366 days, which are 31622400000 ms")]
    TooLong(u64),
    /// A value is larger than allowed.
    #[error("{0}")]
    TooLarge(AssembleError),
    /// A value is not of the type that the plan says it has: whoever lends the values mixed them up.
    #[error("`{0}` is not of the type it was checked to have")]
    Unfit(String),
}

impl From<AssembleError> for EvaluationError {
    fn from(error: AssembleError) -> Self {
        match error {
            AssembleError::TooLarge(_) | AssembleError::TooManyElements(_) => Self::TooLarge(error),
            AssembleError::Misfit { .. } => Self::Unfit(error.to_string()),
        }
    }
}

/// For a part of a value, which is no larger than the whole, whose bounds were looked at.
const UNBOUNDED: Bounds = Bounds {
    bytes: usize::MAX,
    elements: usize::MAX,
};
