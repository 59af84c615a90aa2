//! The memory that this process's own group may have, with those around it.

use std::path::Path;

use super::place::{self, Controller, Place};

/// The least that a group around this process bounds memory to, in bytes; none where none does.
#[must_use]
pub fn memory_limit() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let places = place::find(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?).ok()?;
    places.iter().find_map(of)
}

fn of(place: &Place) -> Option<u64> {
    let file = match place.controller {
        Controller::Memory => "memory.limit_in_bytes",
        Controller::Unified => "memory.max",
        _ => return None,
    };
    let is_group = |path: &&Path| path.join("cgroup.procs").exists();
    let around = place.path.ancestors().take_while(is_group);
    let bound = |path: &Path| std::fs::read_to_string(path.join(file)).ok()?.trim().parse().ok();
    // What is not bounded says `max`, or the largest number of pages that there could be.
    around.filter_map(bound).filter(|bytes| *bytes < 1 << 62).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(controller: Controller, file: &str, bounds: &[&str], expected: Option<u64>) {
        let directory = tempfile::tempdir().expect("a directory");
        let mut path = directory.path().to_owned();
        for bound in bounds {
            path.push("group");
            std::fs::create_dir(&path).expect("a group");
            std::fs::write(path.join("cgroup.procs"), "").expect("a file");
            std::fs::write(path.join(file), bound).expect("a file");
        }
        assert_eq!(of(&Place { controller, path }), expected, "{bounds:?}");
    }

    #[test]
    fn the_least_bound_around_counts() {
        let unified = |bounds, expected| check(Controller::Unified, "memory.max", bounds, expected);
        unified(&["max\n", "max\n"], None);
        unified(&["max\n", "4096\n", "max\n"], Some(4096));
        unified(&["8192\n", "4096\n"], Some(4096));
        unified(&["4096\n", "8192\n"], Some(4096));
        let first = |bounds, expected| check(Controller::Memory, "memory.limit_in_bytes", bounds, expected);
        first(&["9223372036854771712\n"], None);
        first(&["9223372036854771712\n", "4096\n"], Some(4096));
        check(Controller::Pids, "pids.max", &["7"], None);
    }
}
