//! How a compiling process ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use weft_function_engine::port::PrepareError;

use super::Settings;
use super::answer::Answer;

/// What is left of a process.
pub(super) struct Ending {
    pub(super) status: ExitStatus,
    /// Its standard output.
    pub(super) answer: Vec<u8>,
    /// The beginning of its standard error.
    pub(super) last_words: Vec<u8>,
}

impl Ending {
    /// What it answered, or why it did not.
    pub(super) fn answer(&self, settings: &Settings) -> Result<Answer, PrepareError> {
        if !self.status.success() {
            return Err(self.death(settings));
        }
        serde_json::from_slice(&self.answer)
            .map_err(|error| PrepareError::Died(format!("its answer is not understood: {error}")))
    }

    fn death(&self, settings: &Settings) -> PrepareError {
        let words = String::from_utf8_lossy(&self.last_words);
        // The text with which Rust's allocator error handler aborts, and what threads say that cannot get a stack.
        if words.contains("memory allocation of") || words.contains("Cannot allocate memory") {
            return PrepareError::OutOfMemory(settings.memory);
        }
        match self.status.signal() {
            Some(libc::SIGXCPU) => PrepareError::TimedOut(settings.wall),
            Some(libc::SIGSEGV | libc::SIGBUS) => {
                PrepareError::Died(format!("it overran its stack or crashed ({})", self.status))
            }
            _ => PrepareError::Died(match words.trim().lines().next() {
                Some(line) => format!("{}: {line}", self.status),
                None => self.status.to_string(),
            }),
        }
    }
}
