//! Workers from start to end, with the layers and control groups of the host this runs on.
//!
//! This program is its own worker: started with `worker`, it confines itself and does what the argument says. It has a `main`
//! of its own, as a process that confines itself has one thread.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

mod worker;

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use bytes::BytesMut;
use weft_isolation::LayerSet;
use weft_isolation::group::{Bounds, Group, Groups};
use weft_isolation::launch::{Allowance, Cause, Launch, ProcessLauncher, Worker};
use weft_isolation::protocol::{Decoder, ToHost};

/// Enough for this program, less than a bomb takes.
const ALLOWANCE: Allowance = Allowance {
    memory: 64 << 20,
    threads: 16,
    files: 32,
    cpu_millis: None,
};
/// For groups in which nobody wants much.
const BOUNDS: Bounds = Bounds {
    memory: 64 << 20,
    threads: 8,
    cpu_millis: None,
};
/// The pool of most workers here.
const POOL: &str = "pool";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == worker::ARGUMENT
    {
        worker::run(rest);
    }
    a_worker_is_confined_by_all_layers_and_leaves_nothing();
    a_worker_ends_when_its_server_is_gone();
    a_worker_that_cannot_confine_itself_says_why();
    what_is_prepared_tells_of_the_worker_itself_and_of_no_physical_address();
    causes_are_told_apart();
    a_group_bounds_how_many_processes_there_are();
    the_kernel_bounds_all_groups_of_a_server_together();
    the_group_of_a_pool_goes_with_the_last_of_its_workers();
    pools_share_the_cpu_equally_however_many_workers_each_has();
    workers_leave_the_cpu_to_the_server();
    a_sweep_ends_what_dead_servers_left_and_nothing_else();
    nothing_is_left_when_a_server_closes();
    println!("launch: ok");
}

fn a_worker_is_confined_by_all_layers_and_leaves_nothing() {
    let mut worker = start("idle");
    assert_eq!(hello(&mut worker), LayerSet::all());
    let process = worker.process();
    let usage = worker.usage().expect("usage").expect("a group");
    assert!(usage.memory > 0, "{usage:?}");
    let guarded = children(process);
    assert_eq!(guarded.len(), 1, "the first process of the namespace");
    let ending = worker.end().expect("an end");
    assert_eq!(ending.cause, Cause::Ended);
    for process in guarded.into_iter().chain([process]) {
        assert!(!alive(process), "process {process} is left");
    }
    assert_eq!(groups_left(), Vec::<PathBuf>::new());
}

fn a_worker_ends_when_its_server_is_gone() {
    let mut worker = start("deaf");
    hello(&mut worker);
    // As the kernel does for one that was killed.
    worker
        .socket
        .shutdown(std::net::Shutdown::Both)
        .expect("a closed socket");
    let ending = worker.wait().expect("an end");
    assert_eq!(ending.cause, Cause::Signalled(9));
}

fn a_worker_that_cannot_confine_itself_says_why() {
    let worker = start("threads");
    let ending = worker.wait().expect("an end");
    assert_eq!(ending.cause, Cause::Exited(1));
    assert!(
        ending.complaint.contains("2 threads where one is allowed"),
        "{ending:?}"
    );
}

fn what_is_prepared_tells_of_the_worker_itself_and_of_no_physical_address() {
    // Where there are no user namespaces it is root who prepares.
    for what in ["prepared", "prepared-as-root"] {
        let ending = start(what).wait().expect("an end");
        assert_eq!(ending.cause, Cause::Exited(worker::THERE), "{what}: {ending:?}");
    }
}

fn causes_are_told_apart() {
    let cases = [
        ("exit", Cause::Exited(7)),
        ("kill", Cause::Signalled(11)),
        ("bomb", Cause::OutOfMemory),
    ];
    for (what, cause) in cases {
        let mut worker = start(what);
        hello(&mut worker);
        let ending = worker.wait().expect("an end");
        assert_eq!(ending.cause, cause, "{what}: {ending:?}");
    }
    assert_eq!(groups_left(), Vec::<PathBuf>::new());
}

