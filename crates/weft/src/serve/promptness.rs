//! Having the threads that serve calls run promptly when there is something to do.
//!
//! Linux lets a thread that became runnable take the core from another whose time slice is longer; between equals it waits until
//! the other has used its own up, which at four milliseconds a tick is what makes the slowest calls of a busy machine slow.
//! A short slice takes nothing from others: each still gets its fair share, only in smaller portions.
#![allow(unsafe_code)]

use std::io;
use std::mem::size_of;

/// Slice of a thread that serves, in nanoseconds: the shortest that Linux grants. Kernels before 6.12 have one for all and ignore it.
const SLICE: u64 = 100_000;
/// The thread that calls.
const THIS_THREAD: libc::pid_t = 0;

/// Shortens the slice of this thread. Without it calls are only less prompt.
pub(super) fn serve_promptly() {
    if let Err(error) = shorten_slice() {
        tracing::debug!(%error, "this thread keeps the usual time slice");
    }
}

fn shorten_slice() -> io::Result<()> {
    // What else holds for the thread, such as the niceness it was started with, stays.
    let mut attributes = attributes()?;
    if attributes.sched_policy != libc::SCHED_OTHER.cast_unsigned() {
        return Ok(());
    }
    attributes.sched_runtime = SLICE;
    // SAFETY: the pointer is to a live structure that says its own size; the call only reads it.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, THIS_THREAD, &raw const attributes, 0) };
    check(outcome)
}

fn attributes() -> io::Result<libc::sched_attr> {
    // SAFETY: a structure of integers, all of which may be zero.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>();
    // SAFETY: the pointer is to a live structure of the size that is told; the call writes no more than that.
    let outcome =
        unsafe { libc::syscall(libc::SYS_sched_getattr, THIS_THREAD, &raw mut attributes, size, 0) };
    check(outcome).map(|()| attributes)
}

fn check(outcome: libc::c_long) -> io::Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_shortened_and_the_rest_stays() {
        rustix::process::nice(3).expect("a thread may always be nicer");
        let before = attributes().expect("the system tells");
        shorten_slice().expect("the system lets us");
        let after = attributes().expect("the system tells");
        assert_eq!((after.sched_policy, after.sched_nice), (before.sched_policy, 3));
        // Kernels that have no slices of threads tell none.
        assert!(after.sched_runtime == SLICE || before.sched_runtime == 0);
    }
}
