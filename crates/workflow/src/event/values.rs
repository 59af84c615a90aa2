//! The values that an event holds.

use weft_types::{Address, Digest};

use super::{Event, Stored};

impl Event {
    /// Its values, in the order of frames.
    pub fn values(&self) -> impl Iterator<Item = &Stored> {
        let (values, given): ([Option<&Stored>; 2], &[_]) = match self {
            Self::Accepted(accepted) => {
                let values = [Some(&accepted.arguments), accepted.globals.as_ref()];
                (values, &accepted.given)
            }
            Self::NodeSucceeded { output, .. } | Self::ItemReused { output, .. } => {
                ([output.as_ref(), None], &[])
            }
            Self::NodeFailed { error, .. } => ([error.value.as_ref(), None], &[]),
            Self::Finished(finished) => {
                let failure = finished.failure.as_ref();
                let value = failure.and_then(|(_, error)| error.value.as_ref());
                ([finished.result.as_ref(), value], &[])
            }
            Self::Started
            | Self::NodeStarted { .. }
            | Self::Expanded { .. }
            | Self::Suspended { .. }
            | Self::NodeSkipped { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::CancelRequested { .. }
            | Self::DeadlinePassed
            | Self::Completed { .. } => ([None, None], &[]),
        };
        let given = given.iter().filter_map(|given| given.output.as_ref());
        values.into_iter().flatten().chain(given)
    }

    /// As [`values`](Self::values), to be changed.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Stored> {
        let (values, given): ([Option<&mut Stored>; 2], &mut [_]) = match self {
            Self::Accepted(accepted) => {
                let values = [Some(&mut accepted.arguments), accepted.globals.as_mut()];
                (values, &mut accepted.given)
            }
            Self::NodeSucceeded { output, .. } | Self::ItemReused { output, .. } => {
                ([output.as_mut(), None], &mut [])
            }
            Self::NodeFailed { error, .. } => ([error.value.as_mut(), None], &mut []),
            Self::Finished(finished) => {
                let failure = finished.failure.as_mut();
                let value = failure.and_then(|(_, error)| error.value.as_mut());
                ([finished.result.as_mut(), value], &mut [])
            }
            Self::Started
            | Self::NodeStarted { .. }
            | Self::Expanded { .. }
            | Self::Suspended { .. }
            | Self::NodeSkipped { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::CancelRequested { .. }
            | Self::DeadlinePassed
            | Self::Completed { .. } => ([None, None], &mut []),
        };
        let given = given.iter_mut().filter_map(|given| given.output.as_mut());
        values.into_iter().flatten().chain(given)
    }

    /// The blobs that its values lie in.
    pub fn blobs(&self) -> impl Iterator<Item = Digest> {
        self.values().filter_map(Stored::blob)
    }
}

impl Stored {
    /// The blob that it lies in, where it does.
    #[must_use]
    pub fn blob(&self) -> Option<Digest> {
        match self {
            Self::Direct(_) => None,
            Self::Address(Address::Blob(address)) => Some(address.digest),
        }
    }
}
