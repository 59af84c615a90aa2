//! Workers in containers, from start to end, with every runtime there is.
//!
//! This program is its own worker, as it is linked statically: started with `worker`, it confines itself and does what the argument
//! says. It has a `main` of its own, as a process that confines itself has one thread.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

mod leftovers;
mod probing;
mod server;
#[path = "../../../isolation/tests/launch/worker.rs"]
mod worker;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use leftovers::Leftovers;
use weft_isolation::LayerSet;
use weft_isolation::launch::{Allowance, Cause, ContainerLauncher, Containers, Launch, Runtime, Worker};
use weft_isolation::protocol::{Decoder, ToHost};

/// Enough for this program, less than a bomb takes.
const ALLOWANCE: Allowance = Allowance {
    memory: 64 << 20,
    threads: 4,
    files: 32,
    cpu_millis: Some(500),
};
/// The pool of all workers here.
const POOL: &str = "pool";
const RUNTIMES: [&str; 3] = ["libcontainer", "runc", "crun"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == worker::ARGUMENT => worker::run(rest),
        Some((first, rest)) if first == server::ARGUMENT => server::run(rest),
        _ => {}
    }
    let directory = tempfile::tempdir().expect("a directory");
    for runtime in RUNTIMES {
        let scene = Scene {
            runtime,
            directory: directory.path(),
        };
        scene.a_worker_is_confined_by_all_layers_and_leaves_nothing();
        scene.what_a_worker_may_use_up_is_bounded();
        scene.a_worker_ends_when_its_server_is_gone();
        scene.workers_of_a_pool_share_its_groups_which_go_with_the_last();
        scene.causes_are_told_apart();
        scene.one_that_is_not_wanted_any_longer_leaves_nothing();
        scene.what_a_killed_server_left_is_swept();
        println!("launch: {runtime} ok");
    }
    Scene {
        runtime: "/bin/false",
        directory: directory.path(),
    }
    .a_runtime_that_fails_says_so_and_leaves_nothing();
    probing::run(directory.path());
    println!("launch: ok");
}

/// Containers of one runtime.
struct Scene<'a> {
    runtime: &'static str,
    directory: &'a Path,
}

