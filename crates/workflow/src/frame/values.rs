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
    let (values, given): ([Option<&Stored>; 2], &[_]) = match event {
        Event::Accepted(accepted) => {
            let values = [Some(&accepted.arguments), accepted.globals.as_ref()];
            (values, &accepted.given)
        }
        Event::NodeSucceeded { output, .. } => ([output.as_ref(), None], &[]),
        Event::NodeFailed { error, .. } => ([error.value.as_ref(), None], &[]),
        Event::Finished(finished) => {
            let failure = finished.failure.as_ref();
            let value = failure.and_then(|(_, error)| error.value.as_ref());
            ([finished.result.as_ref(), value], &[])
        }
        Event::Started
        | Event::NodeStarted { .. }
        | Event::Expanded { .. }
        | Event::Suspended { .. }
        | Event::NodeSkipped { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::CancelRequested { .. }
        | Event::DeadlinePassed => ([None, None], &[]),
    };
    let given = given.iter().filter_map(|given| given.output.as_ref());
    let values = values.into_iter().flatten().chain(given);
    values.filter_map(|value| match value {
        Stored::Direct(image) => Some(image),
        Stored::Address(_) => None,
    })
}

/// As [`images`], to be filled in.
pub(super) fn images_mut(event: &mut Event) -> impl Iterator<Item = &mut Bytes> {
    let (values, given): ([Option<&mut Stored>; 2], &mut [_]) = match event {
        Event::Accepted(accepted) => {
            let values = [Some(&mut accepted.arguments), accepted.globals.as_mut()];
            (values, &mut accepted.given)
        }
        Event::NodeSucceeded { output, .. } => ([output.as_mut(), None], &mut []),
        Event::NodeFailed { error, .. } => ([error.value.as_mut(), None], &mut []),
        Event::Finished(finished) => {
            let failure = finished.failure.as_mut();
            let value = failure.and_then(|(_, error)| error.value.as_mut());
            ([finished.result.as_mut(), value], &mut [])
        }
        Event::Started
        | Event::NodeStarted { .. }
        | Event::Expanded { .. }
        | Event::Suspended { .. }
        | Event::NodeSkipped { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::CancelRequested { .. }
        | Event::DeadlinePassed => ([None, None], &mut []),
    };
    let given = given.iter_mut().filter_map(|given| given.output.as_mut());
    let values = values.into_iter().flatten().chain(given);
    values.filter_map(|value| match value {
        Stored::Direct(image) => Some(image),
        Stored::Address(_) => None,
    })
}
