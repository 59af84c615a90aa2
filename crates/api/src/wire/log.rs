//! What functions print.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use weft_function_engine as engine;
use weft_function_engine::port;

/// Lines of a function's log.
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
    /// Its number within the function's log.
    pub seq: u64,
    /// When it was printed.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The call that printed it.
    pub invocation: Uuid,
    /// Where it was printed to.
    pub stream: Stream,
    /// The line without its end.
    pub text: String,
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

impl From<&engine::LogLine> for LogLine {
    fn from(line: &engine::LogLine) -> Self {
        Self {
            seq: line.seq,
            time: line.time,
            invocation: line.invocation,
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
