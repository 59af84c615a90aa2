//! Bundles on the disk, and the root that all containers of a server have in common.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::{EndError, LaunchError};
use super::Configuration;
use crate::group;

/// Where a container has its program. Within the starter's own mounts the program is put there; the file itself is empty.
pub const WORKER: &str = "weft-worker";
/// Where runtimes mount what every container has.
const MOUNTED: [&str; 2] = ["proc", "dev"];
/// The name of the root among containers, whose names are numbers.
const ROOT: &str = "root";
/// Users of containers find their root below these directories, and nobody can list them.
const PASSABLE: u32 = 0o711;
/// Anybody can look into the root.
const OPEN: u32 = 0o755;

/// The directory of one server's bundles.
#[derive(Debug)]
pub(super) struct Bundles {
    all: PathBuf,
    own: PathBuf,
}

impl Bundles {
    /// Makes it within `all`, with a root that has a place for the program and for mounts.
    pub(super) fn new(all: &Path) -> Result<Self, LaunchError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| LaunchError::File { path, error }
        };
        let server = group::this_server().map_err(failed(Path::new("/proc/self/stat")))?;
        let bundles = Self {
            all: all.to_owned(),
            own: all.join(server),
        };
        if !all.exists() {
            make(all, PASSABLE).map_err(failed(all))?;
        }
        let root = bundles.root();
        make(&bundles.own, PASSABLE).map_err(failed(&bundles.own))?;
        make(&root, OPEN).map_err(failed(&root))?;
        for name in MOUNTED {
            let path = root.join(name);
            make(&path, OPEN).map_err(failed(&path))?;
        }
        let worker = root.join(WORKER);
        std::fs::write(&worker, "").map_err(failed(&worker))?;
        Ok(bundles)
    }

    /// The root of all containers, which none can write to.
    pub(super) fn root(&self) -> PathBuf {
        self.own.join(ROOT)
    }

    /// The directory of a container's bundle, which begins to be there when it is written.
    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.own.join(name)
    }

    /// Writes a container's bundle and answers where it is.
    pub(super) fn write(&self, name: &str, configuration: &Configuration) -> Result<PathBuf, LaunchError> {
        let directory = self.directory(name);
        let file = directory.join("config.json");
        let failed = |path: PathBuf| move |error| LaunchError::File { path, error };
        make(&directory, PASSABLE).map_err(failed(directory.clone()))?;
        std::fs::write(&file, configuration.to_json()).map_err(failed(file))?;
        Ok(directory)
    }

    /// Removes it, when all containers have ended.
    pub(super) fn remove(&self) -> Result<(), EndError> {
        match std::fs::remove_dir_all(&self.own) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EndError::Directory {
                path: self.own.clone(),
                error,
            }),
            _ => {
                // Other servers may have bundles there.
                let _ = std::fs::remove_dir(&self.all);
                Ok(())
            }
        }
    }
}

/// Whatever new files of this process are denied otherwise.
fn make(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}
