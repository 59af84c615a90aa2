//! The streams of a call that flow one way, and the credit of each.

use std::collections::BTreeMap;

use super::{Fate, Terms};
use crate::protocol::{Frame, Message, ProtocolError, StreamId};

/// Streams of one direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    last: Option<StreamId>,
    credits: BTreeMap<StreamId, u64>,
}

impl Flow {
    pub(super) fn open_streams(&self) -> usize {
        self.credits.len()
    }

    pub(super) fn open(&mut self, stream: StreamId, terms: Terms) -> Result<(), ProtocolError> {
        if self.last.is_some_and(|last| stream <= last) {
            return Err(ProtocolError::Taken {
                what: "stream",
                number: stream.0.into(),
            });
        }
        self.last = Some(stream);
        self.credits.insert(stream, terms.window);
        Ok(())
    }

    pub(super) fn chunk<M: Message>(
        &mut self,
        stream: StreamId,
        frame: &Frame<M>,
    ) -> Result<Fate, ProtocolError> {
        let credit = self.credits.get_mut(&stream).ok_or_else(|| none(stream, frame))?;
        let length = u64::try_from(frame.body.len()).unwrap_or(u64::MAX);
        let overrun = ProtocolError::Credit {
            call: frame.call,
            stream,
            length,
            credit: *credit,
        };
        *credit = credit.checked_sub(length).ok_or(overrun)?;
        Ok(Fate::Current)
    }

    pub(super) fn end<M: Message>(
        &mut self,
        stream: StreamId,
        frame: &Frame<M>,
    ) -> Result<Fate, ProtocolError> {
        match self.credits.remove(&stream) {
            Some(_) => Ok(Fate::Current),
            None => Err(none(stream, frame)),
        }
    }

    /// The receiver's word: it may cross the stream's end.
    pub(super) fn credit<M: Message>(
        &mut self,
        stream: StreamId,
        more: u32,
        frame: &Frame<M>,
        terms: Terms,
    ) -> Result<Fate, ProtocolError> {
        match self.credits.get_mut(&stream) {
            Some(credit) => {
                // More than the window is never asked for in earnest; what is beyond is not counted.
                *credit = credit.saturating_add(more.into()).min(terms.window);
                Ok(Fate::Current)
            }
            None if self.last.is_some_and(|last| stream <= last) => Ok(Fate::Late),
            None => Err(none(stream, frame)),
        }
    }
}

fn none<M: Message>(stream: StreamId, frame: &Frame<M>) -> ProtocolError {
    ProtocolError::NoStream {
        message: frame.message.name(),
        call: frame.call,
        stream,
    }
}
