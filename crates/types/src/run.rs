//! Runs of workflows: their identity, states and the policies they follow.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One execution of a workflow: a UUIDv7, so that runs sort by the time they were accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum RunStatus {
    /// Accepted, not yet admitted.
    Waiting = 0,
    /// Admitted: its nodes are executed.
    Running = 1,
    /// Held: nothing new starts until it is resumed.
    Paused = 2,
    /// Ended with a result.
    Succeeded = 3,
    /// Ended by a failure of its own.
    Failed = 4,
    /// Ended because somebody asked for it.
    Cancelled = 5,
    /// Ended by its deadline.
    TimedOut = 6,
}

/// Where a node of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum NodeStatus {
    /// What it needs is not there yet.
    Waiting = 0,
    /// It could start, and waits for its turn.
    Ready = 1,
    /// An attempt is under way, a timer runs, or an outside event is awaited.
    Running = 2,
    /// An attempt failed and the next one is due.
    Retrying = 3,
    /// It has an output.
    Succeeded = 4,
    /// It was not executed, and need not be.
    Skipped = 5,
    /// It failed for good, or what it needs did.
    Failed = 6,
    /// It was stopped, or never started, because the run was cancelled or ended early.
    Cancelled = 7,
    /// Its own timeout or the run's ended it.
    TimedOut = 8,
}

/// How urgent a run or a node is: the more urgent start first, and nobody waits for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Priority {
    /// Before all others.
    Highest = 0,
    /// Before the usual.
    High = 1,
    /// The usual.
    #[default]
    Medium = 2,
    /// After the usual.
    Low = 3,
    /// After all others.
    Lowest = 4,
}

/// What becomes of the rest of a run once a node failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FailurePolicy {
    /// It is stopped at once.
    #[default]
    End = 0,
    /// What does not depend on the failure is still executed, then the run fails.
    Continue = 1,
}

/// Whether a run is journalled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Durability {
    /// It survives a crash at any moment.
    #[default]
    Durable = 0,
    /// It is lost in a crash; only its end is recorded, best effort.
    Express = 1,
}

/// Identifies what one node does for one item in one run: the same over every retry, re-execution and recovery.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeKey([u8; 16]);

impl RunId {
    /// A fresh one, for a run accepted now.
    #[must_use]
    pub fn at(timestamp: jiff::Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(timestamp.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl RunStatus {
    /// Whether it stays so.
    #[must_use]
    pub fn is_closed(self) -> bool {
        match self {
            Self::Waiting | Self::Running | Self::Paused => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::TimedOut => true,
        }
    }
}

impl NodeStatus {
    /// Whether it stays so.
    #[must_use]
    pub fn is_closed(self) -> bool {
        match self {
            Self::Waiting | Self::Ready | Self::Running | Self::Retrying => false,
            Self::Succeeded | Self::Skipped | Self::Failed | Self::Cancelled | Self::TimedOut => true,
        }
    }
}

impl Priority {
    /// All, the most urgent first.
    pub const ALL: [Self; 5] = [Self::Highest, Self::High, Self::Medium, Self::Low, Self::Lowest];
}

impl NodeKey {
    /// Its bytes, as they are sent elsewhere.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// From bytes that were sent.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key of the `n`th call that is made on behalf of a step, as which `callee` is called: the same whenever the step is executed
    /// again and makes the same calls.
    #[must_use]
    pub fn of_call(self, n: u32, callee: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&self.0)
            .update(&n.to_le_bytes())
            .update(callee.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(key)
    }

    /// The key of `node`, for the item at `item` where it executes once per item.
    #[must_use]
    pub fn new(run: RunId, node: &str, item: Option<u32>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(run.0.as_bytes());
        hasher.update(&(node.len() as u64).to_le_bytes());
        hasher.update(node.as_bytes());
        if let Some(item) = item {
            hasher.update(&item.to_le_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(key)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests;
