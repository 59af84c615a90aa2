//! The process outside a process namespace that its server knows.
//!
//! A process cannot move into a process namespace, only its children are born there. So it forks: the child goes on, and the
//! guardian waits for it, to end as it ended. It ends the child when the server is gone, which it learns from the other end
//! of the socket on standard input; and the kernel ends the child when the guardian is gone.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus};

use super::{capabilities, threads};

/// What a shell adds to the number of the signal that ended a process.
const SIGNALLED: i32 = 128;

/// Goes on in a child, and never returns in the caller.
pub(super) fn split() -> io::Result<()> {
    threads::only_one().map_err(io::Error::other)?;
    // SAFETY: the process has one thread, so the child's memory is in no state that only another thread would end.
    match unsafe { libc::fork() } {
        0 => Ok(rustix::process::set_parent_process_death_signal(Some(
            Signal::KILL,
        ))?),
        child => match Pid::from_raw(child).filter(|_| child > 0) {
            Some(child) => {
                // The guardian needs neither; that it cannot drop them is no reason to leave the child alone.
                let _ = capabilities::drop_all();
                let _ = rustix::thread::set_no_new_privs(true);
                guard(child)
            }
            None => Err(io::Error::last_os_error()),
        },
    }
}

/// Waits for a child, which it ends when the server at the other end of standard input goes, and ends this process as the child
/// ended.
pub fn guard(child: Pid) -> ! {
    if let Ok(handle) = rustix::process::pidfd_open(child, PidfdFlags::empty())
        && server_left_first(handle.as_fd())
    {
        let _ = rustix::process::kill_process(child, Signal::KILL);
    }
    end_as(wait(child))
}

fn server_left_first(child: BorrowedFd<'_>) -> bool {
    let socket = rustix::stdio::stdin();
    let mut events = [
        PollFd::from_borrowed_fd(child, PollFlags::IN),
        // No event is asked for: that the other end is closed is told anyway.
        PollFd::from_borrowed_fd(socket, PollFlags::empty()),
    ];
    loop {
        match rustix::event::poll(&mut events, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) if !events[0].revents().is_empty() => return false,
            Ok(_) if events[1].revents().intersects(PollFlags::HUP | PollFlags::ERR) => return true,
            Ok(_) => return false,
        }
    }
}

fn wait(child: Pid) -> Option<WaitStatus> {
    loop {
        match rustix::process::waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Err(_) => return None,
            Ok(Some((_, status))) => return Some(status),
        }
    }
}

/// Ends this process in the way another has ended.
fn end_as(status: Option<WaitStatus>) -> ! {
    let signal = status.and_then(WaitStatus::terminating_signal);
    if let Some(signal) = signal {
        // SAFETY: `SIG_DFL` installs no handler; the signal then ends the process, which has nothing left to do.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
    let code = match signal {
        Some(signal) => SIGNALLED + signal,
        None => status.and_then(WaitStatus::exit_status).unwrap_or(SIGNALLED),
    };
    // SAFETY: ends the process without running what the child, a copy of it, is to run.
    unsafe { libc::_exit(code) }
}
