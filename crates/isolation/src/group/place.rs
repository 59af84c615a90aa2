//! Directories in which groups are made.

use std::path::{Path, PathBuf};

use super::{GroupError, file};

/// What a hierarchy bounds or counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    /// Everything: version 2.
    Unified,
    /// Memory, in version 1, as the following.
    Memory,
    Pids,
    Cpu,
    CpuAccounting,
    /// Something of no interest here, where container runtimes make groups all the same.
    Other,
}

/// A directory of one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) controller: Controller,
    pub(super) path: PathBuf,
}

/// What version 2 must be able to bound.
const UNIFIED: [&str; 3] = ["memory", "pids", "cpu"];
/// Where the server itself goes where its group is to be divided: one that is must be empty.
const SERVER: &str = "weft-server";

impl Place {
    pub(super) fn within(&self, name: &str) -> Self {
        Self {
            controller: self.controller,
            path: self.path.join(name),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    pub(super) fn write(&self, name: &str, value: &str) -> Result<(), GroupError> {
        let path = self.path.join(name);
        std::fs::write(&path, value).map_err(|error| file(&path, error))
    }

    pub(super) fn read(&self, name: &str) -> Result<String, GroupError> {
        let path = self.path.join(name);
        std::fs::read_to_string(&path).map_err(|error| file(&path, error))
    }

    /// The groups in it; none where it does not exist.
    pub(super) fn children(&self) -> Result<Vec<Self>, GroupError> {
        let listing = match std::fs::read_dir(&self.path) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(file(&self.path, error)),
        };
        let children = listing.filter_map(|entry| {
            let entry = entry.ok()?;
            let is_group = entry.file_type().ok()?.is_dir();
            is_group.then(|| self.within(&entry.file_name().to_string_lossy()))
        });
        Ok(children.collect())
    }
}

/// The process's own groups, from what `/proc/self/mountinfo` and `/proc/self/cgroup` say. Version 1 is preferred where it
/// holds memory: version 2 has no memory then.
pub(super) fn find(mounts: &str, own: &str) -> Result<Vec<Place>, GroupError> {
    let first = |name| own_group(mounts, own, Some(name));
    let Some(memory) = first("memory") else {
        let path = own_group(mounts, own, None).ok_or(GroupError::Missing("memory"))?;
        let controller = Controller::Unified;
        return Ok(vec![Place { controller, path }]);
    };
    let pids = first("pids").ok_or(GroupError::Missing("processes"))?;
    let cpu = first("cpu").ok_or(GroupError::Missing("CPU time"))?;
    let counted = first("cpuacct").ok_or(GroupError::Missing("counting CPU time"))?;
    let mut places = vec![
        // First, as it is where a group is kept from growing while it is killed.
        (Controller::Pids, pids),
        (Controller::Memory, memory),
        (Controller::Cpu, cpu.clone()),
    ];
    // Mounted together, they are one hierarchy.
    if std::fs::canonicalize(&counted).ok() != std::fs::canonicalize(&cpu).ok() {
        places.push((Controller::CpuAccounting, counted));
    }
    Ok(places
        .into_iter()
        .map(|(controller, path)| Place { controller, path })
        .collect())
}

/// Every hierarchy that is mounted, and the group within each that is the first to have groups of containers: the root in
/// version 1, as a runtime is told one path for all hierarchies; the process's own group in version 2.
pub(super) fn all(mounts: &str, own: &str) -> Result<(Vec<Place>, PathBuf), GroupError> {
    if own_group(mounts, own, Some("memory")).is_none() {
        let (point, below) = own_parts(mounts, own, None).ok_or(GroupError::Missing("memory"))?;
        let place = Place {
            controller: Controller::Unified,
            path: point.join(&below),
        };
        return Ok((vec![place], Path::new("/").join(below)));
    }
    let mut places: Vec<Place> = mounts.lines().filter_map(hierarchy).collect();
    // Where processes are killed groups should not grow meanwhile.
    places.sort_by_key(|place| place.controller != Controller::Pids);
    Ok((places, PathBuf::from("/")))
}

/// The hierarchy that a line of `mountinfo` mounts, beside one of version 1 that holds memory.
fn hierarchy(line: &str) -> Option<Place> {
    let (mount, kind) = line.split_once(" - ")?;
    let path = PathBuf::from(mount.split(' ').nth(4)?);
    let mut kind = kind.split(' ');
    let (kind, options) = (kind.next()?, kind.nth(1)?);
    let has = |name: &str| kind == "cgroup" && options.split(',').any(|option| option == name);
    let controller = match kind {
        _ if has("memory") => Controller::Memory,
        _ if has("pids") => Controller::Pids,
        _ if has("cpu") => Controller::Cpu,
        _ if has("cpuacct") => Controller::CpuAccounting,
        "cgroup" | "cgroup2" => Controller::Other,
        _ => return None,
    };
    Some(Place { controller, path })
}

/// The directory of the group that the process is in, for a controller of version 1 or for version 2.
fn own_group(mounts: &str, own: &str, controller: Option<&str>) -> Option<PathBuf> {
    own_parts(mounts, own, controller).map(|(point, below)| point.join(below))
}

/// Where the hierarchy of the controller is mounted, and the process's group within.
fn own_parts(mounts: &str, own: &str, controller: Option<&str>) -> Option<(PathBuf, PathBuf)> {
    let group = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let meant = match controller {
            Some(name) => controllers.split(',').any(|other| other == name),
            None => controllers.is_empty(),
        };
        meant.then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut kind = kind.split(' ');
        let (kind, options) = (kind.next()?, kind.nth(1)?);
        let meant = match controller {
            Some(name) => kind == "cgroup" && options.split(',').any(|other| other == name),
            None => kind == "cgroup2",
        };
        let below = Path::new(group).strip_prefix(root).ok().filter(|_| meant)?;
        // It moved there itself, when it divided its own.
        let below = below
            .parent()
            .filter(|_| below.ends_with(SERVER))
            .unwrap_or(below);
        Some((PathBuf::from(point), below.to_owned()))
    })
}

