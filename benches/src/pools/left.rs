//! What workers leave behind on the host.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::tree;
use crate::weft::Weft;

/// What there is of a server's workers, and what the server keeps open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Those that ended and were not waited for included.
    pub(super) processes: f64,
    pub(super) groups: f64,
    pub(super) bundles: f64,
    /// Of the whole host, and of the server.
    pub(super) mounts: f64,
    pub(super) descriptors: f64,
    /// Anonymous memory of the server, in bytes.
    pub(super) memory: f64,
}

impl Left {
    pub(super) fn of(weft: &Weft) -> Result<Self> {
        let pid = weft.api.pid();
        let mounts = |of: &str| -> Result<usize> {
            let path = format!("/proc/{of}/mountinfo");
            Ok(std::fs::read_to_string(&path).context(path)?.lines().count())
        };
        Ok(Self {
            processes: tree(pid).len() as f64 - 1.0,
            groups: groups(pid) as f64,
            bundles: count(Path::new("/run/weft"), pid) as f64,
            mounts: (mounts("self")? + mounts(&pid.to_string())?) as f64,
            descriptors: std::fs::read_dir(format!("/proc/{pid}/fd"))?.count() as f64,
            memory: weft.api.anonymous()?,
        })
    }
}

/// Control groups of a server's workers.
fn groups(server: u32) -> usize {
    let named = format!("{server}-");
    let (mut found, mut open) = (0, vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(directory) = open.pop() {
        let of_weft = directory.ends_with("weft") || directory.ends_with("weft-containers");
        for below in directories(&directory) {
            let name = below.file_name().unwrap_or_default().to_string_lossy();
            match of_weft {
                // The server's own directories stay as long as it does.
                true if name.starts_with(&named) => found += directories(&below).len(),
                true => {}
                false => open.push(below),
            }
        }
    }
    found
}

/// What containers of a server are made of.
fn count(bundles: &Path, server: u32) -> usize {
    let named = format!("{server}-");
    let own = directories(bundles)
        .into_iter()
        .filter(|path| path.to_string_lossy().contains(&named));
    // What all have in common stays as well: the root that they share.
    own.flat_map(|own| directories(&own))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(|first: char| first.is_ascii_digit())
        })
        .count()
}

fn directories(directory: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(directory).into_iter().flatten().flatten();
    listing
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect()
}
