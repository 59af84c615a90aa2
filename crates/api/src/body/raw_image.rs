//! A body of plain bytes, read into the image that a guest gets: it lies in memory once.

use bytes::Bytes;
use weft_types::Type;
use weft_types::image::{Image, RawBuilder};

use super::collect::Collect;
use super::room::{EARNEST, Room, room};

/// Collects plain bytes into the image of a value that is nothing else.
pub(crate) struct RawImage {
    image: RawBuilder,
    announced: usize,
}

impl RawImage {
    /// None where values of the type are more than plain bytes; `announced` is the body's length, if known.
    pub(crate) fn new(ty: &Type, announced: Option<u64>) -> Option<Self> {
        let announced = announced
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let image = RawBuilder::new(ty, announced.min(EARNEST))?;
        Some(Self { image, announced })
    }
}

impl Collect for RawImage {
    /// None where it would reach the size that no image can have.
    type Output = Option<Image>;

    fn part(&mut self, part: Bytes) {
        if self.image.room() < part.len() {
            match room(self.announced, self.image.len(), part.len()) {
                Room::Exact(bytes) => self.image.reserve_exact(bytes),
                Room::Growing(bytes) => self.image.reserve(bytes),
            }
        }
        self.image.extend(&part);
    }

    fn finish(self) -> Option<Image> {
        self.image.finish()
    }
}
