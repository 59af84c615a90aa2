//! Workers in containers.
//!
//! Each has a bundle of its own, as the Open Container Initiative describes it, and a starter: a program with one thread that
//! has the container made by a runtime, becomes its guardian and ends as it ends. What the starter is told is its [`Order`]. The
//! container's root holds the worker's program and nothing else.

mod bundle;
mod configuration;
mod filter;
mod order;
mod runtime;

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub use bundle::WORKER;
pub use order::{Order, OrderError};
pub use runtime::Runtime;

use super::{Allowance, Around, EndError, FIRST_USER, Launch, LaunchError, USERS, Worker, ending};
use crate::group::{Bounds, ContainerGroups, Group, GroupError, Groups};
use crate::{Confinement, Identity, Layer, LayerSet, Limits};
use bundle::Bundles;
use configuration::{Configuration, Users};

/// The descriptor in which a worker in a container finds its code. Runtimes give what stands in the first three away to the
/// user in the container, and this file is not for giving.
pub const CODE: u32 = 3;
/// What all who start one container may use up together: runtimes are programs of some size with threads of their own.
const STARTING: Bounds = Bounds {
    memory: 256 << 20,
    threads: 128,
    cpu_millis: None,
};
/// Threads of a runtime within the container, before the worker takes their place.
const RUNTIME_THREADS: u64 = 64;
/// Users of containers: above those of processes.
const FIRST: u32 = FIRST_USER + USERS;

/// What containers are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containers {
    /// The program that starts and guards them.
    pub starter: PathBuf,
    /// The worker's program, statically linked.
    pub worker: PathBuf,
    /// What it gets before all other arguments.
    pub arguments: Vec<String>,
    /// Where bundles are kept, in a directory of the server's own.
    pub directory: PathBuf,
}

/// Starts workers in containers.
#[derive(Debug)]
pub struct ContainerLauncher {
    containers: Containers,
    runtime: Runtime,
    bundles: Bundles,
    starting: Groups,
    groups: ContainerGroups,
    lacking: LayerSet,
    launched: AtomicU32,
}

impl ContainerLauncher {
    /// Has containers made by `runtime`. `lacking` names the layers that this host is known to lack.
    ///
    /// # Errors
    /// Where no control groups are to be had, or nothing can be written to the directory.
    pub fn new(containers: Containers, runtime: Runtime, lacking: LayerSet) -> Result<Self, LaunchError> {
        Ok(Self {
            bundles: Bundles::new(&containers.directory)?,
            starting: Groups::find()?,
            groups: ContainerGroups::find()?,
            containers,
            runtime,
            lacking,
            launched: AtomicU32::new(0),
        })
    }

    /// Bounds the memory of all workers that are started here together, in bytes; the largest number
    /// bounds nothing.
    #[must_use]
    pub fn bounded(self, memory: u64) -> Self {
        Self {
            groups: self.groups.bounded(memory),
            ..self
        }
    }

    /// Who makes the containers.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn users(&self, number: u32) -> Users {
        let first = FIRST + number % USERS * 2;
        match self.lacking.contains(Layer::UserNamespace) {
            true => Users::OfTheHost(first),
            false => Users::OfANamespace(first),
        }
    }

    /// The worker's arguments: those it is given, and its confinement within what the container is.
    fn arguments(&self, users: Users, allowance: Allowance, arguments: &[String]) -> Vec<String> {
        let limits = Limits {
            // The group's bound should be what runs out first: it tells that it did.
            memory: allowance.memory.saturating_mul(2),
            files: allowance.files,
        };
        let identity = Identity { id: users.worker() };
        let confinement = Confinement::new(limits, identity, self.lacking).in_a_container();
        let mut all = self.containers.arguments.clone();
        all.extend(arguments.iter().cloned());
        all.push(format!("code={CODE}"));
        all.extend(confinement.to_arguments());
        all
    }

    fn configuration(
        &self,
        number: u32,
        group: PathBuf,
        allowance: Allowance,
        arguments: &[String],
    ) -> Configuration {
        let users = self.users(number);
        Configuration {
            root: self.bundles.root(),
            group,
            users,
            arguments: self.arguments(users, allowance, arguments),
            allowance,
            threads: match self.runtime {
                Runtime::Library => allowance.threads,
                Runtime::Program(_) => allowance.threads.max(RUNTIME_THREADS),
            },
            bounds_swap: self.groups.bounds_swap(),
        }
    }

    /// Writes the bundle and answers what the starter is to do with it.
    fn order(&self, name: &str, configuration: &Configuration, group: &Group) -> Result<Order, LaunchError> {
        let threads = configuration.allowance.threads;
        Ok(Order {
            runtime: self.runtime.clone(),
            bundle: self.bundles.write(name, configuration)?,
            root: self.bundles.root(),
            worker: self.containers.worker.clone(),
            name: format!("weft-{name}"),
            threads: group.threads().map(|group| (group.join("pids.max"), threads)),
        })
    }
}

impl Launch for ContainerLauncher {
    fn launch(
        &self,
        pool: &str,
        allowance: Allowance,
        code: File,
        arguments: &[String],
    ) -> Result<Worker, LaunchError> {
        readable(&code).map_err(LaunchError::Code)?;
        let number = self.launched.fetch_add(1, Ordering::Relaxed);
        let name = number.to_string();
        let (path, group) = self.groups.expect(pool, &name)?;
        let starting = self
            .starting
            .create(pool, &format!("starting-{name}"), STARTING)?;
        let configuration = self.configuration(number, path, allowance, arguments);
        let started = self.order(&name, &configuration, &group).and_then(|order| {
            super::start(
                &self.containers.starter,
                order.to_arguments(),
                code,
                Some(&starting),
            )
        });
        let around = Around {
            group: starting,
            directory: self.bundles.directory(&name),
        };
        match started {
            Ok((socket, process)) => Ok(Worker {
                socket,
                process,
                group: Some(group),
                around: Some(around),
            }),
            Err(error) => {
                ending::remove(Some(group), Some(around))?;
                Err(error)
            }
        }
    }

    fn close(&self) -> Result<(), EndError> {
        let closed = [self.groups.close(), self.starting.close()];
        self.bundles.remove()?;
        closed.into_iter().collect::<Result<(), GroupError>>()?;
        Ok(())
    }
}

/// Lets the user in a container, who is nobody, map the code: what is opened by a descriptor's entry in `/proc` is asked for
/// permission again. That others cannot come by the file is for its directory to see to.
fn readable(code: &File) -> std::io::Result<()> {
    const OF_ALL: u32 = 0o444;
    let mut permissions = code.metadata()?.permissions();
    // Anything but a file, such as a device, is let be.
    if code.metadata()?.is_file() && permissions.mode() & OF_ALL != OF_ALL {
        permissions.set_mode(permissions.mode() | OF_ALL);
        code.set_permissions(permissions)?;
    }
    Ok(())
}
