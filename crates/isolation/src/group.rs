//! Control groups: they bound what processes use up together, count it, and find them all when they are to end.
//!
//! Both versions of the interface are spoken. The groups of a server lie in its own group: `weft/<server>/<pool>/<name>`, where
//! `<server>` names a process and when it began, so that a later server can tell what a dead one left behind and
//! [sweep](Groups::sweep) it. Where CPU time is short pools get equal shares of it, however many groups each has, and all of them
//! together less than the server.

mod bounds;
mod containers;
mod end;
mod entrance;
mod limit;
mod meter;
mod place;
mod pools;
mod server;
mod usage;

use std::path::{Path, PathBuf};

pub use bounds::Bounds;
pub use containers::ContainerGroups;
pub use entrance::Entrance;
pub use limit::memory_limit;
pub use meter::Meter;
pub use usage::Usage;

use place::{Controller, Place};
use pools::{Member, Pools};

/// The directory of all servers' groups.
const WEFT: &str = "weft";

/// Where a server makes groups.
#[derive(Clone, Debug)]
pub struct Groups {
    places: Vec<Place>,
    server: String,
    pools: Pools,
    /// What all groups of the server may have together, in bytes.
    memory: Option<u64>,
}

/// A group, or the place of one that a container runtime makes. It lasts until it is [ended](Group::end), or swept after its
/// server is gone.
#[derive(Debug)]
pub struct Group {
    places: Vec<Place>,
    /// Dropped when its own directories are gone.
    _pool: Member,
}

/// Why a control group cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The host has none that would do.
    #[error("no control group for {0} is mounted; mount cgroup2 at /sys/fs/cgroup")]
    Missing(&'static str),
    /// The server's own group cannot be divided.
    #[error(
        "{path}: {error}; run the server as root, or in a group that was delegated to it (systemd: `Delegate=yes`)"
    )]
    Divide {
        /// What was tried to change.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file of a group could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Processes of the group did not end.
    #[error("{path} still has processes {waited_ms} ms after they were killed")]
    Stuck {
        /// The group.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u128,
    },
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Groups of servers that are gone, one for each hierarchy.
    pub groups: usize,
    /// Processes that were left in them, now killed.
    pub processes: usize,
}

/// The name of this process among servers, which no other process has had: what it makes outside of its own memory is found by it.
///
/// # Errors
/// Where `/proc` does not tell when the process began.
pub fn this_server() -> std::io::Result<String> {
    server::this()
}

/// Whether a name is that of a server that is no more.
#[must_use]
pub fn is_gone(server: &str) -> bool {
    server::is_gone(server)
}

impl Groups {
    /// Finds where this process may make groups, by what is mounted and which groups it is in itself.
    ///
    /// # Errors
    /// Where the host has no group that bounds memory and processes.
    pub fn find() -> Result<Self, GroupError> {
        let read = |path: &str| std::fs::read_to_string(path).map_err(|error| file(Path::new(path), error));
        let places = place::find(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)?;
        Ok(Self {
            places: places.into_iter().map(|place| place.within(WEFT)).collect(),
            server: server::this().map_err(|error| file(Path::new("/proc/self/stat"), error))?,
            pools: Pools::default(),
            memory: None,
        })
    }

    /// Bounds the memory of all groups of this server together, in bytes: the kernel keeps them to it. The largest number bounds
    /// nothing.
    #[must_use]
    pub fn bounded(self, memory: u64) -> Self {
        Self {
            memory: (memory < u64::MAX).then_some(memory),
            ..self
        }
    }

