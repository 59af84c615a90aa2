//! Groups that container runtimes make, at places that they are told.

use std::path::{Path, PathBuf};

use super::place::{self, Controller, Place};
use super::pools::Pools;
use super::{Group, GroupError, Swept, bounds, file, server};

/// The directory of all servers' groups of containers. Not that of their other groups, as both may lie side by side.
const CONTAINERS: &str = "weft-containers";

/// Where a server has groups of containers: `weft-containers/<server>/<pool>/<name>` in every hierarchy, as runtimes make a group in each.
#[derive(Clone, Debug)]
pub struct ContainerGroups {
    places: Vec<Place>,
    /// The path of the directory in its hierarchies.
    path: PathBuf,
    server: String,
    pools: Pools,
    /// What all groups of the server may have together, in bytes.
    memory: Option<u64>,
}

impl ContainerGroups {
    /// Finds where runtimes may make groups for this process.
    ///
    /// # Errors
    /// Where the host has no group that bounds memory.
    pub fn find() -> Result<Self, GroupError> {
        let read = |path: &str| std::fs::read_to_string(path).map_err(|error| file(Path::new(path), error));
        let (places, path) = place::all(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)?;
        Ok(Self {
            places: places.into_iter().map(|place| place.within(CONTAINERS)).collect(),
            path: path.join(CONTAINERS),
            server: server::this().map_err(|error| file(Path::new("/proc/self/stat"), error))?,
            pools: Pools::default(),
            memory: None,
        })
    }

    /// As [`Groups::bounded`](super::Groups::bounded).
    #[must_use]
    pub fn bounded(self, memory: u64) -> Self {
        Self {
            memory: (memory < u64::MAX).then_some(memory),
            ..self
        }
    }

    /// The path that a runtime is to be told, in the group of a pool, and the group that it makes there.
    ///
    /// # Errors
    /// Where the group that it is made in cannot be divided.
    pub fn expect(&self, pool: &str, name: &str) -> Result<(PathBuf, Group), GroupError> {
        let servers: Vec<Place> = self
            .places
            .iter()
            .map(|place| place.within(&self.server))
            .collect();
        let pools: Vec<Place> = servers.iter().map(|servers| servers.within(pool)).collect();
        // Elsewhere the runtime makes what is missing.
        let unified = |place: &&Place| place.controller == Controller::Unified;
        let group = Group {
            places: pools.iter().map(|pool| pool.within(name)).collect(),
            _pool: self.pools.enter(pool, pools, |pools| {
                super::bound(&servers, self.memory, || {
                    pools.iter().filter(unified).try_for_each(place::divide)
                })?;
                let cpu = |server: &&Place| server.controller == Controller::Cpu;
                servers.iter().filter(cpu).try_for_each(make)?;
                self.places.iter().try_for_each(bounds::yield_cpu)
            })?,
        };
        Ok((self.path.join(&self.server).join(pool).join(name), group))
    }

    /// Whether the host bounds swap as well as memory.
    #[must_use]
    pub fn bounds_swap(&self) -> bool {
        self.places.iter().any(|place| match place.controller {
            Controller::Unified => true,
            // Of every group but the root: the one above this place may be it.
            Controller::Memory => place
                .path
                .parent()
                .is_some_and(|root| root.join("memory.memsw.usage_in_bytes").exists()),
            Controller::Pids | Controller::Cpu | Controller::CpuAccounting | Controller::Other => false,
        })
    }

    /// As [`Groups::close`](super::Groups::close).
    ///
    /// # Errors
    /// Where groups are left; a later server's sweep ends them.
    pub fn close(&self) -> Result<(), GroupError> {
        super::close(&self.places, &self.server)
    }

    /// As [`Groups::sweep`](super::Groups::sweep).
    ///
    /// # Errors
    /// Where something cannot be removed; what comes after it is left as well.
    pub fn sweep(&self) -> Result<Swept, GroupError> {
        super::sweep(&self.places)
    }
}

/// Makes the group of a server, so that the one around it stays.
fn make(server: &Place) -> Result<(), GroupError> {
    place::make(&server.path).map_err(|error| file(&server.path, error))
}

impl Group {
    /// The directory in which threads are bounded.
    #[must_use]
    pub fn threads(&self) -> Option<&Path> {
        let bounds = |place: &&Place| matches!(place.controller, Controller::Pids | Controller::Unified);
        self.places.iter().find(bounds).map(|place| place.path.as_path())
    }
}
