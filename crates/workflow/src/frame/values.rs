//! The images that an event holds, apart from the event.

use std::borrow::Cow;

use bytes::Bytes;

use crate::event::{Event, Stored};

/// An event without the bytes of its images. Copied only where it holds one.
pub(super) fn without_images(event: &Event) -> Cow<'_, Event> {
    if images(event).next().is_none() {
        return Cow::Borrowed(event);
    }
    let mut hollow = event.clone();
    for image in images_mut(&mut hollow) {
        *image = Bytes::new();
    }
    Cow::Owned(hollow)
}

/// The images of an event, in the order of frames.
pub(super) fn images(event: &Event) -> impl Iterator<Item = &Bytes> {
    event.values().filter_map(|value| match value {
        Stored::Direct(image) => Some(image),
        Stored::Address(_) => None,
    })
}

/// As [`images`], to be filled in.
pub(super) fn images_mut(event: &mut Event) -> impl Iterator<Item = &mut Bytes> {
    event.values_mut().filter_map(|value| match value {
        Stored::Direct(image) => Some(image),
        Stored::Address(_) => None,
    })
}
