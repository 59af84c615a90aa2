//! Values of which some are by address.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::context::Context;
use super::{seed, without_position};
use crate::Type;
use crate::image::Image;
use crate::json::blobs::{self, Blobs};
use crate::ty::Shape;

/// Reads a value of type `ty` into the frame at `at`, from the text or from the blob that the text names.
pub(super) fn read<'de, D: Deserializer<'de>>(
    cx: &mut Context,
    ty: &Type,
    at: usize,
    blobs: &Blobs,
    json: D,
) -> Result<(), D::Error> {
    let text = <&RawValue>::deserialize(json)?.get();
    // What an option holds stands for itself.
    let is_option = matches!(ty.shape(), Shape::Option(_));
    match blobs::address(text).filter(|_| !is_option) {
        Some(digest) => {
            let bytes = digest.and_then(|digest| blobs.get(digest));
            let bytes = bytes.map_err(D::Error::custom)?;
            put(cx, ty, at, bytes)
        }
        None => {
            let mut text = serde_json::Deserializer::from_str(text);
            seed::read_direct(cx, ty, at, &mut text)
                .map_err(|error| D::Error::custom(without_position(&error, &error.to_string())))
        }
    }
}

/// Puts the value that a blob holds: of a `list<u8>` its very bytes, of anything else an image.
fn put<E: serde::de::Error>(cx: &mut Context, ty: &Type, at: usize, bytes: &bytes::Bytes) -> Result<(), E> {
    if ty.is_bytes() {
        if cx
            .attaching
            .as_mut()
            .is_some_and(|attaching| attaching.take(at, bytes))
        {
            return Ok(());
        }
        let block = cx.builder.block(at, bytes);
        return cx.fit(block);
    }
    let image = match Image::of_raw(ty, bytes) {
        Some(image) => image,
        None => Image::from_bytes(bytes.clone(), ty, cx.builder.bounds()).map_err(|error| {
            E::custom(format_args!(
                "the blob holds no value of the type `{ty}`: {error}; plain bytes are a `list<u8>`, values of other types are kept as \
                 blobs by calls with `inline-bytes`"
            ))
        })?,
    };
    let put = cx.builder.image(at, ty, &image);
    cx.fit(put)
}
