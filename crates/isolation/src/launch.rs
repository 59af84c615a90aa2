//! Starting workers, and ending them.
//!
//! A worker is a program that [confines itself](crate::Confinement) by the arguments it gets, before it does anything else. It
//! gets a socket as standard input and its code in a descriptor open for reading; nothing else of the server, not even
//! its environment.
//!
//! What is around it differs from level to level, and is for whoever [launches](Launch): [`ProcessLauncher`] starts it as it is,
//! [`ContainerLauncher`] in a container. A virtual machine would be a third. A worker is a process of the server's in all cases,
//! which ends as what executes in it ends.

mod container;
mod ending;
mod measure;
mod process;
mod swept;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::net::sockopt::set_socket_send_buffer_size;

pub use container::{CODE, ContainerLauncher, Containers, Order, OrderError, Runtime, WORKER};
pub use ending::{Cause, EndError, Ending};
pub use measure::Meter;
pub use process::ProcessLauncher;
pub use swept::{Swept, sweep};

use crate::group::{Group, GroupError};
use crate::protocol::{Frame, MAGIC, ProtocolError, ToWorker, VERSION};

/// The first of the users that workers become, above those that any system gives to people and services.
const FIRST_USER: u32 = 0x7800_0000;
/// How many there are at each level, each for one worker at a time.
const USERS: u32 = 1 << 16;

/// Starts workers at one level.
pub trait Launch: Send + Sync + std::fmt::Debug {
    /// Starts a worker of a pool that is to load `code`, and is told more of it by `arguments`. The workers of each pool together
    /// get an equal share of the CPU; `pool` names it among those of this process, as a directory could be called. Blocks, for some milliseconds at most; its
    /// hello comes when it is confined.
    ///
    /// # Errors
    /// Where it could not be started or bounded; nothing is left of it then.
    fn launch(
        &self,
        pool: &str,
        allowance: Allowance,
        code: File,
        arguments: &[String],
    ) -> Result<Worker, LaunchError>;

    /// Removes what was made for workers, at the server's end, when all of them have ended.
    ///
    /// # Errors
    /// Where some have not; a later server's [sweep] ends them.
    fn close(&self) -> Result<(), EndError>;
}

/// What one worker may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Memory in bytes, all of the process's included.
    pub memory: u64,
    /// Threads.
    pub threads: u64,
    /// Descriptors open at once.
    pub files: u64,
    /// CPU time in thousandths of one core's; none for as much as there is.
    pub cpu_millis: Option<u64>,
}

/// A worker that was started. Dropping it ends the worker, as the socket closes, but leaves what was made for it to be swept: end it
/// by [`Worker::end`].
#[derive(Debug)]
pub struct Worker {
    /// The server's end of the socket. Nothing but our hello was said yet.
    pub socket: UnixStream,
    process: Child,
    group: Option<Group>,
    around: Option<Around>,
}

/// What there is around a worker, beside its process and its group.
#[derive(Debug)]
struct Around {
    /// The group of those who start it.
    group: Group,
    /// What they keep of it.
    directory: PathBuf,
}

/// Why a worker could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The program could not be started.
    #[error("starting {program}: {error}")]
    Program {
        /// Its path.
        program: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The two could not be connected.
    #[error("connecting a worker: {0}")]
    Socket(#[from] io::Error),
    /// It could not be bounded.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The user in a container could not be let read the code.
    #[error("opening the code to containers: {0}")]
    Code(io::Error),
    /// What a container is made of could not be written.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What was begun could not be ended.
    #[error(transparent)]
    End(#[from] EndError),
    /// The first word could not be written.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

/// Bytes that may be under way in a direction, as far as the host allows: with less, both sides are woken for every part of a large value.
const UNDERWAY: usize = 2 << 20;

/// Starts a process that is told its group, which it enters first of all, and has our hello to read.
fn start(
    program: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>,
    code: File,
    group: Option<&Group>,
) -> Result<(UnixStream, Child), LaunchError> {
    let (mut ours, theirs) = UnixStream::pair()?;
    for socket in [&ours, &theirs] {
        // Without it all goes as well, and slower.
        let _ = set_socket_send_buffer_size(socket, UNDERWAY);
    }
    greet(&mut ours)?;
    let entrance = group.map(Group::entrance).unwrap_or_default();
    let spawned = Command::new(program)
        .args(arguments)
        .args(entrance.to_arguments())
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(code)
        .stderr(Stdio::piped())
        .spawn();
    match spawned {
        Ok(process) => Ok((ours, process)),
        Err(error) => Err(LaunchError::Program {
            program: program.to_owned(),
            error,
        }),
    }
}

/// Our hello, which is there before anybody could read it.
fn greet(socket: &mut UnixStream) -> Result<(), LaunchError> {
    let hello = Frame {
        call: 0,
        message: ToWorker::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
        },
        body: bytes::Bytes::new(),
    };
    Ok(socket.write_all(&hello.encode(usize::MAX)?.head)?)
}
