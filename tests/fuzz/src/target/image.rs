//! Bytes that claim to be an image, as workers and files give them: [type](super::typed::split), then what follows the header.

use weft_types::image::Image;
use weft_types::json;

use super::Target;
use super::json::example;
use super::typed::{self, BOUNDS};

pub(super) const TARGET: Target = Target {
    name: "image",
    run,
    seeds: || {
        typed::inputs(|ty| {
            let image = json::parse(ty, example(ty).as_bytes(), BOUNDS).unwrap();
            image.payload().to_vec()
        })
    },
    words: &["\0\0\0\0", "\x08\0\0\0", "\x10\0\0\0", "\x01\0\0\0"],
    longest: 4096,
    changes: 20_000,
};

fn run(input: &[u8]) {
    let Some((ty, payload)) = typed::split(input) else {
        return;
    };
    let mut bytes = vec![0; Image::HEADER];
    bytes[0] = Image::FORMAT;
    bytes[8..].copy_from_slice(ty.digest().as_bytes());
    bytes.extend_from_slice(payload);
    if let Ok(image) = Image::from_bytes(bytes.into(), &ty, BOUNDS) {
        typed::is_sound(&ty, &image, BOUNDS);
    }
}
