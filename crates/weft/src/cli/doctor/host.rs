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
    match fs::read_to_string("/sys/fs/cgroup/cgroup.controllers") {
        Ok(controllers) if controllers.contains("memory") && controllers.contains("pids") => Check::new(
            "cgroups",
            State::Works,
            format!("version 2: {}", controllers.trim()),
        ),
        Ok(controllers) => Check::new(
            "cgroups",
            State::Degraded,
            format!("version 2 without memory or pids: {}", controllers.trim()),
        ),
        Err(_) => Check::new(
            "cgroups",
            State::Unavailable,
            "no cgroup version 2 at /sys/fs/cgroup; the sandbox level needs none",
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
}
