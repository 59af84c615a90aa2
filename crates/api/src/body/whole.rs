//! A body read into one run of bytes.

use bytes::Bytes;

use super::collect::Collect;
use super::room::{Room, room};

/// Collects into one run of bytes, without a copy where the body comes in one part.
#[derive(Default)]
pub(crate) struct Whole {
    first: Bytes,
    pub(super) rest: Vec<u8>,
    announced: usize,
}

impl Whole {
    /// `announced` is the body's length, if known.
    pub(crate) fn new(announced: Option<u64>) -> Self {
        let announced = announced.unwrap_or(0);
        Self {
            announced: usize::try_from(announced).unwrap_or(0),
            ..Self::default()
        }
    }

    fn make_room(&mut self, more: usize) {
        if self.rest.capacity() - self.rest.len() >= more {
            return;
        }
        match room(self.announced, self.rest.len(), more) {
            Room::Exact(bytes) => self.rest.reserve_exact(bytes),
            Room::Growing(bytes) => self.rest.reserve(bytes),
        }
    }
}

impl Collect for Whole {
    type Output = Bytes;

    fn part(&mut self, part: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = part;
            return;
        }
        if self.rest.is_empty() {
            let first = std::mem::take(&mut self.first);
            self.make_room(first.len() + part.len());
            self.rest.extend_from_slice(&first);
        }
        self.make_room(part.len());
        self.rest.extend_from_slice(&part);
    }

    fn finish(self) -> Bytes {
        if self.rest.is_empty() {
            self.first
        } else {
            self.rest.into()
        }
    }
}
