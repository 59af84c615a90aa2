//! Resizes PNG and JPEG pictures: bytes in, bytes out.
//!
//! ```text
//! weft call image-resize#thumbnail --raw -f photo.jpg -o small.jpg
//! ```
//! `resize` takes the picture as base64 and options beside it:
//! `{"image": "iVBOR…", "options": {"width": 640, "height": 480, "fit": "contain"}}`.

wit_bindgen::generate!({ path: "wit" });

mod codec;

use image::DynamicImage;
use image::imageops::FilterType;

use exports::weft::image_resize::api::{Fit, Guest, Options, ResizeError};

const MAX_SIDE: u32 = 8192;
const THUMBNAIL: u32 = 256;

struct ImageResize;

impl Guest for ImageResize {
    fn resize(image: Vec<u8>, options: Options) -> Result<Vec<u8>, ResizeError> {
        check(&options)?;
        let (picture, own) = codec::decode(&image)?;
        codec::encode(
            &scale(&picture, &options),
            options.format.unwrap_or(own),
            options.quality,
        )
    }

    fn thumbnail(image: Vec<u8>) -> Result<Vec<u8>, ResizeError> {
        let options = Options {
            width: THUMBNAIL,
            height: THUMBNAIL,
            fit: Fit::Contain,
            format: None,
            quality: None,
        };
        Self::resize(image, options)
    }
}

fn check(options: &Options) -> Result<(), ResizeError> {
    for (name, side) in [("width", options.width), ("height", options.height)] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(ResizeError::BadOption(format!(
                "{name} is {side}, not within 1 to {MAX_SIDE}"
            )));
        }
    }
    match options.quality {
        Some(quality) if !(1..=100).contains(&quality) => Err(ResizeError::BadOption(format!(
            "quality is {quality}, not within 1 to 100"
        ))),
        _ => Ok(()),
    }
}

fn scale(picture: &DynamicImage, options: &Options) -> DynamicImage {
    let (width, height) = (options.width, options.height);
    match options.fit {
        Fit::Contain => picture.resize(width, height, FilterType::Triangle),
        Fit::Cover => picture.resize_to_fill(width, height, FilterType::Triangle),
        Fit::Stretch => picture.resize_exact(width, height, FilterType::Triangle),
    }
}

export!(ImageResize);