    /// Makes a group in that of a pool; `name` must be new there.
    ///
    /// # Errors
    /// Where the server may not, or a bound cannot be set.
    pub fn create(&self, pool: &str, name: &str, bounds: Bounds) -> Result<Group, GroupError> {
        let servers: Vec<Place> = self
            .places
            .iter()
            .map(|place| place.within(&self.server))
            .collect();
        let pools: Vec<Place> = servers.iter().map(|servers| servers.within(pool)).collect();
        let mut group = Group {
            places: Vec::new(),
            _pool: self.pools.enter(pool, pools.clone(), |pools| {
                bound(&servers, self.memory, || pools.iter().try_for_each(place::divide))?;
                self.places.iter().try_for_each(bounds::yield_cpu)
            })?,
        };
        for pool in &pools {
            if let Err(error) = group.enter(pool.within(name), bounds) {
                // What failed is what to tell; that the new and empty group cannot be removed either adds nothing.
                let _ = group.end();
                return Err(error);
            }
        }
        Ok(group)
    }

    /// Removes the directories of this server, at its end, when all its groups have ended.
    ///
    /// # Errors
    /// Where groups are left; a later server's sweep ends them.
    pub fn close(&self) -> Result<(), GroupError> {
        close(&self.places, &self.server)
    }

    /// Ends what servers that are gone left behind. To be called when a server starts.
    ///
    /// # Errors
    /// Where something cannot be removed; what comes after it is left as well.
    pub fn sweep(&self) -> Result<Swept, GroupError> {
        sweep(&self.places)
    }
}

/// Bounds the memory of all groups in those of a server, which `divide` makes what is missing of.
fn bound(
    servers: &[Place],
    memory: Option<u64>,
    divide: impl FnOnce() -> Result<(), GroupError>,
) -> Result<(), GroupError> {
    let Some(memory) = memory else { return divide() };
    let of_memory = |place: &&Place| place.controller == Controller::Memory;
    for place in servers.iter().filter(of_memory) {
        place::make(&place.path).map_err(|error| file(&place.path, error))?;
        bounds::count_those_within(place)?;
    }
    divide()?;
    servers
        .iter()
        .try_for_each(|place| bounds::set_memory(place, memory))
}

fn close(places: &[Place], server: &str) -> Result<(), GroupError> {
    for place in places {
        let servers = place.within(server);
        for pool in servers.children()? {
            end::remove(&pool)?;
        }
        end::remove(&servers)?;
        // Other servers may have groups there.
        let _ = std::fs::remove_dir(&place.path);
    }
    Ok(())
}

fn sweep(places: &[Place]) -> Result<Swept, GroupError> {
    let mut swept = Swept::default();
    for place in places {
        for server in place.children()? {
            if !server.name().is_some_and(server::is_gone) {
                continue;
            }
            for pool in server.children()? {
                for group in pool.children()? {
                    swept.processes += end::kill_all(&group)?;
                    end::remove(&group)?;
                    swept.groups += 1;
                }
                // Earlier servers had workers here.
                swept.processes += end::kill_all(&pool)?;
                end::remove(&pool)?;
                swept.groups += 1;
            }
            end::remove(&server)?;
        }
        // Where no server has groups any longer; where one has, this fails.
        let _ = std::fs::remove_dir(&place.path);
    }
    Ok(swept)
}

impl Group {
    /// Makes a directory of the group, with its bounds.
    fn enter(&mut self, place: Place, bounds: Bounds) -> Result<(), GroupError> {
        std::fs::create_dir(&place.path).map_err(|error| file(&place.path, error))?;
        self.places.push(place);
        self.places.last().map_or(Ok(()), |place| bounds.set(place))
    }

    /// What its processes used so far.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn usage(&self) -> Result<Usage, GroupError> {
        usage::of(&self.places)
    }

    /// Kills every process in the group, waits for their end, a fraction of a millisecond as a rule and
    /// [two seconds](GroupError::Stuck) at most, and removes it.
    ///
    /// # Errors
    /// Where processes do not end or the group cannot be removed; a later server's sweep tries again.
    pub fn end(self) -> Result<(), GroupError> {
        for place in &self.places {
            end::kill_all(place)?;
        }
        self.places.iter().try_for_each(end::remove)
    }

    /// Where it is, one directory for each hierarchy.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.places.iter().map(|place| place.path.as_path())
    }
}

fn file(path: &Path, error: std::io::Error) -> GroupError {
    GroupError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