impl Scene<'_> {
    fn a_worker_is_confined_by_all_layers_and_leaves_nothing(&self) {
        let launcher = self.launcher("idle");
        let mut worker = launch(&launcher);
        assert_eq!(hello(&mut worker), LayerSet::all(), "{}", self.runtime);
        let usage = worker.usage().expect("usage").expect("a group");
        assert!(usage.memory > 0, "{}: {usage:?}", self.runtime);
        let left = Leftovers::of(worker.process(), self.directory);
        assert!(left.are_there(), "{}: {left:?}", self.runtime);
        let ending = worker.end().expect("an end");
        assert_eq!(ending.cause, Cause::Ended, "{}", self.runtime);
        left.are_gone();
        launcher.close().expect("nothing is left");
        leftovers::nothing_is_left(self.directory);
    }

    fn what_a_worker_may_use_up_is_bounded(&self) {
        let launcher = self.launcher("idle");
        let mut worker = launch(&launcher);
        hello(&mut worker);
        let left = Leftovers::of(worker.process(), self.directory);
        let bounds = [
            ("pids.max", "pids", ALLOWANCE.threads.to_string()),
            ("memory.limit_in_bytes", "memory", ALLOWANCE.memory.to_string()),
            ("cpu.cfs_quota_us", "cpu", "50000".to_owned()),
        ];
        for (file, controller, expected) in bounds {
            let what = format!("{file} of {} to be {expected}", self.runtime);
            leftovers::wait_until(&what, || left.bound(file, controller) == Some(expected.clone()));
        }
        worker.end().expect("an end");
        launcher.close().expect("nothing is left");
    }

    fn workers_of_a_pool_share_its_groups_which_go_with_the_last(&self) {
        let launcher = self.launcher("idle");
        let [mut first, mut second] = [launch(&launcher), launch(&launcher)];
        hello(&mut first);
        hello(&mut second);
        let pools = Leftovers::of(first.process(), self.directory).pools();
        assert_eq!(
            pools,
            Leftovers::of(second.process(), self.directory).pools(),
            "{}",
            self.runtime
        );
        first.end().expect("an end");
        assert!(pools.iter().all(|pool| pool.exists()), "{pools:?}");
        second.end().expect("an end");
        assert!(!pools.iter().any(|pool| pool.exists()), "{pools:?}");
        launcher.close().expect("nothing is left");
    }

    fn a_worker_ends_when_its_server_is_gone(&self) {
        let launcher = self.launcher("deaf");
        let mut worker = launch(&launcher);
        hello(&mut worker);
        // As the kernel does for one that was killed.
        worker
            .socket
            .shutdown(std::net::Shutdown::Both)
            .expect("a closed socket");
        let ending = worker.wait().expect("an end");
        assert_eq!(ending.cause, Cause::Signalled(9), "{}", self.runtime);
        launcher.close().expect("nothing is left");
    }

    fn causes_are_told_apart(&self) {
        let cases = [
            ("exit", Cause::Exited(7)),
            ("kill", Cause::Signalled(11)),
            ("bomb", Cause::OutOfMemory),
        ];
        for (what, cause) in cases {
            let launcher = self.launcher(what);
            let mut worker = launch(&launcher);
            hello(&mut worker);
            let ending = worker.wait().expect("an end");
            assert_eq!(ending.cause, cause, "{} {what}: {ending:?}", self.runtime);
            launcher.close().expect("nothing is left");
        }
        leftovers::nothing_is_left(self.directory);
    }

    fn one_that_is_not_wanted_any_longer_leaves_nothing(&self) {
        let launcher = self.launcher("idle");
        // However far its start has come by then.
        for stage in [
            "config.json",
            "state",
            "config.json",
            "state",
            "config.json",
            "state",
        ] {
            let worker = launch(&launcher);
            leftovers::wait_until(stage, || leftovers::has(self.directory, stage));
            worker.end().expect("an end");
        }
        launcher.close().expect("nothing is left");
        leftovers::nothing_is_left(self.directory);
    }

    fn what_a_killed_server_left_is_swept(&self) {
        let left = server::killed(self.runtime, self.directory);
        assert!(left.are_there(), "{}: {left:?}", self.runtime);
        let own = self.launcher("idle");
        let mut living = launch(&own);
        hello(&mut living);
        let swept = weft_isolation::launch::sweep(self.directory).expect("a sweep");
        assert!(
            swept.groups > 0 && swept.directories == 1,
            "{}: {swept:?}",
            self.runtime
        );
        left.are_gone();
        assert_eq!(
            living.end().expect("an end").cause,
            Cause::Ended,
            "a living server's worker was ended"
        );
        own.close().expect("nothing is left");
        leftovers::nothing_is_left(self.directory);
    }

    fn a_runtime_that_fails_says_so_and_leaves_nothing(&self) {
        let launcher = self.launcher("idle");
        let worker = launch(&launcher);
        let ending = worker.wait().expect("an end");
        assert_eq!(ending.cause, Cause::Exited(1));
        assert!(
            ending
                .complaint
                .contains("/bin/false create ended with exit status: 1"),
            "{ending:?}"
        );
        launcher.close().expect("nothing is left");
        leftovers::nothing_is_left(self.directory);
    }

    fn launcher(&self, what: &str) -> ContainerLauncher {
        let runtime = Runtime::find(Path::new(self.runtime)).expect("`cargo xtask test` installs it");
        let containers = containers(what, self.directory);
        ContainerLauncher::new(containers, runtime, LayerSet::NONE).expect("control groups")
    }
}

/// Containers in which this program does something.
fn containers(what: &str, directory: &Path) -> Containers {
    Containers {
        starter: PathBuf::from(env!("CARGO_BIN_EXE_weft-container")),
        worker: std::env::current_exe().expect("this program"),
        arguments: vec![worker::ARGUMENT.to_owned(), what.to_owned()],
        directory: directory.to_owned(),
    }
}

fn launch(launcher: &dyn Launch) -> Worker {
    let code = File::open("/dev/null").expect("a file");
    launcher.launch(POOL, ALLOWANCE, code, &[]).expect("a worker")
}

/// Waits for a worker's hello; tells the layers it entered.
fn hello(worker: &mut Worker) -> LayerSet {
    let mut decoder = Decoder::<ToHost>::new(1 << 10);
    let mut bytes = BytesMut::new();
    loop {
        if let Some(frame) = decoder.decode(&mut bytes).expect("a frame") {
            let ToHost::Hello { layers, .. } = frame.message else {
                panic!("{frame:?} is no hello");
            };
            return LayerSet::from_bits(layers);
        }
        let mut part = [0; 64];
        match worker.socket.read(&mut part).expect("bytes") {
            0 => panic!("the worker ended before its hello"),
            read => bytes.extend_from_slice(&part[..read]),
        }
    }
}
