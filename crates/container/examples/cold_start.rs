//! How long workers take until they say hello, and what they keep for themselves while idle, at the level `process` and in containers
//! of each runtime.
//!
//! `cold_start STARTER WORKER [COUNT]`, as root: the programs `weft-container` and `weft-worker`, and how often, 100 times by default.
#![expect(clippy::print_stdout, reason = "it reports what it measured")]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use weft_isolation::LayerSet;
use weft_isolation::launch::{
    Allowance, ContainerLauncher, Containers, Launch, ProcessLauncher, Runtime, Worker,
};

const ALLOWANCE: Allowance = Allowance {
    memory: 64 << 20,
    threads: 4,
    files: 64,
    cpu_millis: None,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [starter, worker, rest @ ..] = &arguments[..] else {
        return Err("cold_start STARTER WORKER [COUNT]".into());
    };
    let count = rest.first().map_or(Ok(100), |count| count.parse())?;
    let process = ProcessLauncher::new(worker.into(), Vec::new(), LayerSet::NONE)?;
    measure("process", &process, count);
    for name in ["libcontainer", "crun", "runc"] {
        match container(starter, worker, name) {
            Ok(launcher) => measure(name, &launcher, count),
            Err(error) => println!("{name:>12}: {error}"),
        }
    }
    Ok(())
}

fn container(starter: &str, worker: &str, name: &str) -> Outcome<ContainerLauncher> {
    let containers = Containers {
        starter: starter.into(),
        worker: worker.into(),
        arguments: Vec::new(),
        directory: PathBuf::from("/run/weft-cold-start"),
    };
    let runtime = Runtime::find(Path::new(name))?;
    Ok(ContainerLauncher::new(containers, runtime, LayerSet::NONE)?)
}

fn measure(name: &str, launcher: &dyn Launch, count: usize) {
    let mut starts = Vec::new();
    let mut ends = Vec::new();
    let mut private = Vec::new();
    // What all workers have in common is counted for none of them where there are several.
    let another = match launch(launcher) {
        Ok(another) => another,
        Err(error) => return println!("{name:>12}: {error}"),
    };
    for _ in 0..count {
        let begun = Instant::now();
        let started = launch(launcher);
        starts.push(begun.elapsed());
        let worker = match started {
            Ok(worker) => worker,
            Err(error) => return println!("{name:>12}: {error}"),
        };
        private.push(
            tree(worker.process())
                .into_iter()
                .map(private_memory)
                .sum::<u64>(),
        );
        let begun = Instant::now();
        if let Err(error) = worker.end() {
            return println!("{name:>12}: {error}");
        }
        ends.push(begun.elapsed());
    }
    if let Err(error) = another.end().and_then(|_| launcher.close()) {
        println!("{name:>12}: {error}");
    }
    let milliseconds =
        |sorted: &[Duration], share: usize| sorted[(sorted.len() - 1) * share / 100].as_secs_f64() * 1e3;
    starts.sort_unstable();
    ends.sort_unstable();
    private.sort_unstable();
    println!(
        "{name:>12}: first byte {:.1} ms (p99 {:.1}), end {:.1} ms (p99 {:.1}), private memory {} kB, {count} times",
        milliseconds(&starts, 50),
        milliseconds(&starts, 99),
        milliseconds(&ends, 50),
        milliseconds(&ends, 99),
        private[private.len() / 2],
    );
}

fn launch(launcher: &dyn Launch) -> Outcome<Worker> {
    let code = File::open("/dev/null")?;
    let arguments = ["key=none".to_owned(), "slots=8".to_owned()];
    let mut worker = launcher.launch("measured", ALLOWANCE, code, &arguments)?;
    worker.socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    match worker.socket.read(&mut [0; 64]) {
        Ok(1..) => Ok(worker),
        Ok(0) | Err(_) => Err(worker.end_within(Duration::from_secs(1))?.complaint.into()),
    }
}

/// A process with all that descend from it.
fn tree(process: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let listed = listed.unwrap_or_default();
    let children = listed.split_whitespace().filter_map(|child| child.parse().ok());
    std::iter::once(process).chain(children.flat_map(tree)).collect()
}

/// What a process shares with nobody, in units of 1,024 bytes.
fn private_memory(process: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let fields = rollup.lines().filter(|line| line.starts_with("Private_"));
    fields
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum()
}