/// Makes the directory of a pool's groups, and has version 2 pass its controllers on down to it.
pub(super) fn divide(pool: &Place) -> Result<(), GroupError> {
    let refused = |path: &Path, error| GroupError::Divide {
        path: path.to_owned(),
        error,
    };
    make(&pool.path).map_err(|error| refused(&pool.path, error))?;
    if pool.controller != Controller::Unified {
        return Ok(());
    }
    // The pool's own, the server's, that of all servers and the one that the server is in, which is the first to be divided.
    let mut divided: Vec<&Path> = pool.path.ancestors().take(4).collect();
    divided.reverse();
    let own = divided[0];
    for path in divided {
        if let Err(error) = pass_on(path) {
            if path != own || error.raw_os_error() != Some(libc::EBUSY) {
                return Err(refused(path, error));
            }
            leave(own)
                .and_then(|()| pass_on(own))
                .map_err(|error| refused(own, error))?;
        }
    }
    Ok(())
}

/// Makes a directory with those above it, of which another server may remove one just then that is still empty.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    const TRIES: usize = 16;
    let mut made = std::fs::create_dir_all(path);
    for _ in 1..TRIES {
        match &made {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                made = std::fs::create_dir_all(path)
            }
            _ => break,
        }
    }
    made
}

fn pass_on(path: &Path) -> std::io::Result<()> {
    let control = path.join("cgroup.subtree_control");
    let present = std::fs::read_to_string(&control)?;
    let missing = UNIFIED
        .into_iter()
        .filter(|name| !present.split_whitespace().any(|other| other == *name));
    let missing: Vec<String> = missing.map(|name| format!("+{name}")).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => std::fs::write(control, missing.join(" ")),
    }
}

/// Moves this process down, out of a group that is to be divided.
fn leave(own: &Path) -> std::io::Result<()> {
    let down = own.join(SERVER);
    std::fs::create_dir_all(&down)?;
    std::fs::write(down.join("cgroup.procs"), std::process::id().to_string())
}

#[cfg(test)]
mod tests;
