//! Pictures as bytes.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use crate::exports::weft::image_resize::api::{Format, ResizeError};

const DEFAULT_QUALITY: u8 = 85;
const MAX_SIDE: u32 = 16_384;
/// What decoding may take, in bytes; it keeps a small file from unfolding into all of the memory.
const MAX_MEMORY: u64 = 128 << 20;

/// Decodes a picture and tells which format it was in.
pub fn decode(bytes: &[u8]) -> Result<(DynamicImage, Format), ResizeError> {
    let format = match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => Format::Png,
        Ok(ImageFormat::Jpeg) => Format::Jpeg,
        _ => return Err(ResizeError::UnknownFormat),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits());
    let picture = reader
        .decode()
        .map_err(|error| ResizeError::Undecodable(error.to_string()))?;
    Ok((picture, format))
}

/// Encodes a picture.
pub fn encode(picture: &DynamicImage, format: Format, quality: Option<u8>) -> Result<Vec<u8>, ResizeError> {
    let mut bytes = Vec::new();
    let written = match format {
        Format::Png => picture.write_with_encoder(PngEncoder::new(&mut bytes)),
        // JPEG has neither transparency nor more than eight bits a channel.
        Format::Jpeg => DynamicImage::from(picture.to_rgb8()).write_with_encoder(
            JpegEncoder::new_with_quality(&mut bytes, quality.unwrap_or(DEFAULT_QUALITY)),
        ),
    };
    written.map_err(|error| ResizeError::Unwritable(error.to_string()))?;
    Ok(bytes)
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    limits
}
