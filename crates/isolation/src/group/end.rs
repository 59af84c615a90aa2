//! The end of a group.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use super::place::{Controller, Place};
use super::{GroupError, file};

/// How long processes may take to end once killed.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long between two looks.
const PAUSE: Duration = Duration::from_micros(200);

/// Kills every process of a group, and answers how many there were once none is left.
pub(super) fn kill_all(group: &Place) -> Result<usize, GroupError> {
    // None is added while they are killed; where it cannot be said the killing only takes longer.
    if matches!(group.controller, Controller::Pids | Controller::Unified) {
        let _ = group.write("pids.max", "0");
    }
    let begun = Instant::now();
    let mut killed = 0;
    loop {
        let processes = processes(group)?;
        if processes.is_empty() {
            return Ok(killed);
        }
        killed = killed.max(processes.len());
        // Since Linux 5.14 in version 2: all at once.
        if group.controller != Controller::Unified || group.write("cgroup.kill", "1").is_err() {
            processes.into_iter().for_each(kill);
        }
        wait(group, begun)?;
    }
}

/// Removes a group without processes. The kernel may take a moment to see that there are none.
pub(super) fn remove(group: &Place) -> Result<(), GroupError> {
    let begun = Instant::now();
    loop {
        match std::fs::remove_dir(&group.path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => wait(group, begun)?,
            Err(error) => return Err(file(&group.path, error)),
        }
    }
}

/// The processes in a group that this one can see.
fn processes(group: &Place) -> Result<Vec<Pid>, GroupError> {
    let listed = match group.read("cgroup.procs") {
        Err(GroupError::File { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        listed => listed?,
    };
    Ok(listed
        .lines()
        .filter_map(|line| Pid::from_raw(line.parse().ok()?))
        .collect())
}

fn kill(process: Pid) {
    // It was there a moment ago. That it has ended since is what is wanted; that it may not be killed shows by its staying.
    let _: Result<(), Errno> = rustix::process::kill_process(process, Signal::KILL);
}

fn wait(group: &Place, begun: Instant) -> Result<(), GroupError> {
    let waited = begun.elapsed();
    if waited > PATIENCE {
        return Err(GroupError::Stuck {
            path: group.path.clone(),
            waited_ms: waited.as_millis(),
        });
    }
    std::thread::sleep(PAUSE);
    Ok(())
}
