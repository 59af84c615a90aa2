//! Values as JSON text: the mapping of `docs/types.md`, straight between JSON bytes and images.

use crate::image::{Attached, Bounds, Image};
use crate::pointer::Told;
use crate::ty::Shape;
use crate::{Signature, Type};

pub use crate::image::Outcome;

mod blobs;
mod parse;
mod print;

pub use blobs::{Blobs, MAX_TEXT as MAX_TEXT_WITH_BLOBS, named_blobs, names_blobs};
use parse::ByAddress;
use print::Printer;

/// Why a text is not a value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {}", Told(pointer))]
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
    let (image, _) = parse::arguments(&signature.params, json, bounds, ByAddress::Never)?;
    Ok(image)
}

/// As [`parse_arguments`], where `{"$blob": "<digest>"}` stands for the value that is among `blobs`: the very bytes of a
/// `list<u8>`, an image of any other type.
///
/// # Errors
/// As there, where a blob is missing or holds no value of the type, and where the text is longer than
/// [`MAX_TEXT_WITH_BLOBS`] bytes.
pub fn parse_arguments_with_blobs(
    signature: &Signature,
    json: &[u8],
    bounds: Bounds,
    blobs: Blobs,
) -> Result<Image, Error> {
    check_length(json)?;
    let (image, _) = parse::arguments(&signature.params, json, bounds, ByAddress::Copied(blobs))?;
    Ok(image)
}

/// As [`parse_arguments_with_blobs`], but a blob that is a whole parameter of type `list<u8>` is attached beside the image
/// instead of being copied into it. `bounds` do not apply to what is attached.
///
/// # Errors
/// As there.
pub fn parse_arguments_attaching(
    signature: &Signature,
    json: &[u8],
    bounds: Bounds,
    blobs: Blobs,
) -> Result<(Image, Attached), Error> {
    check_length(json)?;
    parse::arguments(&signature.params, json, bounds, ByAddress::Attached(blobs))
}

fn check_length(json: &[u8]) -> Result<(), Error> {
    if json.len() <= MAX_TEXT_WITH_BLOBS {
        return Ok(());
    }
    Err(Error {
        pointer: String::new(),
        message: format!("a text that names blobs has at most {MAX_TEXT_WITH_BLOBS} bytes"),
        kind: ErrorKind::TooLarge,
    })
}

/// Reads a value of type `ty`.
///
/// # Errors
/// Where the text is not JSON, not of the type, or larger than `bounds`.
pub fn parse(ty: &Type, json: &[u8], bounds: Bounds) -> Result<Image, Error> {
    parse::value(ty, json, bounds, ByAddress::Never)
}

/// As [`parse()`], where `{"$blob": "<digest>"}` stands for a value as in [`parse_arguments_with_blobs`].
///
/// # Errors
/// As there.
pub fn parse_with_blobs(ty: &Type, json: &[u8], bounds: Bounds, blobs: Blobs) -> Result<Image, Error> {
    check_length(json)?;
    parse::value(ty, json, bounds, ByAddress::Copied(blobs))
}

/// Appends a value as JSON to `out`. `image` must be an image of `ty`. The text can be much longer than the image, since
/// it names each field and flag: where the image is a guest's, print within a bound.
pub fn print(ty: &Type, image: &Image, out: &mut Vec<u8>) {
    let mut printer = Printer::new(image.payload(), usize::MAX, out);
    // Without a bound it cannot become too long.
    let _ = printer.value(ty, image.payload());
}

/// Appends to `out` what a call answers: the payload of the case where `ty` is a `result`, nothing where that case
/// carries none, and the value itself where `ty` is anything else. `image` must be an image of `ty`.
///
/// # Errors
/// Where `out` becomes longer than about `most` bytes (looked at between members: what is beyond is one of them).
pub fn print_result_within(
    ty: &Type,
    image: &Image,
    most: usize,
    out: &mut Vec<u8>,
) -> Result<Outcome, TooLong> {
    let outcome = image.outcome(ty);
    let payload = image.payload();
    let answer = match (ty.shape(), outcome) {
        (Shape::Result(either), Outcome::Ok) => either.ok.as_deref().map(|ty| (ty, either.payload)),
        (Shape::Result(either), Outcome::Err) => either.err.as_deref().map(|ty| (ty, either.payload)),
        _ => Some((ty, 0)),
    };
    if let Some((ty, at)) = answer {
        let mut printer = Printer::new(payload, most, out);
        printer
            .value(ty, &payload[at as usize..])
            .map_err(|_| TooLong(most))?;
    }
    Ok(outcome)
}

/// A text would be too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value as JSON is longer than {0} bytes")]
pub struct TooLong(pub usize);
