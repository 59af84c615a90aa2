//! What the kernel offers.

use std::fs;
use std::thread::available_parallelism;

use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

use super::{Check, State};
use crate::serve::files;

pub(crate) const KERNEL: &str = "kernel";

/// The first kernel that tells which pages a guest wrote, so that only those are cleared after a call.
const PAGEMAP_SCAN: (u32, u32) = (6, 7);
/// Memory mappings a process may have: each instance slot needs a few.
const MAPPINGS: u64 = 65_530;

pub(crate) fn checks() -> Vec<Check> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    vec![
        kernel(&release),
        pagemap_scan(&release),
        landlock(),
        cgroups(),
        mappings(),
        open_files(),
        cores(),
    ]
}

fn kernel(release: &str) -> Check {
    match version(release) {
        Some(version) if version >= (5, 10) => Check::new(KERNEL, State::Works, release),
        Some(_) => Check::new(
            KERNEL,
            State::Degraded,
            format!("{release}; tested with 5.10 and newer"),
        ),
        None => Check::new(
            KERNEL,
            State::Degraded,
            format!("{release} is not a version of Linux"),
        ),
    }
}

fn pagemap_scan(release: &str) -> Check {
    let name = "pagemap_scan";
    if weft_runtime::may_swap() {
        let why =
            "memory may be swapped out, so more of it is cleared than was touched; `swapoff --all` helps";
        return Check::new(name, State::Degraded, why);
    }
    if weft_runtime::pagemap_scan_available() {
        return Check::new(name, State::Works, "memory of instances is cleared page by page");
    }
    let why = match version(release) {
        Some(version) if version >= PAGEMAP_SCAN => "the kernel refuses it here",
        _ => "needs Linux 6.7",
    };
    Check::new(
        name,
        State::Degraded,
        format!("{why}; fresh instances start several times slower"),
    )
}

fn landlock() -> Check {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    match ruleset {
        Ok(_) => Check::new("landlock", State::Works, "compilers reach no files but their own"),
        Err(error) => Check::new(
            "landlock",
            State::Degraded,
            format!("{error}; compilers of uploaded code are confined by seccomp and limits only"),
        ),
    }
}

fn cgroups() -> Check {
    let version_2 = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").ok();
    let all = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    let (state, detail) = groups(version_2.as_deref(), &all);
    Check::new("cgroups", state, detail)
}

/// What there is of control groups: `version_2` names the controllers of the second version, if it is mounted; `all` is the kernel's table of all,
/// whose second column is not 0 for those that are used by the first.
fn groups(version_2: Option<&str>, all: &str) -> (State, String) {
    let wanted = ["memory", "pids"];
    let listed = |names: &str| {
        wanted
            .iter()
            .all(|wanted| names.split_whitespace().any(|name| name == *wanted))
    };
    let first: Vec<&str> = all
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let (name, hierarchy) = (columns.next()?, columns.next()?);
            hierarchy
                .parse()
                .is_ok_and(|hierarchy: u32| hierarchy > 0)
                .then_some(name)
        })
        .collect();
    let first = first.join(" ");
    match version_2.map(str::trim) {
        Some(names) if listed(names) => (State::Works, format!("version 2: {names}")),
        _ if listed(&first) => (State::Works, format!("version 1: {first}")),
        Some(names) => (
            State::Degraded,
            format!("version 2 without memory or pids: {names}"),
        ),
        None => (
            State::Unavailable,
            "none for memory and pids; the sandbox level needs none".to_owned(),
        ),
    }
}

fn mappings() -> Check {
    let name = "max_map_count";
    let text = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    match text.trim().parse::<u64>() {
        Ok(count) if count >= MAPPINGS => Check::new(name, State::Works, count.to_string()),
        Ok(count) => Check::new(
            name,
            State::Degraded,
            format!("{count}; `sysctl vm.max_map_count={MAPPINGS}` allows more instances"),
        ),
        Err(_) => Check::new(name, State::Degraded, "/proc/sys/vm/max_map_count cannot be read"),
    }
}

fn open_files() -> Check {
    let name = "open_files";
    let wanted = weft_api::serve::Config::default().connections;
    let Some(limit) = files::highest() else {
        return Check::new(name, State::Works, "not limited");
    };
    match files::fitting(Some(limit), wanted) {
        room if room >= wanted => Check::new(name, State::Works, limit.to_string()),
        room => Check::new(
            name,
            State::Degraded,
            format!("{limit}; {room} connections at once instead of {wanted}, `ulimit -n` raises it"),
        ),
    }
}

fn cores() -> Check {
    match available_parallelism() {
        Ok(cores) => Check::new("cores", State::Works, cores.to_string()),
        Err(error) => Check::new("cores", State::Degraded, format!("unknown: {error}")),
    }
}

/// The first two numbers of a kernel's release, such as `6.1.0-13-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_kernels_are_read() {
        assert_eq!(version("6.1.0-13-amd64"), Some((6, 1)));
        assert_eq!(version("5.10"), Some((5, 10)));
        assert_eq!(version("unknown"), None);
        assert_eq!(pagemap_scan("6.1.0").name, "pagemap_scan");
    }

    #[test]
    fn control_groups_of_either_version_are_told() {
        let check = |version_2: Option<&str>, all: &str, state: State, detail: &str| {
            assert_eq!(groups(version_2, all), (state, detail.to_owned()));
        };
        let unused = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t9\t1\npids\t0\t9\t1\n";
        let used =
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t9\t1\nmemory\t4\t9\t1\npids\t8\t9\t1\n";
        check(
            Some("cpu memory pids\n"),
            unused,
            State::Works,
            "version 2: cpu memory pids",
        );
        check(None, used, State::Works, "version 1: cpu memory pids");
        check(Some("cpu\n"), used, State::Works, "version 1: cpu memory pids");
        check(
            Some("cpu\n"),
            unused,
            State::Degraded,
            "version 2 without memory or pids: cpu",
        );
        let none = "none for memory and pids; the sandbox level needs none";
        check(None, unused, State::Unavailable, none);
        check(None, "", State::Unavailable, none);
    }
}
