//! Workers that do one thing each, once they are confined.
#![expect(
    unsafe_code,
    reason = "a bomb of processes forks, which is unsafe wherever there are threads; here there is one"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};

use rustix::thread::CpuSet;
use weft_isolation::group::{Bounds, Entrance, Groups};
use weft_isolation::protocol::{Frame, MAGIC, ToHost, VERSION};
use weft_isolation::{Confinement, Layer, LayerSet};

/// The first argument of a worker.
pub(crate) const ARGUMENT: &str = "worker";
/// More than a worker may have, and less than all of its limits together let it ask for.
const BOMB: usize = 100 << 20;
/// Less than a group has, and more than half of what two of them have together.
const HELD: usize = 48 << 20;

/// A page is not there as far as it is told.
pub(crate) const NOT_THERE: i32 = 40;
/// A page is there, and it is not told where.
pub(crate) const THERE: i32 = 41;
/// It is told where in the machine's memory a page is.
pub(crate) const WHERE: i32 = 42;

/// Does what the arguments say and ends the process.
pub(crate) fn run(arguments: &[String]) -> ! {
    let (what, confinement) = arguments.split_first().expect("what to do");
    weft_isolation::probe::answer(confinement);
    match what.as_str() {
        "fork" => fork(confinement),
        "server" => serve_and_die(),
        "hold" => hold(confinement),
        "left" => stay(confinement),
        "prepared" => prepared(|prepare| confine_and_prepare(confinement, prepare)),
        "prepared-as-root" => prepared(|prepare| {
            Layer::enter_process_namespace(prepare).expect("a process namespace");
        }),
        "spin" => spin(confinement),
        "threads" => {
            std::thread::spawn(|| {
                loop {
                    std::thread::park()
                }
            });
            confine(confinement);
        }
        _ => {
            confine(confinement);
            misbehave(what);
        }
    }
    std::process::exit(0)
}

fn confine(arguments: &[String]) {
    confine_and_prepare(arguments, || {});
}

fn confine_and_prepare(arguments: &[String], prepare: impl FnOnce()) {
    let confinement = Confinement::from_arguments(arguments).expect("a confinement");
    let entered = confinement.enter_and_prepare(prepare).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "{error}");
        std::process::exit(1)
    });
    hello(entered);
}

/// Opens what tells of its pages while it may, and ends with what that tells of a page that it writes to later: [`NOT_THERE`], and so on.
fn prepared(enter: impl FnOnce(&mut dyn FnMut())) -> ! {
    let mut opened = None;
    let page = rustix::param::page_size();
    enter(&mut || opened = File::open("/proc/self/pagemap").ok());
    let pagemap = opened.expect("its pages");
    // So large that it is mapped anew.
    let memory = std::hint::black_box(vec![1_u8; 4 << 20]);
    let entry = memory[memory.len() / 2..].as_ptr().addr() / page * size_of::<u64>();
    let mut told = [0; size_of::<u64>()];
    pagemap.read_exact_at(&mut told, entry as u64).expect("an entry");
    let told = u64::from_ne_bytes(told);
    let (present, frame) = (told >> 63, told & ((1 << 55) - 1));
    std::process::exit(match (present, frame) {
        (0, _) => NOT_THERE,
        (_, 0) => THERE,
        _ => WHERE,
    })
}

fn hello(entered: LayerSet) {
    let hello = Frame {
        call: 0,
        message: ToHost::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            layers: entered.bits(),
        },
        body: bytes::Bytes::new(),
    };
    let bytes = hello.encode(1 << 10).expect("a frame").to_vec();
    rustix::io::write(rustix::stdio::stdin(), &bytes).expect("a server that listens");
}

fn misbehave(what: &str) {
    match what {
        "idle" => drop(std::io::stdin().read_to_end(&mut Vec::new())),
        "deaf" => loop {
            std::thread::park();
        },
        "exit" => std::process::exit(7),
        // As the first process of its namespace it is not reached by a signal of its own: the instruction behind it is what ends it.
        "kill" => std::process::abort(),
        "bomb" => {
            let filled = vec![1_u8; BOMB];
            std::hint::black_box(filled);
        }
        other => panic!("nobody knows how to {other}"),
    }
}

/// Forks until it may not, tells how often, and waits to be ended.
fn fork(arguments: &[String]) {
    enter(arguments);
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .expect("an end of input");
    let mut started = 0;
    loop {
        // SAFETY: the process has one thread, and the child does nothing but wait.
        match unsafe { libc::fork() } {
            0 => {
                rustix::stdio::dup2_stdout(rustix::stdio::stdin()).expect("no output");
                wait_forever()
            }
            child if child < 0 => break,
            _ => started += 1,
        }
    }
    print(&format!("{started}"));
    rustix::stdio::dup2_stdout(rustix::stdio::stdin()).expect("no output");
    wait_forever()
}

/// Takes memory, tells that it has it, and waits to be ended.
fn hold(arguments: &[String]) -> ! {
    enter(arguments);
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .expect("an end of input");
    let filled = vec![1_u8; HELD];
    std::hint::black_box(&filled);
    print("held");
    wait_forever()
}

/// Takes all of one core, the same for all that do so, until it is ended.
fn spin(arguments: &[String]) -> ! {
    enter(arguments);
    let mut first = CpuSet::new();
    let allowed = rustix::thread::sched_getaffinity(None).expect("cores");
    let core = (0..CpuSet::MAX_CPU).find(|core| allowed.is_set(*core));
    first.set(core.expect("a core"));
    rustix::thread::sched_setaffinity(None, &first).expect("a core of its own");
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .expect("an end of input");
    loop {
        std::hint::spin_loop();
    }
}

/// Makes a group as a server does, leaves a process in it and is killed.
fn serve_and_die() {
    let groups = Groups::find().expect("groups");
    let bounds = Bounds {
        memory: 64 << 20,
        threads: 8,
        cpu_millis: None,
    };
    let group = groups.create("pool", "left", bounds).expect("a group");
    let mut left = Command::new(std::env::current_exe().expect("this program"))
        .args([ARGUMENT, "left"])
        .args(group.entrance().to_arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut output = left.stdout.take().expect("its output");
    output.read_exact(&mut [0; 4]).expect("that it is in");
    print(&left.id().to_string());
    std::mem::forget(group);
    let _ = left.try_wait();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).expect("an end");
}

/// Tells that it is in its group, and waits to be ended.
fn stay(arguments: &[String]) -> ! {
    enter(arguments);
    print("left");
    wait_forever()
}

fn enter(arguments: &[String]) {
    Entrance::from_arguments(arguments).enter().expect("a group");
}

fn print(text: &str) {
    std::io::stdout()
        .write_all(text.as_bytes())
        .and_then(|()| std::io::stdout().flush())
        .expect("a reader");
}

fn wait_forever() -> ! {
    loop {
        std::thread::park();
    }
}
