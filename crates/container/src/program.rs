//! Containers made by a program, such as `runc` or `crun`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use rustix::process::Pid;
use weft_isolation::launch::Order;

use crate::starter::Error;

/// Descriptors behind the standard three that the container gets: its code.
const HANDED_ON: &str = "1";

/// Makes and starts a container, whose first process becomes this one's child.
pub(crate) fn start(runtime: &Path, order: &Order) -> Result<Pid, Error> {
    // Children of those that end become this process's.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(|error| Error::System {
        step: "becoming the parent of the container",
        error: error.into(),
    })?;
    let number = order.bundle.join("pid");
    let told = |verb, arguments: &[&OsStr]| tell(runtime, order, verb, arguments);
    // Created and started one after the other: to run one in the foreground would put pipes before its standard input.
    let bundle = order.bundle.as_os_str();
    let create: [&OsStr; 6] = [
        "--bundle".as_ref(),
        bundle,
        "--pid-file".as_ref(),
        number.as_os_str(),
        "--preserve-fds".as_ref(),
        HANDED_ON.as_ref(),
    ];
    told("create", &create)?;
    told("start", &[])?;
    let failed = |error| Error::File {
        path: number.clone(),
        error,
    };
    let text = std::fs::read_to_string(&number).map_err(failed)?;
    let process = text.trim().parse().ok().and_then(Pid::from_raw);
    process.ok_or_else(|| {
        failed(std::io::Error::other(format!(
            "`{text}` is no number of a process"
        )))
    })
}

fn tell(runtime: &Path, order: &Order, verb: &'static str, arguments: &[&OsStr]) -> Result<(), Error> {
    let status = Command::new(runtime)
        .arg("--root")
        .arg(order.bundle.join("state"))
        .arg(verb)
        .args(arguments)
        .arg(&order.name)
        .env_clear()
        .status();
    let status = status.map_err(|error| Error::File {
        path: runtime.to_owned(),
        error,
    })?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Runtime {
            runtime: runtime.to_owned(),
            verb,
            status,
        }),
    }
}
