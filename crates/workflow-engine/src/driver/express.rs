//! What is kept of a run that is not journalled.

use bytes::Bytes;
use weft_workflow::Stamped;
use weft_workflow::frame::{TooLarge, Writer};
use weft_workflow::record::RunRecord;

use crate::port::journal::Key;

/// The record of a run and its first events, within a bound: the record tells the rest.
pub(crate) struct Kept {
    record: Option<RunRecord>,
    frames: Vec<u8>,
    /// The caller's key: nothing of it is in the journal either.
    pub(super) key: Option<Key>,
    /// In bytes.
    most: usize,
}

impl Kept {
    pub(super) fn new(most: usize) -> Self {
        Self {
            record: None,
            frames: Vec::new(),
            key: None,
            most,
        }
    }

    pub(super) fn write(&mut self, frames: &mut Writer, event: &Stamped) -> Result<(), TooLarge> {
        match &mut self.record {
            Some(record) => record.apply(event),
            none => {
                *none = RunRecord::begin(event).map(|record| RunRecord {
                    express: true,
                    ..record
                });
            }
        }
        // Of the first that does not fit on, none is kept: what is kept has no gap.
        match self.frames.len() < self.most {
            true => frames.append(event, &mut self.frames).map(drop),
            false => Ok(()),
        }
    }

    pub(super) fn into_record(self) -> Option<(RunRecord, Bytes)> {
        Some((self.record?, Bytes::from(self.frames)))
    }
}
