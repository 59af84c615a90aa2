//! From what a caller sent to the image that a guest gets.

use weft_types::image::{Attached, Bounds, Image};
use weft_types::{Signature, json};

use super::Arguments;
use crate::Error;

/// Reads the arguments of a call of the export `name`.
pub(super) fn read(
    signature: &Signature,
    arguments: Arguments,
    bounds: Bounds,
    name: impl Fn() -> String,
) -> Result<(Image, Attached), Error> {
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
    let (image, attached) = match arguments {
        Arguments::Json(json) => (
            json::parse_arguments(signature, &json, bounds)?,
            Attached::default(),
        ),
        Arguments::Raw(bytes) => {
            let image = Image::of_raw(&signature.params, &bytes).ok_or_else(&unfit)?;
            (image, Attached::default())
        }
        Arguments::Image(image) => (image, Attached::default()),
        Arguments::Attached(image, attached) => (image, attached),
    };
    if image.type_digest() == signature.params.digest() && fit(signature, &attached) {
        Ok((image, attached))
    } else {
        Err(unfit())
    }
}

/// Whether each attachment belongs to a parameter that is plain bytes.
fn fit(signature: &Signature, attached: &Attached) -> bool {
    let fields = signature.params.fields().unwrap_or_default();
    attached.iter().all(|attachment| {
        let field = fields.get(attachment.parameter);
        field.is_some_and(|field| field.ty.is_bytes())
    })
}
