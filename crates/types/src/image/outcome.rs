//! Telling success from failure.

use super::Image;
use crate::Type;
use crate::ty::Shape;

/// Which case of a `result` a value is. A value of any other type is a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function did what it was asked.
    Ok,
    /// The function answered with an error of its own.
    Err,
}

impl Image {
    /// Whether the value is the `err` of a `result`. The image must be of type `ty`.
    #[must_use]
    pub fn outcome(&self, ty: &Type) -> Outcome {
        match ty.shape() {
            Shape::Result(_) if self.payload().first() == Some(&1) => Outcome::Err,
            _ => Outcome::Ok,
        }
    }
}