fn a_group_bounds_how_many_processes_there_are() {
    let groups = Groups::find().expect("groups");
    let group = groups.create(POOL, "forks", BOUNDS).expect("a group");
    let mut forker = plain("fork", Some(&group));
    drop(forker.stdin.take());
    let mut started = String::new();
    let mut output = forker.stdout.take().expect("its output");
    output.read_to_string(&mut started).expect("how many it started");
    assert_eq!(started, "7", "it is the eighth itself");
    group.end().expect("an end");
    forker.wait().expect("its end");
    assert_eq!(groups_left(), Vec::<PathBuf>::new());
    groups.close().expect("no groups left");
}

fn the_kernel_bounds_all_groups_of_a_server_together() {
    let groups = Groups::find().expect("groups").bounded(80 << 20);
    let begin = |pool: &str| {
        let group = groups.create(pool, "hold", BOUNDS).expect("a group");
        let mut holder = plain("hold", Some(&group));
        drop(holder.stdin.take());
        (group, holder)
    };
    let (first, mut first_holder) = begin(POOL);
    let mut held = [0; 4];
    let mut output = first_holder.stdout.take().expect("its output");
    output.read_exact(&mut held).expect("that it holds its memory");
    let (second, mut second_holder) = begin("other");
    let ended = loop {
        let both = [&mut first_holder, &mut second_holder];
        let ended = both.map(|holder| holder.try_wait().expect("a state"));
        if let Some(ended) = ended.into_iter().flatten().next() {
            break ended;
        }
        std::thread::yield_now();
    };
    assert_eq!(ended.signal(), Some(9), "{ended:?}");
    let used = [&first, &second].map(|group| group.usage().expect("usage"));
    assert_eq!(
        used.iter().map(|usage| usage.oom_kills).sum::<u64>(),
        1,
        "{used:?}"
    );
    assert!(used.iter().all(|usage| usage.peak < BOUNDS.memory), "{used:?}");
    for group in [first, second] {
        group.end().expect("an end");
    }
    for mut holder in [first_holder, second_holder] {
        holder.wait().expect("its end");
    }
    groups.close().expect("no groups left");
}

fn the_group_of_a_pool_goes_with_the_last_of_its_workers() {
    let groups = Groups::find().expect("groups");
    let create = |pool, name| groups.create(pool, name, BOUNDS).expect("a group");
    let [first, second, other] = [create(POOL, "1"), create(POOL, "2"), create("other", "3")];
    let pools: Vec<PathBuf> = first
        .paths()
        .filter_map(|path| Some(path.parent()?.to_owned()))
        .collect();
    assert!(pools.iter().all(|pool| pool.ends_with(POOL)), "{pools:?}");
    first.end().expect("an end");
    assert!(pools.iter().all(|pool| pool.exists()), "it has a second worker");
    second.end().expect("an end");
    assert!(!pools.iter().any(|pool| pool.exists()), "{pools:?} are left");
    assert!(
        other.paths().all(std::path::Path::exists),
        "it is of another pool"
    );
    other.end().expect("an end");
    groups.close().expect("no groups left");
}

fn pools_share_the_cpu_equally_however_many_workers_each_has() {
    /// How much the pool with one worker uses up before it is compared, in microseconds.
    const ENOUGH: u64 = 300_000;
    let groups = Groups::find().expect("groups");
    let start = |pool: &str, name: usize| {
        let group = groups.create(pool, &name.to_string(), BOUNDS).expect("a group");
        let spinner = plain("spin", Some(&group));
        (group, spinner)
    };
    let many: Vec<_> = (0..8).map(|name| start("many", name)).collect();
    let one = start("one", 8);
    let (mut of_many, mut spinners): (Vec<_>, Vec<_>) = many.into_iter().unzip();
    let (of_one, spinner) = one;
    spinners.push(spinner);
    for spinner in &mut spinners {
        drop(spinner.stdin.take());
    }
    let used = |group: &Group| group.usage().expect("usage").cpu_us;
    while used(&of_one) < ENOUGH {
        std::thread::yield_now();
    }
    let (one, many) = (used(&of_one), of_many.iter().map(used).sum::<u64>());
    // Where workers had equal shares instead of pools it would be eight times as much.
    assert!(many < 2 * one && one < 2 * many, "{many} µs beside {one} µs");
    of_many.push(of_one);
    for group in of_many {
        group.end().expect("an end");
    }
    for mut spinner in spinners {
        spinner.wait().expect("its end");
    }
    groups.close().expect("no groups left");
}

