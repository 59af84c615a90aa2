//! What there is of a worker on the host, which must be gone when it has ended.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The directory of servers' groups of containers, in every hierarchy.
const GROUPS: &str = "weft-containers";
/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(10);

/// What there is of one worker.
#[derive(Debug)]
pub(crate) struct Leftovers {
    pub(crate) processes: Vec<u32>,
    groups: Vec<PathBuf>,
    bundles: Vec<PathBuf>,
}

impl Leftovers {
    /// Of a worker that has said hello, by the process that stands for it, once nobody is there any longer who started it.
    pub(crate) fn of(process: u32, directory: &Path) -> Self {
        wait_until("a guardian and whom it guards", || tree(process).len() == 2);
        let processes = tree(process);
        let groups = groups_of(processes[1]);
        Self {
            processes,
            groups,
            bundles: listed(directory),
        }
    }

    /// Whether something is there.
    pub(crate) fn are_there(&self) -> bool {
        !self.groups.is_empty()
            && self.groups.iter().all(|group| group.exists())
            && !self.bundles.is_empty()
            && self.bundles.iter().all(|bundle| bundle.join("root").exists())
    }

    /// Fails where something is.
    pub(crate) fn are_gone(&self) {
        for process in &self.processes {
            assert!(!alive(*process), "process {process} is left");
        }
        for group in &self.groups {
            assert!(!group.exists(), "{} is left", group.display());
        }
    }

    /// The groups of its pool.
    pub(crate) fn pools(&self) -> Vec<PathBuf> {
        let above = self.groups.iter().filter_map(|group| group.parent());
        let pools: Vec<PathBuf> = above.map(PathBuf::from).collect();
        assert!(
            pools.iter().all(|pool| pool.ends_with(crate::POOL)),
            "{pools:?} are no groups of the pool"
        );
        pools
    }

    /// What a file of its groups says.
    pub(crate) fn bound(&self, file: &str, controller: &str) -> Option<String> {
        let of = |group: &&PathBuf| group.components().any(|part| part.as_os_str() == controller);
        let group = self.groups.iter().find(of)?;
        let text = std::fs::read_to_string(group.join(file)).ok()?;
        Some(text.trim().to_owned())
    }
}

/// Fails where anything of any container of this program's is left: a group, a bundle or a mount.
pub(crate) fn nothing_is_left(directory: &Path) {
    assert_eq!(listed(directory), Vec::<PathBuf>::new());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let directory = directory.to_string_lossy();
    let own: Vec<&str> = mounts.lines().filter(|line| line.contains(&*directory)).collect();
    assert_eq!(own, Vec::<&str>::new());
    let server = weft_isolation::group::this_server().expect("a name");
    for hierarchy in hierarchies() {
        let groups = hierarchy.join(GROUPS).join(&server);
        assert!(!groups.exists(), "{} is left", groups.display());
    }
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited for {what}");
        std::thread::yield_now();
    }
}

/// Whether a container's bundle has a file of this name.
pub(crate) fn has(directory: &Path, name: &str) -> bool {
    let bundles = listed(directory).into_iter().flat_map(|server| listed(&server));
    bundles.into_iter().any(|bundle| bundle.join(name).exists())
}

/// A process with all that descend from it, itself first.
fn tree(process: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    std::iter::once(process).chain(children.flat_map(tree)).collect()
}

/// The groups of a container's process.
fn groups_of(process: u32) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(format!("/proc/{process}/cgroup")).expect("groups");
    let below = text.lines().find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        path.contains(GROUPS)
            .then(|| path.trim_start_matches('/').to_owned())
    });
    let below = below.expect("a group of a container");
    let places = hierarchies().into_iter().map(|hierarchy| hierarchy.join(&below));
    places.filter(|group| group.exists()).collect()
}

/// Where control groups are mounted.
fn hierarchies() -> Vec<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let groups = mounts.lines().filter(|line| line.contains(" - cgroup"));
    groups
        .filter_map(|line| line.split(' ').nth(4).map(PathBuf::from))
        .collect()
}

fn listed(directory: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(directory);
    listing
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

/// Whether a process is there and has not ended.
pub(crate) fn alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, state)| state.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}
