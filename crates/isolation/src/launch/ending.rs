//! How workers end.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ChildStderr, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{Around, Worker};
use crate::group::{Group, GroupError, Usage};

/// How much is kept of what a worker complained of, in bytes.
const COMPLAINT: u64 = 4 << 10;

/// The end of a worker. Nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why it ended.
    pub cause: Cause,
    /// The beginning of what it wrote to standard error: where it could not confine itself it says why.
    pub complaint: String,
    /// What it used; none without a control group.
    pub usage: Option<Usage>,
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server ended it.
    Ended,
    /// Its memory ran out.
    OutOfMemory,
    /// It ended itself with a code.
    Exited(i32),
    /// A signal ended it. The first process of a process namespace that aborts ends by `SIGSEGV`, as `SIGABRT` does not reach it.
    Signalled(i32),
}

/// Why something of a worker is left.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Its processes did not end, or its group could not be removed.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// What was written down for it could not be removed.
    #[error("{path}: {error}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Worker {
    /// The process that was started: the worker itself, or its guardian outside of its namespaces.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// What it uses; none without a control group.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn usage(&self) -> Result<Option<Usage>, GroupError> {
        self.group.as_ref().map(Group::usage).transpose()
    }

    /// Waits for the worker to end by itself, then as [`Worker::end`].
    ///
    /// # Errors
    /// As [`Worker::end`].
    pub fn wait(mut self) -> Result<Ending, EndError> {
        let status = self.process.wait().ok();
        self.finish(status)
    }

    /// Waits for the worker to end by itself, but no longer than `patience`, then as [`Worker::end`].
    ///
    /// # Errors
    /// As [`Worker::end`].
    pub fn end_within(self, patience: Duration) -> Result<Ending, EndError> {
        let process = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let handle = process.and_then(|process| pidfd_open(process, PidfdFlags::empty()).ok());
        if let (Some(handle), Ok(patience)) = (handle, Timespec::try_from(patience)) {
            let mut events = [PollFd::new(&handle, PollFlags::IN)];
            while poll(&mut events, Some(&patience)) == Err(Errno::INTR) {}
        }
        self.end()
    }

    /// Ends the worker, if it has not ended, with all that belongs to it. Blocks, for a fraction of a millisecond as a rule and
    /// two seconds at most.
    ///
    /// # Errors
    /// Where something of it does not end; a sweep tries again.
    pub fn end(mut self) -> Result<Ending, EndError> {
        let status = self.process.try_wait().ok().flatten();
        if status.is_none() {
            // That it cannot be killed means that it has ended; either way it can be waited for.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        self.finish(status)
    }

    fn finish(self, by_itself: Option<ExitStatus>) -> Result<Ending, EndError> {
        // Read before the group is gone; one that cannot be read must not keep it from ending.
        let usage = self.group.as_ref().and_then(|group| group.usage().ok());
        // All who could still write are ended first, so that reading comes to an end.
        remove(self.group, self.around)?;
        Ok(Ending {
            cause: cause(by_itself, usage),
            complaint: self.process.stderr.map(complaint).unwrap_or_default(),
            usage,
        })
    }
}

/// Ends whoever is left of a worker and removes what was made for it; what fails keeps nothing else from being tried.
pub(super) fn remove(group: Option<Group>, around: Option<Around>) -> Result<(), EndError> {
    let (starters, directory) = around.map(|around| (around.group, around.directory)).unzip();
    // Those who start it first: they would go on with it.
    let started = starters.map_or(Ok(()), Group::end);
    let ended = group.map_or(Ok(()), Group::end);
    if let Some(path) = directory {
        match std::fs::remove_dir_all(&path) {
            // It was to be made only then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(|error| EndError::Directory { path, error })?,
        }
    }
    Ok(started.and(ended)?)
}

fn cause(by_itself: Option<ExitStatus>, usage: Option<Usage>) -> Cause {
    if usage.is_some_and(|usage| usage.oom_kills > 0) {
        return Cause::OutOfMemory;
    }
    match by_itself.map(|status| (status.code(), status.signal())) {
        None | Some((None, None)) => Cause::Ended,
        Some((Some(code), _)) => Cause::Exited(code),
        Some((None, Some(signal))) => Cause::Signalled(signal),
    }
}

fn complaint(stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is all there is to be had.
    let _ = stderr.take(COMPLAINT).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}
