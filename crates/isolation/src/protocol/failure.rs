//! Why a call did not answer, as a worker tells it.

use serde::{Deserialize, Serialize};

/// Why a call did not answer. That the worker itself ended is nothing it could tell: the server finds that out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The guest trapped.
    Trap {
        /// What happened.
        message: String,
        /// The innermost frames, if known.
        frames: Vec<String>,
    },
    /// The guest ended itself with a code other than 0.
    Exited(i32),
    /// It overran its deadline, of so many microseconds.
    TimedOut(u64),
    /// It executed longer than it may, so many microseconds.
    CpuTime(u64),
    /// It wanted more memory than so many bytes.
    OutOfMemory(u64),
    /// It, or a callee of it, wanted more memory when all sandboxes together had so many bytes, which is what they may have.
    SandboxMemory(u64),
    /// Its stack ran out.
    StackOverflow,
    /// Its result is larger than so many bytes.
    OutputTooLarge(u64),
    /// Its result is not a value of its type.
    InvalidResult(String),
    /// It ended without answering an HTTP request.
    NoResponse,
    /// Calls of functions by functions went too deep or too wide.
    CallLimit(String),
    /// It was cancelled.
    Cancelled,
    /// The worker cannot do this.
    Unavailable(String),
    /// The worker failed.
    Platform(String),
}
