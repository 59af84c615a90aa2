//! Starting workers, and ending them.
//!
//! A worker is a program that [confines itself](crate::Confinement) by the arguments it gets, before it does anything else. It
//! gets a socket as standard input and its code as standard output, open for reading; nothing else of the server, not even
//! its environment. It begins when the server's first word arrives, which is when it is in its control group.

mod ending;
mod measure;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub use ending::{Cause, Ending};

use crate::group::{Bounds, Group, GroupError, Groups};
use crate::protocol::{Frame, MAGIC, ProtocolError, ToWorker, VERSION};
use crate::{Confinement, Identity, Layer, LayerSet, Limits};

/// The first of the users that workers become, above those that any system gives to people and services.
const FIRST_USER: u32 = 0x7800_0000;
/// How many there are, each for one worker at a time.
const USERS: u32 = 1 << 16;

/// Starts workers of one program.
#[derive(Debug)]
pub struct Launcher {
    program: PathBuf,
    arguments: Vec<String>,
    groups: Option<Groups>,
    lacking: LayerSet,
    launched: AtomicU32,
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

/// A worker that was started. Dropping it ends the worker, as the socket closes, but leaves its group to be swept: end it
/// by [`Worker::end`].
#[derive(Debug)]
pub struct Worker {
    /// The server's end of the socket. Nothing but our hello was said yet.
    pub socket: UnixStream,
    process: Child,
    group: Option<Group>,
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
    /// The first word could not be written.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

impl Launcher {
    /// Starts `program` with `arguments` before those of its confinement.
    ///
    /// `lacking` names the layers that this host is known to lack. Where [`Layer::ControlGroup`] is not among them, groups must
    /// be to be had.
    ///
    /// # Errors
    /// Where they are not.
    pub fn new(program: PathBuf, arguments: Vec<String>, lacking: LayerSet) -> Result<Self, GroupError> {
        let groups = match lacking.contains(Layer::ControlGroup) {
            true => None,
            false => Some(Groups::find()?),
        };
        Ok(Self {
            program,
            arguments,
            groups,
            lacking,
            launched: AtomicU32::new(0),
        })
    }

    /// Ends the workers of servers that are gone, and what they left. To be called when a server starts.
    ///
    /// # Errors
    /// Where something cannot be ended.
    pub fn sweep(&self) -> Result<crate::group::Swept, GroupError> {
        self.groups.as_ref().map_or(Ok(Default::default()), Groups::sweep)
    }

    /// Removes what was made for workers, at the server's end, when all of them have ended.
    ///
    /// # Errors
    /// Where some have not; a later server's sweep ends them.
    pub fn close(&self) -> Result<(), GroupError> {
        self.groups.as_ref().map_or(Ok(()), Groups::close)
    }

    /// Starts a worker that is to load `code`, and is told more of it by `arguments`. Blocks, for about a millisecond; its hello
    /// comes when it is confined.
    ///
    /// # Errors
    /// Where it could not be started or bounded; nothing is left of it then.
    pub fn launch(
        &self,
        allowance: Allowance,
        code: File,
        arguments: &[String],
    ) -> Result<Worker, LaunchError> {
        let number = self.launched.fetch_add(1, Ordering::Relaxed);
        let group = self.groups.as_ref().map(|groups| {
            let bounds = Bounds {
                memory: allowance.memory,
                threads: allowance.threads,
                cpu_millis: allowance.cpu_millis,
            };
            groups.create(&number.to_string(), bounds)
        });
        let group = group.transpose()?;
        match self.start(number, allowance, code, arguments, group.as_ref()) {
            Ok((socket, process)) => Ok(Worker {
                socket,
                process,
                group,
            }),
            Err(error) => {
                if let Some(group) = group {
                    group.end()?;
                }
                Err(error)
            }
        }
    }

    fn start(
        &self,
        number: u32,
        allowance: Allowance,
        code: File,
        arguments: &[String],
        group: Option<&Group>,
    ) -> Result<(UnixStream, Child), LaunchError> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let confinement = Confinement::new(
            // Where a group bounds memory, it should be what runs out first: it tells that it did.
            Limits {
                memory: allowance
                    .memory
                    .saturating_mul(if group.is_some() { 2 } else { 1 }),
                files: allowance.files,
            },
            Identity {
                id: FIRST_USER + number % USERS,
            },
            self.lacking,
        );
        let spawned = Command::new(&self.program)
            .args(&self.arguments)
            .args(arguments)
            .args(confinement.to_arguments())
            .env_clear()
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(code)
            .stderr(Stdio::piped())
            .spawn();
        let mut process = spawned.map_err(|error| LaunchError::Program {
            program: self.program.clone(),
            error,
        })?;
        let begun = begin(&mut ours, &process, group);
        if let Err(error) = begun {
            // That it cannot be killed means that it has ended; either way it can be waited for.
            let _ = process.kill();
            let _ = process.wait();
            return Err(error);
        }
        Ok((ours, process))
    }
}

/// Puts a worker, which waits, into its group and says the first word.
fn begin(socket: &mut UnixStream, process: &Child, group: Option<&Group>) -> Result<(), LaunchError> {
    group.map_or(Ok(()), |group| group.join(process.id()))?;
    let hello = Frame {
        call: 0,
        message: ToWorker::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
        },
        body: bytes::Bytes::new(),
    };
    match socket.write_all(&hello.encode(usize::MAX)?.head) {
        // One that has ended already is found out by whoever reads: it tells why.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
