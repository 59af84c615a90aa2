//! Bytes to messages.

use std::marker::PhantomData;

use bytes::{Buf, BytesMut};

use super::{Frame, MAX_HEAD, Message, PREFIX, ProtocolError};

/// Takes frames off the bytes of one direction.
#[derive(Debug)]
pub struct Decoder<M> {
    limit: usize,
    failed: Option<ProtocolError>,
    messages: PhantomData<fn() -> M>,
}

impl<M: Message> Decoder<M> {
    /// One that takes at most `limit` bytes behind a prefix.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            failed: None,
            messages: PhantomData,
        }
    }

    /// Takes the next frame off the front of `bytes`; none where it is not all there yet. The body shares the memory of `bytes`.
    ///
    /// # Errors
    /// Where the frame is none, as soon as that can be told; and ever after, as nothing behind it can be understood.
    pub fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame<M>>, ProtocolError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let decoded = self.next(bytes);
        self.failed = decoded.as_ref().err().cloned();
        decoded
    }

    /// How many bytes are missing at least before [`Decoder::decode`] has something to say: what to reserve, bounded by the
    /// limit whatever the other side announces.
    #[must_use]
    pub fn missing(&self, bytes: &[u8]) -> usize {
        let wanted = match prefix(bytes) {
            Some((length, _)) => PREFIX + length.min(self.limit),
            None => PREFIX,
        };
        wanted.saturating_sub(bytes.len())
    }

    /// Tells whether the bytes may end here.
    ///
    /// # Errors
    /// Where a part of a frame is left.
    pub fn finish(&self, bytes: &[u8]) -> Result<(), ProtocolError> {
        match bytes.len() {
            0 => Ok(()),
            left => Err(ProtocolError::Truncated(left)),
        }
    }

    fn next(&self, bytes: &mut BytesMut) -> Result<Option<Frame<M>>, ProtocolError> {
        let Some((length, call)) = prefix(bytes) else {
            return Ok(None);
        };
        if length > self.limit {
            return Err(ProtocolError::TooLong {
                length,
                limit: self.limit,
            });
        }
        if bytes.len() - PREFIX < length {
            return Ok(None);
        }
        bytes.advance(PREFIX);
        let mut rest = bytes.split_to(length).freeze();
        let head = &rest[..length.min(MAX_HEAD)];
        let (message, left) = postcard::take_from_bytes::<M>(head)
            .map(|(message, left)| (message, left.len()))
            .map_err(|error| ProtocolError::Head(error.to_string()))?;
        rest.advance(head.len() - left);
        if !rest.is_empty() && !message.carries_body() {
            return Err(ProtocolError::Body {
                message: message.name(),
                length: rest.len(),
            });
        }
        Ok(Some(Frame {
            call,
            message,
            body: rest,
        }))
    }
}

/// The length and the call that a frame announces, once there.
fn prefix(bytes: &[u8]) -> Option<(usize, u64)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let call = rest.first_chunk::<8>()?;
    // Where usize is narrower than the length, no limit reaches it either.
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    Some((length, u64::from_le_bytes(*call)))
}
