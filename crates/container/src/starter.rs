//! From an order to a container with a guardian.

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Pid;
use weft_isolation::group::{Entrance, GroupError};
use weft_isolation::launch::{CODE, Order, OrderError, Runtime};
use weft_isolation::{Identity, Layer, LayerError, LayerSettings, Limits};

use crate::arguments::Task;
use crate::{library, mounts, program};

/// Why a container could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The program was started by somebody else.
    #[error("{0}; it is for `weft` to start this program")]
    Order(#[from] OrderError),
    /// As above.
    #[error("a guardian is told the number of its process")]
    NoProcess,
    /// What was inherited cannot be told from what was not.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// The control group cannot be entered.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A system call failed.
    #[error("{step}: {error}")]
    System {
        /// At what.
        step: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The runtime refused; what it wrote to standard error says why.
    #[error("{runtime} {verb} ended with {status}")]
    Runtime {
        /// Which runtime.
        runtime: PathBuf,
        /// What it was to do.
        verb: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The library refused.
    #[error("{0}")]
    Library(String),
}

/// Starts a container, and becomes its guardian; all of that within a control group that is told.
pub(crate) fn start(order: &Order, group: &Entrance) -> Result<Infallible, Error> {
    group.enter()?;
    close_inherited()?;
    hand_on_code()?;
    mounts::make(order)?;
    let process = match &order.runtime {
        Runtime::Library => library::start(order)?,
        Runtime::Program(program) => program::start(program, order)?,
    };
    if let Some((file, most)) = &order.threads {
        write(file, &most.to_string())?;
    }
    become_guardian(process)
}

/// Whatever the server was started with is none of the container's business.
fn close_inherited() -> Result<(), Error> {
    // The layer needs neither.
    let settings = LayerSettings {
        limits: Limits { memory: 0, files: 0 },
        identity: Identity { id: 0 },
    };
    Ok(Layer::Descriptors.enter(&settings)?)
}

/// Moves the code from standard output to where the worker looks for it. What is written to standard output goes nowhere.
fn hand_on_code() -> Result<(), Error> {
    let failed = |error: rustix::io::Errno| Error::System {
        step: "handing on the code",
        error: error.into(),
    };
    let code = rustix::io::dup(rustix::stdio::stdout()).map_err(failed)?;
    let place = std::os::fd::IntoRawFd::into_raw_fd(code);
    // Nothing else was open, so it is the first behind the standard three. It stays open until this process ends.
    if u32::try_from(place) != Ok(CODE) {
        return Err(failed(rustix::io::Errno::BADF));
    }
    let nowhere = open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere).map_err(failed)
}

fn open(path: &str) -> Result<File, Error> {
    let opened = File::options().write(true).open(path);
    opened.map_err(|error| Error::File {
        path: path.into(),
        error,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::File {
        path: path.to_owned(),
        error,
    })
}

/// Begins anew as a program that needs little, whose child the container stays.
fn become_guardian(process: Pid) -> Result<Infallible, Error> {
    let own = std::env::current_exe().map_err(|error| Error::System {
        step: "finding this program",
        error,
    })?;
    let error = Command::new(&own).args(Task::guard(process)).env_clear().exec();
    Err(Error::File { path: own, error })
}
