//! The workers of a server, in processes and containers, seen from outside.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

use crate::Server;

/// The programs that workers and their guardians are.
const PROGRAMS: [&str; 3] = ["weft-worker", "weft-container", "hostile-worker"];

/// The workers of a server that have not ended, guardians and those they guard.
#[must_use]
pub fn of(server: &Server) -> Vec<Pid> {
    let server = server.pid();
    let all = processes();
    let children: Vec<Pid> = all
        .iter()
        .filter(|process| process.parent == server)
        .map(|process| process.id)
        .collect();
    let own = |process: &&Process| process.parent == server || children.contains(&process.parent);
    all.iter().filter(own).map(|process| process.id).collect()
}

/// Whether a process is there and has not ended.
#[must_use]
pub fn alive(process: Pid) -> bool {
    processes().iter().any(|other| other.id == process)
}

/// Stops processes, which then do nothing until they are let go on.
pub fn stop(workers: &[Pid]) {
    signal(workers, Signal::STOP);
}

/// Lets processes go on that were stopped.
pub fn go_on(workers: &[Pid]) {
    signal(workers, Signal::CONT);
}

fn signal(workers: &[Pid], signal: Signal) {
    for worker in workers {
        kill_process(*worker, signal).expect("a process");
    }
}

/// Ends processes by `kill -9`; those that have ended already are passed over.
pub fn kill(workers: &[Pid]) {
    for worker in workers {
        let _ = kill_process(*worker, Signal::KILL);
    }
}

/// The control groups that servers made for workers and that are still there, of the server with this id.
#[must_use]
pub fn groups(server: Pid) -> Vec<PathBuf> {
    let named = format!("{}-", server.as_raw_nonzero());
    let mut found = Vec::new();
    let mut left = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = left.pop() {
        let Ok(listing) = std::fs::read_dir(&directory) else {
            continue;
        };
        let of_weft = directory.ends_with("weft") || directory.ends_with("weft-containers");
        for entry in listing.flatten().filter(|entry| entry.path().is_dir()) {
            match of_weft {
                true if entry.file_name().to_string_lossy().starts_with(&named) => found.push(entry.path()),
                true => {}
                false => left.push(entry.path()),
            }
        }
    }
    found
}

/// What containers were made of and is still there, of the server with this id.
#[must_use]
pub fn bundles(server: Pid) -> Vec<PathBuf> {
    let named = format!("{}-", server.as_raw_nonzero());
    let listing = std::fs::read_dir("/run/weft").into_iter().flatten().flatten();
    let own = listing.filter(|entry| entry.file_name().to_string_lossy().starts_with(&named));
    own.map(|entry| entry.path()).collect()
}

struct Process {
    id: Pid,
    parent: Pid,
}

/// Every worker on the machine that has not ended.
fn processes() -> Vec<Process> {
    let listing = std::fs::read_dir("/proc").expect("processes are listed");
    let found = listing.flatten().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.rsplit_once(") ")?;
        let (id, name) = name.split_once(" (")?;
        let mut fields = rest.split(' ');
        let (state, parent) = (fields.next()?, fields.next()?);
        let pid = |text: &str| Pid::from_raw(text.parse().ok()?);
        let process = Process {
            id: pid(id)?,
            parent: pid(parent)?,
        };
        (PROGRAMS.contains(&name) && state != "Z" && state != "X").then_some(process)
    });
    found.collect()
}
