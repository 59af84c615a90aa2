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
        Failure::SandboxMemory(limit) => Told::SandboxMemory(limit),
        Failure::StackOverflow => Told::StackOverflow,
        Failure::OutputTooLarge(limit) => Told::OutputTooLarge(limit),
        Failure::InvalidResult(why) => Told::InvalidResult(why),
        Failure::NoResponse => Told::NoResponse,
        Failure::CallLimit(why) => Told::CallLimit(why),
        Failure::Cancelled => Told::Cancelled,
        Failure::Unavailable(why) => Told::Unavailable(why),
        Failure::QueueTimeout(_) => Told::Unavailable(failure.to_string()),
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
        Told::SandboxMemory(limit) => Failure::SandboxMemory(limit),
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

#[cfg(test)]
mod tests {
    use weft_function_engine::port::Loss;

    use super::*;

    #[test]
    fn a_failure_is_heard_as_it_was_told() {
        let why = || "why".to_owned();
        let all = [
            Told::Trap {
                message: why(),
                frames: vec!["main".to_owned()],
            },
            Told::Exited(-1),
            Told::TimedOut(1),
            Told::CpuTime(u64::MAX),
            Told::OutOfMemory(3),
            Told::SandboxMemory(5),
            Told::StackOverflow,
            Told::OutputTooLarge(4),
            Told::InvalidResult(why()),
            Told::NoResponse,
            Told::CallLimit(why()),
            Told::Cancelled,
            Told::Unavailable(why()),
            Told::Platform(why()),
        ];
        for failure in all {
            assert_eq!(told(heard(failure.clone())), failure);
        }
    }

    #[test]
    fn a_callee_that_was_lost_is_a_failure_of_the_platform() {
        let lost = || Loss::Crashed("why".to_owned());
        let said = "the function's process ended: why".to_owned();
        assert_eq!(told(Failure::Lost(lost())), Told::Platform(said.clone()));
        assert_eq!(told(Failure::Unstarted(lost())), Told::Unavailable(said));
    }

    #[test]
    fn spans_that_are_too_long_are_the_longest() {
        assert_eq!(micros(Duration::from_millis(2)), 2_000);
        assert_eq!(micros(Duration::MAX), u64::MAX);
    }
}
