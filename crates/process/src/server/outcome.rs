//! How a worker was lost, from how its process ended.

use weft_function_engine::port::Loss;
use weft_isolation::launch::{Cause, Ending};

/// The loss of a worker that may have `memory` bytes.
pub(super) fn of_ending(ending: &Ending, memory: u64) -> Loss {
    let how = match ending.cause {
        Cause::OutOfMemory if !reached(ending, memory) => {
            "all processes together ran out of the memory they may have (`--workers-memory`), and the kernel chose this one".to_owned()
        }
        Cause::OutOfMemory => return Loss::OutOfMemory(memory),
        Cause::Ended => "it closed its socket".to_owned(),
        Cause::Exited(code) => format!("it exited with code {code}"),
        Cause::Signalled(signal) => format!("it was ended by {}", signal_name(signal)),
    };
    Loss::Crashed(match complaint(&ending.complaint) {
        complaint if complaint.is_empty() => how,
        complaint => format!("{how} ({complaint})"),
    })
}

/// Whether it came to use its own memory up, as far as is known. The kernel counts by chunks.
fn reached(ending: &Ending, memory: u64) -> bool {
    let peak = ending.usage.map_or(0, |usage| usage.peak);
    peak == 0 || peak >= memory - memory / 16
}

/// What it complained of, in one line, without advice on how to learn more.
fn complaint(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let said: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("note: "))
        .collect();
    said.join(" ")
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use weft_isolation::group::Usage;

    use super::*;

    #[test]
    fn a_worker_that_ended_for_others_is_not_blamed() {
        let check = |peak, expected: bool| {
            let ending = Ending {
                cause: Cause::OutOfMemory,
                complaint: String::new(),
                usage: Some(Usage {
                    peak,
                    oom_kills: 1,
                    ..Usage::default()
                }),
            };
            let loss = of_ending(&ending, 64 << 20);
            assert_eq!(loss == Loss::OutOfMemory(64 << 20), expected, "{peak}: {loss}");
            assert_eq!(
                loss.to_string().contains("--workers-memory"),
                !expected,
                "{peak}: {loss}"
            );
        };
        check(0, true);
        check(64 << 20, true);
        check(63 << 20, true);
        check(40 << 20, false);
    }

    #[test]
    fn losses_are_told_apart() {
        let ending = |cause, complaint: &str| Ending {
            cause,
            complaint: complaint.to_owned(),
            usage: None,
        };
        let cases = [
            (
                Cause::OutOfMemory,
                "",
                "the function's process ran out of its 7 bytes of memory",
            ),
            (
                Cause::Exited(3),
                "",
                "the function's process ended: it exited with code 3",
            ),
            (
                Cause::Exited(1),
                "no landlock",
                "the function's process ended: it exited with code 1 (no landlock)",
            ),
            (
                Cause::Signalled(9),
                "",
                "the function's process ended: it was ended by SIGKILL",
            ),
            (
                Cause::Signalled(63),
                "",
                "the function's process ended: it was ended by signal 63",
            ),
            (
                Cause::Ended,
                "",
                "the function's process ended: it closed its socket",
            ),
        ];
        for (cause, complaint, told) in cases {
            assert_eq!(of_ending(&ending(cause, complaint), 7).to_string(), told);
        }
    }
}
