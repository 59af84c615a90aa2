//! Why nothing was simulated.

/// What is wrong in a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TraceError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Why a simulation was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The trace makes too many calls.
    #[error(
        "the trace makes more than {} calls, by second {second}: make it shorter or its load smaller",
        super::MAX_CALLS
    )]
    TooManyCalls {
        /// The second at which there were too many.
        second: u64,
    },
}
