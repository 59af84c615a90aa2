//! Reading JSON: a serde seed that a [`Type`] drives writes straight into an image.

use std::sync::Arc;

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde_json::de::StrRead;
use serde_json::error::Category;

use super::blobs::Blobs;
use super::{Error, ErrorKind};
use crate::image::build::TooLarge;
use crate::image::{Attached, Bounds, Image};
use crate::{Type, guest};

mod by_address;
mod context;
mod list;
mod member;
mod names;
mod number;
mod option;
mod record;
mod result;
mod seed;
mod text;
mod variant;

use context::{Attaching, Context};
use record::Arguments;
use seed::{Seed, Segment};

/// What becomes of values by address.
pub(super) enum ByAddress {
    /// There are none.
    Never,
    /// They are copied to where they belong.
    Copied(Blobs),
    /// Those that are whole parameters stay what they are, the others are copied.
    Attached(Blobs),
}

type Json<'de> = serde_json::Deserializer<StrRead<'de>>;

/// Reads the arguments of a call whose parameters are the fields of the record `params`.
pub(super) fn arguments(
    params: &Type,
    json: &[u8],
    bounds: Bounds,
    by_address: ByAddress,
) -> Result<(Image, Attached), Error> {
    let json = utf8(json)?;
    let json = if json.trim_ascii().is_empty() { "{}" } else { json };
    read(params, json, bounds, by_address, |cx, json| {
        json.deserialize_any(Arguments { cx, params })
    })
}

/// Reads a value of type `ty`.
pub(super) fn value(ty: &Type, json: &[u8], bounds: Bounds, by_address: ByAddress) -> Result<Image, Error> {
    let (image, _) = read(ty, utf8(json)?, bounds, by_address, |cx, json| {
        let segment = Segment::Here;
        Seed {
            cx,
            ty,
            at: 0,
            segment,
        }
        .deserialize(json)
    })?;
    Ok(image)
}

/// Checks all of the text at once, which is faster than each string on its own.
fn utf8(json: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(json).map_err(|error| Error {
        pointer: String::new(),
        message: format!(
            "not UTF-8 from byte {} on, expected JSON in UTF-8",
            error.valid_up_to()
        ),
        kind: ErrorKind::Syntax,
    })
}

fn read<'j>(
    ty: &Type,
    json: &'j str,
    bounds: Bounds,
    by_address: ByAddress,
    read: impl FnOnce(&mut Context, &mut Json<'j>) -> serde_json::Result<()>,
) -> Result<(Image, Attached), Error> {
    let mut cx = Context::new(ty, bounds, json.len()).map_err(too_large)?;
    match by_address {
        ByAddress::Never => {}
        ByAddress::Copied(blobs) => cx.blobs = Some(Arc::new(blobs)),
        ByAddress::Attached(blobs) => {
            cx.blobs = Some(Arc::new(blobs));
            cx.attaching = Some(Attaching::new(ty));
        }
    }
    let mut text = serde_json::Deserializer::from_str(json);
    let end = read(&mut cx, &mut text).and_then(|()| text.end());
    if let Err(error) = end {
        return Err(explain(&error, cx));
    }
    let in_order = cx.in_order;
    let attached = cx.attaching.map(Attaching::finish).unwrap_or_default();
    let image = cx.builder.finish();
    let image = if in_order {
        image
    } else {
        reorder(ty, &image, bounds)?
    };
    Ok((image, attached))
}

/// Puts the blocks of members that came in another order than the type's into their canonical places.
fn reorder(ty: &Type, image: &Image, bounds: Bounds) -> Result<Image, Error> {
    guest::lift(ty, image.payload(), image.payload(), bounds).map_err(|error| Error {
        pointer: String::new(),
        message: error.to_string(),
        kind: ErrorKind::TooLarge,
    })
}

fn too_large(error: TooLarge) -> Error {
    Error {
        pointer: String::new(),
        message: error.to_string(),
        kind: ErrorKind::TooLarge,
    }
}

fn explain(error: &serde_json::Error, cx: Context) -> Error {
    let whole = error.to_string();
    let bare = without_position(error, &whole);
    let (kind, message) = match error.classify() {
        _ if cx.too_large => (ErrorKind::TooLarge, bare),
        Category::Data => (ErrorKind::Type, bare),
        Category::Syntax | Category::Eof | Category::Io => (ErrorKind::Syntax, &*whole),
    };
    Error {
        pointer: cx.pointer(),
        message: context::shorten(&in_words_of_json(message)),
        kind,
    }
}

/// The message of an error without the place in the text, which a pointer tells better.
fn without_position<'m>(error: &serde_json::Error, message: &'m str) -> &'m str {
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(message)
}

/// What serde calls a map and a sequence, JSON calls an object and an array.
fn in_words_of_json(message: &str) -> String {
    let found = |found: &str, name: &str| {
        let rest = message.strip_prefix("invalid type: ")?.strip_prefix(found)?;
        Some(format!("invalid type: {name}{rest}"))
    };
    found("map,", "object,")
        .or_else(|| found("sequence,", "array,"))
        .unwrap_or_else(|| message.to_owned())
}
