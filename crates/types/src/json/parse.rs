//! Reading JSON: a serde seed that a [`Type`] drives writes straight into an image.

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde_json::de::SliceRead;
use serde_json::error::Category;

use super::{Error, ErrorKind};
use crate::image::build::TooLarge;
use crate::image::{Bounds, Image};
use crate::{Type, guest};

mod choice;
mod context;
mod list;
mod number;
mod record;
mod seed;
mod text;

use context::Context;
use record::Arguments;
use seed::{Seed, Segment};

type Json<'de> = serde_json::Deserializer<SliceRead<'de>>;

/// Reads the arguments of a call whose parameters are the fields of the record `params`.
pub(super) fn arguments(params: &Type, json: &[u8], bounds: Bounds) -> Result<Image, Error> {
    let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
    read(params, json, bounds, |cx, json| {
        json.deserialize_any(Arguments { cx, params })
    })
}

/// Reads a value of type `ty`.
pub(super) fn value(ty: &Type, json: &[u8], bounds: Bounds) -> Result<Image, Error> {
    read(ty, json, bounds, |cx, json| {
        let segment = Segment::Here;
        Seed {
            cx,
            ty,
            at: 0,
            segment,
        }
        .deserialize(json)
    })
}

fn read<'j>(
    ty: &Type,
    json: &'j [u8],
    bounds: Bounds,
    read: impl FnOnce(&mut Context, &mut Json<'j>) -> serde_json::Result<()>,
) -> Result<Image, Error> {
    let mut cx = Context::new(ty, bounds, json.len()).map_err(too_large)?;
    let mut text = serde_json::Deserializer::from_slice(json);
    let end = read(&mut cx, &mut text).and_then(|()| text.end());
    if let Err(error) = end {
        return Err(explain(&error, cx));
    }
    let in_order = cx.in_order;
    let image = cx.builder.finish();
    if in_order {
        Ok(image)
    } else {
        reorder(ty, &image, bounds)
    }
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
    let position = format!(" at line {} column {}", error.line(), error.column());
    let bare = whole.strip_suffix(&position).unwrap_or(&whole);
    let (kind, message) = match error.classify() {
        _ if cx.too_large => (ErrorKind::TooLarge, bare),
        Category::Data => (ErrorKind::Type, bare),
        Category::Syntax | Category::Eof | Category::Io => (ErrorKind::Syntax, &*whole),
    };
    Error {
        pointer: cx.pointer(),
        message: context::shorten(message),
        kind,
    }
}
