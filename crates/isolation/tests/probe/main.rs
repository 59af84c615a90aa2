//! The probe, on the host this runs on and on what a user without rights has of it.
//!
//! This program is also what is probed, and the user without rights.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use weft_isolation::group::Groups;
use weft_isolation::probe::{self, Standing};
use weft_isolation::protocol::{Frame, MAGIC, ToHost, VERSION};
use weft_isolation::{Confinement, Identity, Layer, LayerSet};

/// What a worker is started with.
const WORKER: &str = "worker";
/// What a worker is started with that keeps quiet about a layer.
const LIAR: &str = "liar";
/// What a prober is started with.
const PROBER: &str = "prober";
/// Somebody without rights.
const NOBODY: u32 = 65_533;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == WORKER => work(rest, LayerSet::NONE),
        Some((first, rest)) if first == LIAR => work(rest, [Layer::Landlock].into_iter().collect()),
        Some((first, _)) if first == PROBER => {
            println!("{}", probe::process(&this(), &[WORKER.to_owned()]));
            return;
        }
        _ => {}
    }
    assert!(
        Identity::can_change(),
        "these tests must run as root: they show what others lack"
    );
    all_of_it_works_for_root();
    a_user_without_rights_is_told_what_is_lost();
    a_program_that_is_no_worker_is_found_out();
    a_worker_that_leaves_a_layer_out_is_found_out();
    a_program_that_is_not_there_is_named();
    Groups::find()
        .and_then(|groups| groups.close())
        .expect("no groups left");
    println!("probe: ok");
}

fn all_of_it_works_for_root() {
    let standing = probe::process(&this(), &[WORKER.to_owned()]);
    assert_eq!(standing, Standing::Works, "{standing}");
    assert_eq!(standing.lacking(), Some(LayerSet::NONE));
}

fn a_user_without_rights_is_told_what_is_lost() {
    // A copy that everybody may execute, wherever this program lies.
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("probe");
    std::fs::copy(this(), &copy).expect("a copy");
    for path in [directory.path(), &copy] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let prober = Command::new(copy)
        .arg(PROBER)
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("a prober");
    let told = String::from_utf8_lossy(&prober.stdout);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert_eq!(lines[0], "degraded");
    assert!(
        lines[1].starts_with("  without identity: workers are the server's user"),
        "{told}"
    );
    assert!(
        lines[1].contains("(the server does not run as root); run the server as root"),
        "{told}"
    );
    assert!(
        lines[2].starts_with("  without control-group: memory is bounded for each process only"),
        "{told}"
    );
    assert!(lines[2].contains("Permission denied"), "{told}");
}

fn a_program_that_is_no_worker_is_found_out() {
    match probe::process(Path::new("/bin/true"), &[]) {
        Standing::Unavailable { why, .. } => assert!(why.contains("hello"), "{why}"),
        other => panic!("{other}"),
    }
}

fn a_worker_that_leaves_a_layer_out_is_found_out() {
    match probe::process(&this(), &[LIAR.to_owned()]) {
        Standing::Unavailable { why, .. } => assert_eq!(why, "the worker did not enter landlock"),
        other => panic!("{other}"),
    }
}

fn a_program_that_is_not_there_is_named() {
    match probe::process(Path::new("/nowhere/worker"), &[]) {
        Standing::Unavailable { why, .. } => assert!(why.contains("/nowhere/worker: No such file"), "{why}"),
        other => panic!("{other}"),
    }
}

fn this() -> PathBuf {
    std::env::current_exe().expect("this program")
}

/// Does what a worker does until its hello, which leaves some layers out.
fn work(arguments: &[String], left_out: LayerSet) -> ! {
    probe::answer(arguments);
    let confinement = Confinement::from_arguments(arguments).expect("a confinement");
    let entered = confinement.enter().expect("a host that has what the probe found");
    let hello = Frame {
        call: 0,
        message: ToHost::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            layers: entered.without(left_out).bits(),
        },
        body: bytes::Bytes::new(),
    };
    let bytes = hello.encode(1 << 10).expect("a frame").to_vec();
    rustix::io::write(rustix::stdio::stdin(), &bytes).expect("a server that listens");
    std::process::exit(0)
}
