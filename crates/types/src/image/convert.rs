//! Values of one type as values of another, where nothing is lost.

use crate::{Digest, Type};

mod mismatch;
mod number;
mod step;

pub(super) use mismatch::shown;
pub use mismatch::{Difference, Mismatch};
pub(super) use step::{Elements, Payloads, Step};

/// How values of one type become values of another. Made once for two types, used for any number of values.
///
/// Beside values of equal types these convert, also inside lists, options, tuples, records, results and variants:
///
/// - a number into a wider type that holds each of its values exactly;
/// - `T` into `option<T>`. An option into an option converts what it carries: none stays none.
#[derive(Clone, Debug)]
pub struct Conversion(Option<Box<Between>>);

/// A conversion that does something.
#[derive(Clone, Debug)]
struct Between {
    from: Digest,
    to: Digest,
    step: Step,
}

/// What is to be done with a value.
pub(super) enum Route<'c> {
    /// It stays as it is.
    Same,
    /// This.
    Step(&'c Step),
}

impl Conversion {
    /// Between equal types.
    pub const IDENTITY: Self = Self(None);

    /// How values of `from` become values of `to`. Takes time proportional to the size of the types.
    ///
    /// # Errors
    /// The first place, in the order of the types, where something would be lost or nothing fits.
    pub fn between(from: &Type, to: &Type) -> Result<Self, Mismatch> {
        let between = step::between(from, to)?.map(|step| Between {
            from: from.digest(),
            to: to.digest(),
            step,
        });
        Ok(Self(between.map(Box::new)))
    }

    /// Whether the types are equal, so that values stay as they are.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.0.is_none()
    }

    /// What to do with a value of `from` where one of `to` belongs; none where this is a conversion between other types.
    pub(super) fn route(&self, from: &Type, to: &Type) -> Option<Route<'_>> {
        match &self.0 {
            None => (from.digest() == to.digest()).then_some(Route::Same),
            Some(between) => {
                let fits = between.from == from.digest() && between.to == to.digest();
                fits.then_some(Route::Step(&between.step))
            }
        }
    }
}
