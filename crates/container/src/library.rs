//! Containers made by the library.

use std::path::Path;

use libcontainer::container::builder::ContainerBuilder;
use libcontainer::error::LibcontainerError;
use libcontainer::syscall::syscall::SyscallType;
use rustix::process::Pid;
use weft_isolation::launch::Order;

use crate::starter::Error;

/// Descriptors behind the standard three that the container gets: its code.
const HANDED_ON: i32 = 1;

/// Makes and starts a container, whose first process becomes this one's child.
pub(crate) fn start(order: &Order) -> Result<Pid, Error> {
    let state = order.bundle.join("state");
    let process = make(&state, order).map_err(|error| Error::Library(told(&error)))?;
    process.ok_or_else(|| Error::Library("it started no process".to_owned()))
}

fn make(state: &Path, order: &Order) -> Result<Option<Pid>, LibcontainerError> {
    let builder = ContainerBuilder::new(order.name.clone(), SyscallType::default())
        .with_root_path(state)?
        .with_preserved_fds(HANDED_ON)
        .validate_id()?;
    let mut container = builder.as_init(&order.bundle).with_systemd(false).build()?;
    container.start()?;
    Ok(container
        .pid()
        .and_then(|process| Pid::from_raw(process.as_raw())))
}

/// An error with all that caused it, which alone may tell nothing.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !told.contains(&more) {
            told = format!("{told}: {more}");
        }
        cause = error.source();
    }
    told
}
