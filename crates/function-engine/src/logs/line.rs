//! Lines, and what is asked of them.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::port::{Attempt, Stream};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within its log, from 0. Lines that were not kept leave gaps.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// The call that wrote it.
    pub invocation: Uuid,
    /// The attempt at a node on whose behalf that call was made, if it was on one's.
    pub attempt: Option<Arc<Attempt>>,
    /// Where it was written to.
    pub stream: Stream,
    /// The line without its end.
    pub text: Arc<str>,
}

/// Some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// In order.
    pub lines: Vec<LogLine>,
    /// The cursor to read on from.
    pub next: LogCursor,
    /// Lines between the two cursors that are no longer kept or never were.
    pub lost: u64,
}

/// A place in a log: in front of the line of a number, whether that is there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor {
    /// The log: after a restart, one of the same name is another.
    pub log: u64,
    /// The number.
    pub seq: u64,
}

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Those that contain this text.
    pub contains: Option<String>,
    /// Those of this node.
    pub node: Option<String>,
}

impl LogFilter {
    pub(super) fn passes(&self, line: &LogLine) -> bool {
        let attempt = line.attempt.as_deref();
        let of_node = |node: &String| attempt.is_some_and(|attempt| *attempt.node == **node);
        self.node.as_ref().is_none_or(of_node)
            && self
                .contains
                .as_ref()
                .is_none_or(|text| line.text.contains(text.as_str()))
    }
}
