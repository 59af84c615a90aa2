//! What a group used.

use super::GroupError;
use super::place::{Controller, Place};

/// What the processes of a group used together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory now, in bytes.
    pub memory: u64,
    /// The most it was, in bytes; 0 where the kernel does not say.
    pub peak: u64,
    /// CPU time, in microseconds.
    pub cpu_us: u64,
    /// Processes that the kernel killed as the group's memory ran out.
    pub oom_kills: u64,
}

/// Memory that is used now, in bytes. Reads one file.
pub(super) fn memory(places: &[Place]) -> Result<u64, GroupError> {
    for place in places {
        let name = match place.controller {
            Controller::Memory => "memory.usage_in_bytes",
            Controller::Unified => "memory.current",
            Controller::Cpu | Controller::CpuAccounting | Controller::Pids | Controller::Other => continue,
        };
        return place.read(name).map(|text| number(&text));
    }
    Err(GroupError::Missing("memory"))
}

pub(super) fn of(places: &[Place]) -> Result<Usage, GroupError> {
    let mut usage = Usage::default();
    for place in places {
        match place.controller {
            Controller::Memory => {
                usage.memory = number(&place.read("memory.usage_in_bytes")?);
                usage.peak = number(&place.read("memory.max_usage_in_bytes")?);
                usage.oom_kills = field(&place.read("memory.oom_control")?, "oom_kill");
            }
            Controller::Cpu | Controller::CpuAccounting => {
                // It is in the one of them that is mounted with accounting.
                if let Ok(nanos) = place.read("cpuacct.usage") {
                    usage.cpu_us = number(&nanos) / 1000;
                }
            }
            Controller::Pids | Controller::Other => {}
            Controller::Unified => {
                usage.memory = number(&place.read("memory.current")?);
                // Since Linux 5.19.
                usage.peak = place.read("memory.peak").map_or(0, |peak| number(&peak));
                usage.cpu_us = field(&place.read("cpu.stat")?, "usage_usec");
                usage.oom_kills = field(&place.read("memory.events")?, "oom_kill");
            }
        }
    }
    Ok(usage)
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> u64 {
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.map_or(0, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_is_read_from_its_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place {
            controller: Controller::Unified,
            path: directory.path().to_owned(),
        };
        let files = [
            ("memory.current", "4096\n"),
            ("memory.peak", "8192\n"),
            ("cpu.stat", "usage_usec 77\nuser_usec 70\n"),
            ("memory.events", "low 0\noom 5\noom_kill 2\noom_group_kill 1\n"),
        ];
        for (name, text) in files {
            place.write(name, text).expect(name);
        }
        let expected = Usage {
            memory: 4096,
            peak: 8192,
            cpu_us: 77,
            oom_kills: 2,
        };
        assert_eq!(of(std::slice::from_ref(&place)).expect("usage"), expected);
        assert_eq!(memory(&[place]).expect("memory"), 4096);
    }

    #[test]
    fn version_1_is_read_from_the_files_of_its_hierarchies() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = |controller, name: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir(&path).expect("a directory");
            Place { controller, path }
        };
        let pids = place(Controller::Pids, "pids");
        let memory_of = place(Controller::Memory, "memory");
        let cpu = place(Controller::Cpu, "cpu");
        let files = [
            (&memory_of, "memory.usage_in_bytes", "4096\n"),
            (&memory_of, "memory.max_usage_in_bytes", "8192\n"),
            (
                &memory_of,
                "memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
            ),
            (&cpu, "cpuacct.usage", "77000\n"),
        ];
        for (place, name, text) in files {
            place.write(name, text).expect(name);
        }
        let expected = Usage {
            memory: 4096,
            peak: 8192,
            cpu_us: 77,
            oom_kills: 3,
        };
        let places = [pids, memory_of, cpu];
        assert_eq!(of(&places).expect("usage"), expected);
        assert_eq!(memory(&places).expect("memory"), 4096);
        assert!(memory(&places[..1]).is_err());
    }
}
