//! What ends a conversation.

use super::{CallId, MAX_HEAD, StreamId, VERSION};

/// Why bytes or messages are not what the protocol allows. None can be recovered from: whoever sent them is ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A frame is longer than agreed.
    #[error("a frame of {length} bytes, where at most {limit} were agreed")]
    TooLong {
        /// What its prefix says.
        length: usize,
        /// What holds.
        limit: usize,
    },
    /// The head is no message, or does not end within its bound.
    #[error("a frame whose head is no message of version {VERSION} within {MAX_HEAD} bytes: {0}")]
    Head(String),
    /// Bytes follow a message that carries none.
    #[error("{length} bytes behind `{message}`, which carries none")]
    Body {
        /// The message.
        message: &'static str,
        /// How many.
        length: usize,
    },
    /// The first message is not a hello of ours.
    #[error("the other side is no part of Weft: its hello begins with {0:02x?}")]
    Magic([u8; 8]),
    /// The other side speaks another version.
    #[error(
        "the other side speaks version {0} of the protocol, this one {VERSION}; install both from one release"
    )]
    Version(u32),
    /// A message where it may not stand.
    #[error("`{message}` while {state}")]
    Order {
        /// The message.
        message: &'static str,
        /// Where the conversation stands.
        state: &'static str,
    },
    /// A message of a call that is not open.
    #[error("`{message}` for call {call}, which is not open")]
    NoCall {
        /// The message.
        message: &'static str,
        /// The call named.
        call: CallId,
    },
    /// A number was given twice, or again.
    #[error("{what} {number} is already taken")]
    Taken {
        /// Of what.
        what: &'static str,
        /// Which one.
        number: u64,
    },
    /// More at once than agreed.
    #[error("more than {limit} {what} at once")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// What holds.
        limit: usize,
    },
    /// A message of a stream that is not open that way.
    #[error("`{message}` for stream {stream} of call {call}, which is not open that way")]
    NoStream {
        /// The message.
        message: &'static str,
        /// The call.
        call: CallId,
        /// The stream named.
        stream: StreamId,
    },
    /// More of a stream than its receiver gave credit for.
    #[error("{length} bytes of stream {stream} of call {call}, with credit for {credit}")]
    Credit {
        /// The call.
        call: CallId,
        /// The stream.
        stream: StreamId,
        /// What came.
        length: u64,
        /// What was left.
        credit: u64,
    },
    /// The bytes ended within a frame.
    #[error("the bytes ended within a frame, after {0} bytes of it")]
    Truncated(usize),
}
