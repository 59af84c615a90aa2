//! The compiler of the platform's crates, told to count: this program stands before it while Cargo builds the fuzzer, and only for crates
//! of this workspace, so that those of others need not be built again.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Names the fuzzer's library to this program where it stands before the compiler.
const LIBRARY: &str = "WEFT_FUZZ_LIBRARY";

/// A counter for each edge, a table of what they are, and a call for each comparison.
const COUNTING: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Has Cargo ask this program for each crate of the workspace.
pub fn instrument<'c>(cargo: &'c mut Command, library: &Path) -> Result<&'c mut Command> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    Ok(cargo.env("RUSTC_WORKSPACE_WRAPPER", own).env(LIBRARY, library))
}

/// Whether this program was started in place of the compiler.
pub fn is_wanted() -> bool {
    std::env::var_os(LIBRARY).is_some()
}

/// Compiles as told by the command line: the compiler, then its arguments.
pub fn run() -> Result<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let compiler = words.next().context("the compiler is missing")?;
    let words: Vec<OsString> = words.collect();
    let mut command = Command::new(compiler);
    command.args(&words);
    match name(&words) {
        // Programs that run while building are not linked with what counts.
        None | Some("build_script_build" | "___") => {}
        Some("guided") => {
            let library = std::env::var_os(LIBRARY).context("the fuzzer's library is not named")?;
            let mut link = OsString::from("-Clink-arg=");
            link.push(library);
            command.args(COUNTING).arg(link).arg("-Clink-arg=-lstdc++");
        }
        Some(_) => drop(command.args(COUNTING)),
    }
    let status = command.status().context("the compiler cannot be started")?;
    // It has said itself what is wrong.
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The name of the crate that is compiled.
fn name(words: &[OsString]) -> Option<&str> {
    let flag = words.iter().position(|word| word == "--crate-name")?;
    words.get(flag + 1)?.to_str()
}
