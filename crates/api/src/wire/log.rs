//! What functions print.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use weft_function_engine as engine;
use weft_function_engine::port;

/// Lines of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Logs {
    /// The lines, oldest first.
    pub items: Vec<LogLine>,
    /// Where to go on, for `?after=`: always there, as lines may follow.
    pub next: String,
    /// Lines between `after` and the first of these that are no longer kept.
    pub lost: u64,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LogLine {
    /// Its number within its log.
    pub seq: u64,
    /// When it was printed.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The call that printed it.
    pub invocation: Uuid,
    /// The attempt at a node on whose behalf that call was made, if it was on one's.
    #[serde(flatten)]
    pub step: Option<LogStep>,
    /// Where it was printed to.
    pub stream: Stream,
    /// The line without its end.
    pub text: String,
}

/// What of a run a line belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LogStep {
    /// The run.
    pub run: String,
    /// The node.
    pub node: String,
    /// The item, where the node goes over a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Whether the attempt is over and that is committed. One that is not will be made again after a crash, and may then print
    /// something else. Absent where the run's record was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
}

/// Lines that were no longer kept when a follower asked for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Lost {
    /// How many.
    pub lost: u64,
}

/// Which output a line was printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogLine {
    /// A line, and whether the attempt that printed it is committed, as far as that is known.
    pub(crate) fn new(line: &engine::LogLine, committed: Option<bool>) -> Self {
        Self {
            seq: line.seq,
            time: line.time,
            invocation: line.invocation,
            step: line.attempt.as_deref().map(|attempt| LogStep {
                run: attempt.run.to_string(),
                node: attempt.node.to_string(),
                item: attempt.item,
                attempt: attempt.number,
                committed,
            }),
            stream: line.stream.into(),
            text: line.text.to_string(),
        }
    }
}

impl From<port::Stream> for Stream {
    fn from(stream: port::Stream) -> Self {
        match stream {
            port::Stream::Stdout => Self::Stdout,
            port::Stream::Stderr => Self::Stderr,
        }
    }
}
