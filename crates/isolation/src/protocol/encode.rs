//! Messages to bytes.

use bytes::Bytes;

use super::{Frame, MAX_HEAD, Message, PREFIX, ProtocolError};

/// Bodies of up to so many bytes are copied: that costs less than a part of their own.
const COPIED: usize = 1 << 10;
/// What is made room for at first, in bytes: nearly all heads, and many small bodies.
const ROOM: usize = 256;

/// A frame's bytes in two parts, so that a large body is sent from where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Prefix and head, and the body where that is small.
    pub head: Vec<u8>,
    /// The body where it is large.
    pub body: Bytes,
}

impl Encoded {
    /// Both parts in one run, by a copy.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.body].concat()
    }
}

impl<M: Message> Frame<M> {
    /// The frame's bytes; `limit` bounds what follows the prefix, in bytes, as it bounds the other side's
    /// [`Decoder`](super::Decoder).
    ///
    /// # Errors
    /// Where head or frame are larger than allowed, or there is a body that the message carries none of.
    pub fn encode(&self, limit: usize) -> Result<Encoded, ProtocolError> {
        if !self.body.is_empty() && !self.message.carries_body() {
            return Err(ProtocolError::Body {
                message: self.message.name(),
                length: self.body.len(),
            });
        }
        let mut room = Vec::with_capacity(ROOM);
        room.resize(PREFIX, 0);
        let head = postcard::to_extend(&self.message, room)
            .map_err(|error| ProtocolError::Head(error.to_string()))?;
        let head_length = head.len() - PREFIX;
        if head_length > MAX_HEAD {
            return Err(ProtocolError::Head(format!("it takes {head_length} bytes")));
        }
        let length = head_length + self.body.len();
        let too_long = ProtocolError::TooLong { length, limit };
        let prefix = u32::try_from(length)
            .ok()
            .filter(|_| length <= limit)
            .ok_or(too_long)?;
        let mut head = head;
        head[..4].copy_from_slice(&prefix.to_le_bytes());
        head[4..PREFIX].copy_from_slice(&self.call.to_le_bytes());
        let body = match self.body.len() {
            0..=COPIED => {
                head.extend_from_slice(&self.body);
                Bytes::new()
            }
            _ => self.body.clone(),
        };
        Ok(Encoded { head, body })
    }
}
