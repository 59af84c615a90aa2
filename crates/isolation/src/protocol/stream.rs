//! Bytes that flow within a call.

use serde::{Deserialize, Serialize};

/// A stream of bytes, one way, numbered within its call by whoever sends: even numbers by servers, odd ones by workers, so
/// that none is chosen twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u32);

impl StreamId {
    /// Whether the server sends in it.
    #[must_use]
    pub fn is_hosts(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamEnd {
    /// All was sent.
    Complete,
    /// The sender failed.
    Failed(String),
}
