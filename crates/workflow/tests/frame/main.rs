//! Frames: their bytes, fixed for ever, and what is noticed when these bytes change.
#![allow(clippy::unwrap_used)]

mod damage;
mod golden;
mod samples;
mod zero_copy;

use bytes::Bytes;
use weft_types::RunId;
use weft_workflow::Stamped;
use weft_workflow::frame::{Frame, FrameError, Reader, Writer};

/// The run that all samples are of.
fn run() -> RunId {
    "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".parse().unwrap()
}

/// The frames of these events, one behind the other.
fn write(events: &[Stamped]) -> Bytes {
    let mut writer = Writer::new(run(), 0);
    let mut bytes = Vec::new();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(writer.append(event, &mut bytes), Ok(at as u32));
    }
    bytes.into()
}

/// All frames, or the first error.
fn read(bytes: Bytes) -> Result<Vec<Frame>, FrameError> {
    Reader::of(run(), 0, bytes).collect()
}
