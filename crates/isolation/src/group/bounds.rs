//! What a group may use up.

use super::GroupError;
use super::place::{Controller, Place};

/// Bounds on all processes of a group together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Memory in bytes, files' pages and the kernel's own included. Nothing of it is swapped out.
    pub memory: u64,
    /// Threads of all processes.
    pub threads: u64,
    /// CPU time in thousandths of one core's; none for as much as there is. At least 10.
    pub cpu_millis: Option<u64>,
}

/// The span over which CPU time is measured out, in microseconds.
const PERIOD_US: u64 = 100_000;
/// The least that can be measured out of it.
const LEAST_US: u64 = 1_000;

impl Bounds {
    pub(super) fn set(self, place: &Place) -> Result<(), GroupError> {
        let Self { memory, threads, .. } = self;
        let quota = self.quota_us();
        match place.controller {
            Controller::Memory => set_memory(place, memory),
            Controller::Pids => place.write("pids.max", &threads.to_string()),
            Controller::Cpu => match quota {
                Some(quota) => {
                    place.write("cpu.cfs_period_us", &PERIOD_US.to_string())?;
                    place.write("cpu.cfs_quota_us", &quota.to_string())
                }
                None => Ok(()),
            },
            Controller::CpuAccounting | Controller::Other => Ok(()),
            Controller::Unified => {
                set_memory(place, memory)?;
                place.write("pids.max", &threads.to_string())?;
                match quota {
                    Some(quota) => place.write("cpu.max", &format!("{quota} {PERIOD_US}")),
                    None => Ok(()),
                }
            }
        }
    }

    fn quota_us(self) -> Option<u64> {
        let quota = |millis: u64| millis.saturating_mul(PERIOD_US) / 1000;
        self.cpu_millis.map(quota).map(|quota| quota.max(LEAST_US))
    }
}

/// Bounds memory in bytes, where the hierarchy holds it. Nothing of it is swapped out.
pub(super) fn set_memory(place: &Place, bytes: u64) -> Result<(), GroupError> {
    match place.controller {
        Controller::Memory => {
            place.write("memory.limit_in_bytes", &bytes.to_string())?;
            // Present where the kernel accounts for swap.
            optional(place, "memory.memsw.limit_in_bytes", &bytes.to_string())
        }
        Controller::Unified => {
            place.write("memory.max", &bytes.to_string())?;
            optional(place, "memory.swap.max", "0")
        }
        Controller::Pids | Controller::Cpu | Controller::CpuAccounting | Controller::Other => Ok(()),
    }
}

/// Gives a group that all workers lie in an eighth of the weight that a group has by itself: where CPU time is short the server comes
/// first, which all of them get their calls from, and whatever else is on the machine. A group's weight is divided among cores by
/// its load on each, so that threads that mostly wait have little of it: beside busy workers they were not run for up to seconds.
pub(super) fn yield_cpu(place: &Place) -> Result<(), GroupError> {
    match place.controller {
        Controller::Cpu => place.write("cpu.shares", "128"),
        Controller::Unified => place.write("cpu.weight", "12"),
        Controller::Memory | Controller::Pids | Controller::CpuAccounting | Controller::Other => Ok(()),
    }
}

/// Has version 1 count the memory of groups within one that has none yet. Kernels from 5.11 on always do.
pub(super) fn count_those_within(place: &Place) -> Result<(), GroupError> {
    const FILE: &str = "memory.use_hierarchy";
    match place.controller == Controller::Memory && place.read(FILE).is_ok_and(|text| text.trim() == "0") {
        true => place.write(FILE, "1"),
        false => Ok(()),
    }
}

fn optional(place: &Place, name: &str, value: &str) -> Result<(), GroupError> {
    match place.path.join(name).exists() {
        true => place.write(name, value),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_gets_each_bound_in_its_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place {
            controller: Controller::Unified,
            path: directory.path().to_owned(),
        };
        std::fs::write(directory.path().join("memory.swap.max"), "max").expect("a file");
        let bounds = Bounds {
            memory: 1 << 20,
            threads: 8,
            cpu_millis: Some(1500),
        };
        bounds.set(&place).expect("set");
        let files = [
            ("memory.max", "1048576"),
            ("memory.swap.max", "0"),
            ("pids.max", "8"),
            ("cpu.max", "150000 100000"),
        ];
        for (name, value) in files {
            assert_eq!(place.read(name).expect(name), value, "{name}");
        }
    }

    #[test]
    fn a_share_of_nothing_is_the_least_there_is() {
        let bounds = |cpu_millis| Bounds {
            memory: 0,
            threads: 0,
            cpu_millis,
        };
        assert_eq!(bounds(Some(0)).quota_us(), Some(LEAST_US));
        assert_eq!(bounds(None).quota_us(), None);
        assert_eq!(bounds(Some(u64::MAX)).quota_us(), Some(u64::MAX / 1000));
    }
}
