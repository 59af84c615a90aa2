//! What a server says.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Answer, HttpHead, Load, Message, StreamEnd, StreamId};

/// A message from the server to the worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToWorker {
    /// The first one. Its form is the same in all versions.
    Hello {
        /// [`MAGIC`](super::MAGIC).
        magic: [u8; 8],
        /// [`VERSION`](super::VERSION), little-endian.
        version: [u8; 4],
    },
    /// Loads code; the second one. The body tells what it is.
    Load(Load),
    /// Opens a call. The body is the image of the arguments where an export is meant.
    Call(Box<Call>),
    /// Nobody waits for the call any longer. The worker still ends it, with a failure unless it was just done.
    Cancel,
    /// Answers a request of the call.
    Answer {
        /// The request's number.
        request: u32,
        /// What came of it. The body belongs to it.
        answer: Answer,
    },
    /// More of a stream; the body is the bytes.
    Chunk(StreamId),
    /// The last of a stream.
    End(StreamId, StreamEnd),
    /// So many bytes more of a stream may be sent.
    Credit(StreamId, u32),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub target: Target,
    /// Everything it may use.
    pub bounds: CallBounds,
    /// Arguments that are not in the image.
    pub attached: Vec<AttachedStream>,
}

/// What a call calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A typed export, by its place in the component's order.
    Export(u32),
    /// The HTTP handler.
    Http {
        /// The request's head.
        head: HttpHead,
        /// Where its body comes; none where it has none.
        body: Option<StreamId>,
    },
}

/// What a call carries along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBounds {
    /// Identifies it in logs and traces.
    pub invocation: Uuid,
    /// Microseconds from now on until it must have ended. A span, as the two sides need not have one clock.
    pub deadline_us: u64,
    /// How many of them it may execute.
    pub cpu_time_us: u64,
    /// Memory summed over the instance's memories and tables, in bytes.
    pub memory: u64,
    /// Largest result, in bytes.
    pub output: u64,
    /// Lines of output that the server keeps: the worker drops what is beyond, and tells how much.
    pub log_lines: u32,
    /// How many calls of functions by functions led here.
    pub depth: u32,
    /// Seeds the randomness of a version that was granted nothing.
    pub seed: [u8; 32],
    /// What the clock of such a version starts at, in nanoseconds since 1970 in UTC.
    pub clock_ns: i128,
    /// Identifies the step of a workflow that this call is.
    pub key: Option<[u8; 16]>,
    /// Where it comes from.
    pub trace: Trace,
}

/// W3C trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Not all zero.
    pub trace_id: [u8; 16],
    /// Not all zero.
    pub span_id: [u8; 8],
    /// Whether the caller records the trace.
    pub sampled: bool,
}

/// An argument that comes as a stream: a value by address, or one too large for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedStream {
    /// Which parameter, from 0; its type is a list of bytes.
    pub parameter: u32,
    /// How many bytes it has.
    pub length: u64,
    /// Where they come.
    pub stream: StreamId,
}

impl Message for ToWorker {
    fn carries_body(&self) -> bool {
        match self {
            Self::Call(call) => matches!(call.target, Target::Export(_)),
            Self::Answer { answer, .. } => {
                matches!(answer, Answer::Got | Answer::Returned { result: true })
            }
            Self::Load(_) | Self::Chunk(_) => true,
            Self::Hello { .. } | Self::Cancel | Self::End(..) | Self::Credit(..) => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Load(_) => "load",
            Self::Call(_) => "call",
            Self::Cancel => "cancel",
            Self::Answer { .. } => "answer",
            Self::Chunk(_) => "chunk",
            Self::End(..) => "end",
            Self::Credit(..) => "credit",
        }
    }
}
