//! What a server and a worker say to each other, version [`VERSION`]: frames over one stream socket, both ways at once.
//!
//! Pure: bytes go in, messages come out. The worker executes hostile code, so the server takes nothing for granted: every
//! length is bounded before anything is reserved, every frame must fit where the conversation stands, and the first one that
//! does not ends it.
//!
//! A frame:
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 4 | bytes behind the first twelve, little-endian |
//! | 4 | 8 | the call it belongs to, little-endian; 0 for the worker as a whole |
//! | 12 | | the message's head, in postcard's form, at most [`MAX_HEAD`] bytes |
//! | | rest | the message's body, bytes as they are: an image, a chunk of a stream, a line |
//!
//! A conversation: both say hello; the server sends [`ToWorker::Load`] and hears [`ToHost::Loaded`]; then calls, as many at
//! once as were agreed. Bytes by address and bodies of HTTP flow in [streams](StreamId) of a call, each as far as its
//! receiver gave credit. [`conversation`] holds the rules of order.

mod decode;
mod encode;
mod error;
mod failure;
mod load;
mod reply;
mod request;
mod stream;
mod to_host;
mod to_worker;

pub mod conversation;

pub use decode::Decoder;
pub use encode::Encoded;
pub use error::ProtocolError;
pub use failure::Failure;
pub use load::{Load, LoadFailure};
pub use reply::{Answer, Refusal};
pub use request::{Header, HttpHead, Patience, Request};
pub use stream::{StreamEnd, StreamId};
pub use to_host::{LogStream, ToHost};
pub use to_worker::{AttachedStream, Call, CallBounds, Target, ToWorker, Trace};

/// The version of all that is said. A server and its workers are built together, so there is no other one to get along with:
/// a worker that says another is refused.
pub const VERSION: u32 = 4;
/// What every first message begins with.
pub const MAGIC: [u8; 8] = *b"weft-wkr";
/// Bytes before a frame's head.
pub const PREFIX: usize = 12;
/// Largest head in bytes: names, keys and the header fields of HTTP.
pub const MAX_HEAD: usize = 64 << 10;

/// The call that a frame belongs to: numbered by the server from 1 upwards, 0 where none.
pub type CallId = u64;

/// One message with what it carries along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<M> {
    /// The call it belongs to; 0 for the worker as a whole.
    pub call: CallId,
    /// What is said.
    pub message: M,
    /// Bytes as they are; empty where the message carries none.
    pub body: bytes::Bytes,
}

/// What can be said in one direction.
pub trait Message: serde::Serialize + serde::de::DeserializeOwned {
    /// Whether a body may follow.
    fn carries_body(&self) -> bool;

    /// Its name, for those who read an error.
    fn name(&self) -> &'static str;
}

#[cfg(test)]
mod tests;
