//! Why the platform stops a guest, as an error that travels through the guest's frames.

use std::time::Duration;

/// The platform's own reasons to stop a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// It wanted more memory than this many bytes.
    #[error("memory limit of {0} bytes")]
    Memory(u64),
    /// All guests together have as much memory as they may, which is so many bytes.
    #[error("memory limit of {0} bytes for all guests together")]
    AllMemory(u64),
    /// It executed longer than this.
    #[error("cpu time limit of {} ms", .0.as_millis())]
    CpuTime(Duration),
    /// Its deadline passed.
    #[error("deadline")]
    Deadline,
    /// Nobody waits any longer.
    #[error("cancelled")]
    Cancelled,
    /// Its output is longer than this many bytes.
    #[error("output limit of {0} bytes")]
    Output(u64),
    /// Its thread is gone: the platform's own fault.
    #[error("the execution was lost")]
    Lost,
}
