//! From frames to records: what the workflow crate knows, as it is needed here.

use bytes::Bytes;
use weft_types::Digest;
use weft_workflow::event::Stamped;
use weft_workflow::frame::{FrameError, Reader};
use weft_workflow::record::RunRecord;

use crate::error::Error;

/// The events in some frames.
pub(super) fn events(frames: &Bytes) -> Result<Vec<Stamped>, FrameError> {
    Reader::new(frames.clone())
        .map(|frame| frame.map(|frame| frame.stamped))
        .collect()
}

/// The record that a run begins with, where these are its first events.
pub(super) fn begin(events: &[Stamped]) -> Option<RunRecord> {
    RunRecord::begin(events.first()?)
}

/// Takes events into a record.
pub(super) fn apply(record: &mut RunRecord, events: &[Stamped]) {
    for event in events {
        record.apply(event);
    }
}

/// The blobs that events refer to.
pub(super) fn blobs(events: &[Stamped]) -> impl Iterator<Item = Digest> {
    events.iter().flat_map(|stamped| stamped.event.blobs())
}

/// Looks whether frames that were read are those that were written.
pub(super) fn verify(frames: &Bytes) -> Result<(), Error> {
    let mut reader = Reader::new(frames.clone());
    while let Some(frame) = reader.next_raw() {
        frame.map_err(|error| Error::Corrupt(format!("a run's history cannot be read: {error}")))?;
    }
    Ok(())
}
