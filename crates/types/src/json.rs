//! Values as JSON text: the mapping of `docs/types.md`, straight between JSON bytes and images.

use crate::image::{Bounds, Image};
use crate::ty::Shape;
use crate::{Signature, Type};

pub use crate::image::Outcome;

mod parse;
mod print;

/// Why a text is not a value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at `{pointer}`")]
pub struct Error {
    /// JSON pointer (RFC 6901) to the place; empty for the whole.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The kind of mistake.
    pub kind: ErrorKind,
}

/// The kinds of mistakes in a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Not JSON at all, or not UTF-8.
    Syntax,
    /// JSON of the wrong type or form.
    Type,
    /// A bound was exceeded: bytes, elements or nesting.
    TooLarge,
}

/// Reads the arguments of a call: an object by parameter name or an array by position. Nothing but white space counts as
/// no arguments; a parameter that is an option may be left out (by position: at the end).
///
/// # Errors
/// Where the text is not JSON, does not fit the parameters, or is larger than `bounds`.
pub fn parse_arguments(signature: &Signature, json: &[u8], bounds: Bounds) -> Result<Image, Error> {
    parse::arguments(&signature.params, json, bounds)
}

/// Reads a value of type `ty`.
///
/// # Errors
/// Where the text is not JSON, not of the type, or larger than `bounds`.
pub fn parse(ty: &Type, json: &[u8], bounds: Bounds) -> Result<Image, Error> {
    parse::value(ty, json, bounds)
}

/// Appends a value as JSON to `out`. `image` must be an image of `ty`.
pub fn print(ty: &Type, image: &Image, out: &mut Vec<u8>) {
    out.reserve(image.payload().len() + 32);
    print::value(ty, image.payload(), image.payload(), out);
}

/// Appends to `out` what a call answers: the payload of the case where `ty` is a `result`, nothing where that case
/// carries none, and the value itself where `ty` is anything else. `image` must be an image of `ty`.
pub fn print_result(ty: &Type, image: &Image, out: &mut Vec<u8>) -> Outcome {
    let outcome = image.outcome(ty);
    let Shape::Result(either) = ty.shape() else {
        print(ty, image, out);
        return outcome;
    };
    let carried = match outcome {
        Outcome::Ok => &either.ok,
        Outcome::Err => &either.err,
    };
    if let Some(ty) = carried {
        out.reserve(image.payload().len() + 32);
        print::value(
            ty,
            &image.payload()[either.payload as usize..],
            image.payload(),
            out,
        );
    }
    outcome
}
