//! The starter and guardian of one container, for a server that has never heard of what makes containers.
//!
//! It has one thread, as what it does after it forked must not depend on others. Started by a server, it enters a control
//! group, makes mounts of its own, of which the host sees nothing, has the container made by the runtime it was told, with the standard
//! input it has itself, and becomes the container's guardian: a small process that ends the container with its server and ends as the
//! container has ended.
#![forbid(unsafe_code)]

mod arguments;
mod library;
mod mounts;
mod program;
mod starter;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use arguments::Task;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = Task::of(&arguments).and_then(|task| match task {
        Task::Guard(process) => weft_isolation::guard(process),
        Task::Start(order, group) => starter::start(&order, &group),
    });
    let Err(error) = done;
    // Where nobody listens the code still tells that it failed.
    let _ = writeln!(std::io::stderr(), "{error}");
    ExitCode::FAILURE
}
