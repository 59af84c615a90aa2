//! Why calls do not answer.

use std::time::Duration;

/// Why a call did not answer. The guest's own typed errors are answers, not failures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The guest trapped.
    #[error("the function trapped: {message}")]
    Trap {
        /// What happened.
        message: String,
        /// The innermost frames, if known.
        frames: Vec<String>,
    },
    /// The guest ended itself with a code other than 0.
    #[error("the function exited with code {0}")]
    Exited(i32),
    /// It overran its deadline.
    #[error("the call did not end within its timeout of {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It used more time than it may.
    #[error("the function executed longer than its limit of {} ms", .0.as_millis())]
    CpuTime(Duration),
    /// It wanted more memory than it may have.
    #[error("the function wanted more memory than its limit of {0} bytes")]
    OutOfMemory(u64),
    /// It wanted more memory when all functions in sandboxes together had what they may have, in bytes.
    #[error(
        "the function was stopped as it wanted more memory: all functions in sandboxes together have what they may have, {} MiB (`--sandbox-memory`)",
        .0 >> 20
    )]
    SandboxMemory(u64),
    /// Its stack ran out.
    #[error("the function's stack overflowed")]
    StackOverflow,
    /// Its result is larger than allowed.
    #[error("the function's result is larger than its limit of {0} bytes")]
    OutputTooLarge(u64),
    /// Its result is not a value of its type.
    #[error("the function's result is not a valid value: {0}")]
    InvalidResult(String),
    /// It ended without answering an HTTP request.
    #[error("the function ended without a response")]
    NoResponse,
    /// Calls of functions by functions went too deep or too wide.
    #[error("{0}")]
    CallLimit(String),
    /// Nobody waited any longer.
    #[error("the call was cancelled")]
    Cancelled,
    /// The process that executed it ended under it, so that nobody knows how far it came.
    #[error("{0}")]
    Lost(Loss),
    /// The process that should have executed it did not start. Nothing of it was executed.
    #[error("the call could not begin: {0}")]
    Unstarted(Loss),
    /// No place to execute became free in time.
    #[error("no place became free within {} ms", .0.as_millis())]
    QueueTimeout(Duration),
    /// No place to execute was to be had.
    #[error("{0}")]
    Unavailable(String),
    /// The platform failed.
    #[error("the platform failed: {0}")]
    Platform(String),
}

/// How the process that executed a call was lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// It ran out of the memory it may have, in bytes.
    #[error("the function's process ran out of its {0} bytes of memory")]
    OutOfMemory(u64),
    /// It ended by itself or was killed; how, in a few words.
    #[error("the function's process ended: {0}")]
    Crashed(String),
    /// It did not answer, so it was killed.
    #[error("the function's process did not answer for {} ms after the call should have ended, and was killed", .0.as_millis())]
    Hung(Duration),
    /// It broke the rules of talking to the server, so it was killed.
    #[error("the function's process broke the protocol, and was killed: {0}")]
    Violated(String),
    /// It did not get ready in time, so it was killed.
    #[error("the function's process did not get ready within {} ms, and was killed", .0.as_millis())]
    SlowStart(Duration),
    /// It was not even started, as those before were lost before they served any call.
    #[error("no process is started for the function now: {why}")]
    HeldBack {
        /// How the last of those was lost.
        last: Box<Loss>,
        /// How many there were, and when the next start is.
        why: String,
    },
    /// It was not even started, as all processes together use what they may.
    #[error("no process is started for the function now: {0}")]
    NoRoom(String),
}

impl Loss {
    /// Its name for programs: `memory`, `crash`, `hang`, `protocol` or `start`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OutOfMemory(_) => "memory",
            Self::Crashed(_) => "crash",
            Self::Hung(_) => "hang",
            Self::Violated(_) => "protocol",
            Self::SlowStart(_) => "start",
            Self::HeldBack { last, .. } => last.name(),
            Self::NoRoom(_) => "room",
        }
    }
}
