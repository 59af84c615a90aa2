//! What a worker says.

use serde::{Deserialize, Serialize};

use super::{Failure, Header, LoadFailure, Message, Request, StreamEnd, StreamId};

/// A message from the worker to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHost {
    /// The first one, said once the worker has confined itself. Its form up to the version is the same in all versions.
    Hello {
        /// [`MAGIC`](super::MAGIC).
        magic: [u8; 8],
        /// [`VERSION`](super::VERSION), little-endian.
        version: [u8; 4],
        /// The layers it entered, one bit each. For people: a worker is not believed.
        layers: u32,
    },
    /// The code is loaded.
    Loaded,
    /// The code cannot be loaded; nothing else follows.
    LoadFailed(LoadFailure),
    /// The call returned; where the export has a result, the body is its image.
    Returned {
        /// Whether there is a result.
        result: bool,
        /// Microseconds the guest executed.
        cpu_us: u64,
        /// Microseconds from the frame's arrival to the first instruction of the export.
        start_us: u64,
        /// Whether the instance can serve another call.
        reusable: bool,
    },
    /// The call of an HTTP handler has a response. The call goes on until its body has ended.
    Response {
        /// The status.
        status: u16,
        /// The header fields.
        headers: Vec<Header>,
        /// Where the body comes; none where it has none.
        body: Option<StreamId>,
        /// How many bytes it has, where that is known by now.
        length: Option<u64>,
    },
    /// The call failed.
    Failed(Failure),
    /// A line of output, the body, without its end. It need not be UTF-8.
    Log(LogStream),
    /// So many lines were not said, as the call had said as many as are kept.
    Dropped(u32),
    /// Asks something of the world on behalf of the call.
    Request {
        /// Its number, chosen by the worker, none twice within a call.
        number: u32,
        /// What is asked. The body belongs to it.
        request: Request,
    },
    /// More of a stream; the body is the bytes.
    Chunk(StreamId),
    /// The last of a stream.
    End(StreamId, StreamEnd),
    /// So many bytes more of a stream may be sent.
    Credit(StreamId, u32),
}

/// Which output a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Message for ToHost {
    fn carries_body(&self) -> bool {
        match self {
            Self::Returned { result, .. } => *result,
            Self::Request { request, .. } => matches!(request, Request::Set { .. } | Request::Call { .. }),
            Self::Log(_) | Self::Chunk(_) => true,
            Self::Hello { .. }
            | Self::Loaded
            | Self::LoadFailed(_)
            | Self::Response { .. }
            | Self::Failed(_)
            | Self::Dropped(_)
            | Self::End(..)
            | Self::Credit(..) => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Loaded => "loaded",
            Self::LoadFailed(_) => "load-failed",
            Self::Returned { .. } => "returned",
            Self::Response { .. } => "response",
            Self::Failed(_) => "failed",
            Self::Log(_) => "log",
            Self::Dropped(_) => "dropped",
            Self::Request { .. } => "request",
            Self::Chunk(_) => "chunk",
            Self::End(..) => "end",
            Self::Credit(..) => "credit",
        }
    }
}
