//! A child that enters layers and tells whether it could.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};

use super::PATIENCE;
use crate::{Identity, LayerSet, LayerSettings, Limits};

/// What a trial's argument begins with.
const TRY: &str = "try=";
/// How much is read of what it tells, in bytes.
const TOLD: u64 = 1 << 10;
/// Enough for a program that ends at once.
const SETTINGS: LayerSettings = LayerSettings {
    limits: Limits {
        memory: 64 << 20,
        files: 32,
    },
    identity: Identity { id: 0x7800_0000 },
};

/// Enters the layers that the first argument names, if it asks for a trial, and ends the process: with 0, or with 1 and the
/// reason on standard error. Returns where no trial is asked for. To be called first in `main`.
pub fn answer(arguments: &[String]) {
    let Some(names) = arguments.first().and_then(|first| first.strip_prefix(TRY)) else {
        return;
    };
    // Their order matters, which a set does not keep.
    let tried = names.split(',').try_for_each(|name| {
        let mut layers = LayerSet::parse(name)?.iter();
        layers.try_for_each(|layer| layer.enter(&SETTINGS).map_err(|error| error.to_string()))
    });
    if let Err(why) = &tried {
        // Where nobody listens the code still tells that it failed.
        let _ = writeln!(std::io::stderr(), "{why}");
    }
    std::process::exit(i32::from(tried.is_err()))
}

/// Has a child enter layers, in their order.
pub(super) fn run(program: &Path, arguments: &[String], layers: &[crate::Layer]) -> Result<(), String> {
    let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
    let started = Command::new(program)
        .args(arguments)
        .arg(format!("{TRY}{}", names.join(",")))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| format!("{}: {error}", program.display()))?;
    let in_time = ends_in_time(&child);
    if !in_time {
        // That it cannot be killed means that it has ended; either way it can be waited for.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match (in_time, status.success()) {
        (true, true) => Ok(()),
        (true, false) => Err(told(&mut child).unwrap_or_else(|| format!("the trial ended with {status}"))),
        (false, _) => Err(format!("the trial did not end within {} s", PATIENCE.as_secs())),
    }
}

fn ends_in_time(child: &Child) -> bool {
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = process.and_then(|process| rustix::process::pidfd_open(process, PidfdFlags::empty()).ok());
    let Some(handle) = handle else {
        // Without handles on processes (before Linux 5.3) there is no bound.
        return true;
    };
    let patience = Timespec {
        tv_sec: i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: 0,
    };
    let mut events = [PollFd::new(&handle, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut events, Some(&patience)) {
            Ok(0) => return false,
            Err(rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => return true,
        }
    }
}

/// The first line that it told.
fn told(child: &mut Child) -> Option<String> {
    let mut bytes = Vec::new();
    // What was read before an error is all there is to be had.
    let _ = child.stderr.take()?.take(TOLD).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    text.lines().next().map(str::to_owned)
}
