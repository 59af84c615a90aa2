//! A server that is killed while it has a worker.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::leftovers::{Leftovers, alive, wait_until};
use crate::{Scene, hello, launch};

/// The first argument of a server; a runtime and a directory follow.
pub(crate) const ARGUMENT: &str = "server";

/// Has a server start a worker that does not listen, and killed; answers what it left.
pub(crate) fn killed(runtime: &str, directory: &Path) -> Leftovers {
    let mut server = Command::new(std::env::current_exe().expect("this program"))
        .args([ARGUMENT, runtime])
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut told = [0; 16];
    let mut output = server.stdout.take().expect("its output");
    output.read_exact(&mut told).expect("the number of its worker");
    let worker = std::str::from_utf8(&told)
        .expect("text")
        .trim()
        .parse()
        .expect("a number");
    let left = Leftovers::of(worker, directory);
    server.kill().expect("an end");
    server.wait().expect("its end");
    wait_until("its worker to end", || {
        !left.processes.iter().any(|process| alive(*process))
    });
    left
}

/// Is that server: starts a worker, tells its number and waits.
pub(crate) fn run(arguments: &[String]) -> ! {
    let [runtime, directory] = arguments else {
        panic!("a runtime and a directory")
    };
    let directory = PathBuf::from(directory);
    let runtime = crate::RUNTIMES
        .into_iter()
        .find(|known| known == runtime)
        .expect("a runtime");
    let launcher = Scene {
        runtime,
        directory: &directory,
    }
    .launcher("deaf");
    let mut worker = launch(&launcher);
    hello(&mut worker);
    let told = format!("{:>16}", worker.process());
    let mut output = std::io::stdout();
    output
        .write_all(told.as_bytes())
        .and_then(|()| output.flush())
        .expect("a reader");
    loop {
        std::thread::park();
    }
}
