//! What makes archives of all that a server keeps, as the API sees it.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use weft_function_engine::port::Boxed;

/// Makes archives of a server that serves.
pub trait Backups: Send + Sync {
    /// Begins one. Whatever was acknowledged before is in it.
    ///
    /// It is made as fast as its pieces are taken. Dropping them, or this before it has answered, ends it, and what was written
    /// for it goes.
    fn begin(&self) -> Boxed<'_, Result<Pieces, BackupError>>;
}

/// An archive, piece by piece. One that breaks off ends with an error.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Why no archive was begun.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One is being made.
    #[error("another backup is under way; there is one at a time")]
    UnderWay,
    /// A part of what would be in it is elsewhere.
    #[error("{0}")]
    Elsewhere(String),
    /// The disk has no room for what is written on the way.
    #[error("{0}")]
    NoRoom(String),
    /// The storage failed.
    #[error("{0}")]
    Failed(String),
}
