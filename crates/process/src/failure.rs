//! Why a call did not answer, in the terms of the engine and in those of the protocol.

use std::time::Duration;

use weft_function_engine::port::Failure;
use weft_isolation::protocol::Failure as Told;

/// As a worker tells it.
pub(crate) fn told(failure: Failure) -> Told {
    match failure {
        Failure::Trap { message, frames } => Told::Trap { message, frames },
        Failure::Exited(code) => Told::Exited(code),
        Failure::TimedOut(limit) => Told::TimedOut(micros(limit)),
        Failure::CpuTime(limit) => Told::CpuTime(micros(limit)),
        Failure::OutOfMemory(limit) => Told::OutOfMemory(limit),
        Failure::StackOverflow => Told::StackOverflow,
        Failure::OutputTooLarge(limit) => Told::OutputTooLarge(limit),
        Failure::InvalidResult(why) => Told::InvalidResult(why),
        Failure::NoResponse => Told::NoResponse,
        Failure::CallLimit(why) => Told::CallLimit(why),
        Failure::Cancelled => Told::Cancelled,
        Failure::Unavailable(why) => Told::Unavailable(why),
        // Of a callee: where it executed is no business of the caller's worker.
        Failure::Lost(loss) => Told::Platform(loss.to_string()),
        Failure::Unstarted(loss) => Told::Unavailable(loss.to_string()),
        Failure::Platform(why) => Told::Platform(why),
    }
}

/// As the engine understands it.
pub(crate) fn heard(failure: Told) -> Failure {
    match failure {
        Told::Trap { message, frames } => Failure::Trap { message, frames },
        Told::Exited(code) => Failure::Exited(code),
        Told::TimedOut(limit) => Failure::TimedOut(Duration::from_micros(limit)),
        Told::CpuTime(limit) => Failure::CpuTime(Duration::from_micros(limit)),
        Told::OutOfMemory(limit) => Failure::OutOfMemory(limit),
        Told::StackOverflow => Failure::StackOverflow,
        Told::OutputTooLarge(limit) => Failure::OutputTooLarge(limit),
        Told::InvalidResult(why) => Failure::InvalidResult(why),
        Told::NoResponse => Failure::NoResponse,
        Told::CallLimit(why) => Failure::CallLimit(why),
        Told::Cancelled => Failure::Cancelled,
        Told::Unavailable(why) => Failure::Unavailable(why),
        Told::Platform(why) => Failure::Platform(why),
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