fn workers_leave_the_cpu_to_the_server() {
    /// How much the worker uses up before it is compared, in microseconds.
    const ENOUGH: u64 = 100_000;
    let groups = Groups::find().expect("groups");
    let group = groups.create(POOL, "busy", BOUNDS).expect("a group");
    // Beside them, on the same core, one that is in no group of theirs.
    let (mut worker, mut other) = (plain("spin", Some(&group)), plain("spin", None));
    drop((worker.stdin.take(), other.stdin.take()));
    let before = cpu_us(other.id());
    let used = || group.usage().expect("usage").cpu_us;
    let begun = used();
    while used() - begun < ENOUGH {
        std::thread::yield_now();
    }
    let (worker_us, other_us) = (used() - begun, cpu_us(other.id()) - before);
    other.kill().expect("an end");
    other.wait().expect("its end");
    group.end().expect("an end");
    worker.wait().expect("its end");
    groups.close().expect("no groups left");
    assert!(other_us > 2 * worker_us, "{other_us} µs beside {worker_us} µs");
}

/// The CPU time that a process has used in user space, in microseconds.
fn cpu_us(process: u32) -> u64 {
    const TICK_US: u64 = 10_000;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let (_, behind) = stat.rsplit_once(") ").expect("a name");
    let ticks = behind
        .split(' ')
        .nth(11)
        .and_then(|ticks| ticks.parse::<u64>().ok());
    ticks.expect("a number") * TICK_US
}

fn a_sweep_ends_what_dead_servers_left_and_nothing_else() {
    // A server in a group of its own making dies by SIGKILL, and its worker, which does not listen, lives on.
    let mut server = plain("server", None);
    let mut left = String::new();
    let mut output = server.stdout.take().expect("its output");
    output
        .read_to_string(&mut left)
        .expect("the number of what it left");
    server.wait().expect("its end");
    let left = left.parse().expect("a number");
    assert!(alive(left));
    let mut own = start("idle");
    hello(&mut own);

    let swept = Groups::find().and_then(|groups| groups.sweep()).expect("a sweep");
    assert!(!alive(left), "{swept:?}");
    assert!(swept.groups > 0 && swept.processes > 0, "{swept:?}");
    assert!(alive(own.process()), "a living server's worker was ended");
    assert_eq!(own.end().expect("an end").cause, Cause::Ended);
}

fn nothing_is_left_when_a_server_closes() {
    let groups = Groups::find().expect("groups");
    let group = groups.create(POOL, "last", BOUNDS).expect("a group");
    let paths: Vec<PathBuf> = group.paths().map(PathBuf::from).collect();
    group.end().expect("an end");
    groups.close().expect("no groups left");
    for path in paths {
        let server = path.ancestors().nth(2).expect("the server's group");
        assert!(!server.exists(), "{} is left", server.display());
    }
}

/// Starts one without a confinement, which enters a group: it begins when its input ends.
fn plain(what: &str, group: Option<&Group>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let entrance = group.map(Group::entrance).unwrap_or_default();
    let started = Command::new(program)
        .args([worker::ARGUMENT, what])
        .args(entrance.to_arguments())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    started.expect("a process")
}

fn start(what: &str) -> Worker {
    let program = std::env::current_exe().expect("this program");
    let arguments = vec![worker::ARGUMENT.to_owned(), what.to_owned()];
    let launcher = ProcessLauncher::new(program, arguments, LayerSet::NONE).expect("control groups");
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

/// The children of a process that has one thread.
fn children(process: u32) -> Vec<u32> {
    let listed =
        std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("children");
    listed
        .split_whitespace()
        .map(|child| child.parse().expect("a number"))
        .collect()
}

/// Whether a process is there and has not ended.
fn alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, state)| state.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// The groups that this process made and that are still there.
fn groups_left() -> Vec<PathBuf> {
    let groups = Groups::find().expect("groups");
    let probe = groups.create("probe", "probe", BOUNDS).expect("a group");
    let servers: Vec<PathBuf> = probe
        .paths()
        .filter_map(|path| Some(path.ancestors().nth(2)?.to_owned()))
        .collect();
    probe.end().expect("an end");
    let listed = servers
        .iter()
        .flat_map(|server| std::fs::read_dir(server).expect("a listing"));
    listed
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect()
}
