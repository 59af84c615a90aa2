//! From what a caller sent to the image that a guest gets.

use weft_types::image::{Bounds, Image};
use weft_types::{Signature, json};

use super::Arguments;
use crate::Error;

/// Reads the arguments of a call of the export `name`.
pub(super) fn read(
    signature: &Signature,
    arguments: Arguments,
    bounds: Bounds,
    name: impl FnOnce() -> String,
) -> Result<Image, Error> {
    if let Arguments::Json(bytes) | Arguments::Raw(bytes) = &arguments
        && bytes.len() > bounds.bytes
    {
        return Err(Error::ArgumentsTooLarge {
            limit: bounds.bytes as u64,
        });
    }
    let unfit = || Error::RawArguments {
        export: name(),
        params: signature.params.to_string(),
    };
    match arguments {
        Arguments::Json(json) => Ok(json::parse_arguments(signature, &json, bounds)?),
        Arguments::Raw(bytes) => Image::of_raw(&signature.params, &bytes).ok_or_else(unfit),
        Arguments::Image(image) if image.type_digest() == signature.params.digest() => Ok(image),
        Arguments::Image(_) => Err(unfit()),
    }
}
