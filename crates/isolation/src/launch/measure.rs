//! Seeing what a worker uses: by its control group, or by its process where the host has no groups that count.

use std::path::{Path, PathBuf};

use super::Worker;
use crate::group::{self, Usage};

/// How many ticks a second has in which the kernel tells processor time: a constant of its interface (`USER_HZ`).
const TICKS: u64 = 100;

/// Reads what a worker uses, beside who ends it.
#[derive(Clone, Debug)]
pub struct Meter(Source);

#[derive(Clone, Debug)]
enum Source {
    Group(group::Meter),
    /// Its directory in `/proc`.
    Process(PathBuf),
}

impl Worker {
    /// What reads its use.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter(match &self.group {
            Some(group) => Source::Group(group.meter()),
            None => Source::Process(Path::new("/proc").join(self.process.id().to_string())),
        })
    }
}

impl Meter {
    /// Memory that is used now, in bytes; none once the worker has ended. Reads a file.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        match &self.0 {
            Source::Group(meter) => meter.memory(),
            Source::Process(directory) => kibibytes(&read(directory, "status")?, "VmRSS:"),
        }
    }

    /// What was used so far; none once the worker has ended. Reads a few files.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        match &self.0 {
            Source::Group(meter) => meter.usage(),
            Source::Process(directory) => of_process(&read(directory, "status")?, &read(directory, "stat")?),
        }
    }
}

fn read(directory: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(directory.join(name)).ok()
}

/// What `/proc/<process>/status` and `stat` tell. A process that has ended has no memory any longer.
fn of_process(status: &str, stat: &str) -> Option<Usage> {
    // The program's name, in parentheses, may hold anything.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut times = behind.split_ascii_whitespace().skip(11);
    let mut ticks = || times.next()?.parse::<u64>().ok();
    let ticks = ticks()?.saturating_add(ticks()?);
    Some(Usage {
        memory: kibibytes(status, "VmRSS:")?,
        peak: kibibytes(status, "VmHWM:")?,
        cpu_us: ticks.saturating_mul(1_000_000 / TICKS),
        oom_kills: 0,
    })
}

/// The number behind a name at the beginning of a line, in bytes.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_from_its_files() {
        let status = "Name:\tworker\nVmPeak:\t 9000 kB\nVmHWM:\t    8 kB\nVmRSS:\t    4 kB\nThreads:\t1\n";
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 113 0 0 0 250 31 0 0 20 0 1 0 100 0 0";
        let check = |status: &str, stat: &str, expected: Option<(u64, u64, u64)>| {
            let usage = of_process(status, stat).map(|usage| (usage.memory, usage.peak, usage.cpu_us));
            assert_eq!(usage, expected, "{status:?} {stat:?}");
        };
        check(status, stat, Some((4096, 8192, 2_810_000)));
        check("Name:\tworker\nState:\tZ (zombie)\n", stat, None);
        check(status, "7 (a) S 1", None);
        check(status, "", None);
    }

    #[test]
    fn this_process_uses_something() {
        let this = Meter(Source::Process(PathBuf::from("/proc/self")));
        let usage = this.usage().expect("files of this process");
        assert!(usage.memory > 0 && usage.peak >= usage.memory, "{usage:?}");
        assert!(this.memory().expect("a file of this process") > 0);
    }
}
