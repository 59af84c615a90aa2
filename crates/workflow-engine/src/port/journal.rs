//! The durable truth of open runs.
//!
//! One ordered sequence, written by one writer: what is on the disk is always a prefix of what was appended. Together with two
//! more rules this makes runs safe without waiting for each step (the argument is in the engine's `durability` module): nodes
//! without effects touch nothing outside, and nothing leaves the process that is not committed.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::{Digest, FunctionName, ProjectName, RunId};

use super::Boxed;

/// An ordered, durable sequence of frames.
pub trait Journal: Send + Sync + 'static {
    /// Queues an entry behind all that were queued before. Never blocks.
    ///
    /// A [`Urgency::Lazy`] entry does not wake the writer: it goes with the next one that does, or after
    /// 256 KiB or 50 ms.
    ///
    /// # Errors
    /// [`JournalError::Full`] where too much is queued already and [`JournalError::Held`] while nothing can be written (nothing was
    /// queued); [`JournalError::Broken`] once a sync has failed, for good.
    fn append(&self, entry: Entry, urgency: Urgency) -> Result<Position, JournalError>;

    /// Waits until everything up to `position` survives a crash of the machine. Wakes the writer where that is needed.
    ///
    /// # Errors
    /// [`JournalError::Held`] as soon as the writer finds that nothing can be written, and for as long as it does: what was appended
    /// stays queued. [`JournalError::Broken`] once a sync has failed, for good.
    fn commit(&self, position: Position) -> Boxed<'_, Result<(), JournalError>>;

    /// The last position that is committed. Cheap.
    fn committed(&self) -> Position;

    /// Why the writer could write nothing when it last tried, where that may pass. Cheap.
    fn held(&self) -> Option<Hold>;

    /// Everything about runs that are open, and the keys that have not expired. Called once, before the first append.
    fn recover(&self) -> Boxed<'_, Result<Recovered, JournalError>>;
}

/// What is appended in one piece, for one run.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The run.
    pub run: RunId,
    /// Frames as [`weft_workflow::frame`] writes them, in the order of the run's events.
    pub frames: Bytes,
    /// How many frames.
    pub count: u32,
    /// Whether the last frame is the run's last.
    pub closes: bool,
    /// The caller's idempotency key, with the frame that accepts the run: durable together with it.
    pub key: Option<Key>,
}

/// A caller's idempotency key and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The namespace.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: FunctionName,
    /// What the caller chose; at most 256 bytes.
    pub key: String,
    /// The hash of everything that the caller asked for.
    pub request: Digest,
    /// The run that answers it.
    pub run: RunId,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// Whether somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Nobody: it may ride along.
    Lazy,
    /// Somebody, from now on.
    Prompt,
}

/// A place in the sequence: greater is later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

/// Why nothing can be written, for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The disk is full.
    DiskFull,
    /// The database does not answer.
    DatabaseAway,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DiskFull => "the disk is full",
            Self::DatabaseAway => "the database of runs does not answer",
        })
    }
}

/// What was found at start.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// Open runs, the oldest first, each with all its frames in order.
    pub runs: Vec<(RunId, Bytes)>,
    /// Keys that have not expired.
    pub keys: Vec<Key>,
}

/// Why the journal did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Too much waits to be written already.
    #[error("the journal's queue is full")]
    Full,
    /// Nothing can be written for now. Nothing was acknowledged that is not stored; the writer tries again by itself.
    #[error("the journal waits: {0}")]
    Held(Hold),
    /// Writing failed for good: nothing is acknowledged until the store is opened anew.
    #[error("the journal is broken: {0}")]
    Broken(String),
    /// What is stored is not what was written.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
}
