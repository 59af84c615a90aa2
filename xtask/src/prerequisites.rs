//! What has to be on the machine, and getting it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{container, process, report};

/// Commands that are needed beside Rust, to build and to call what was built, and the Debian package that brings each.
const PROGRAMS: [(&str, &str); 2] = [("cc", "build-essential"), ("curl", "curl")];

/// What makes containers beside the library that is built in, and the Debian package that brings each: tests try all of them.
const RUNTIMES: [(&str, &str); 2] = [("runc", "runc"), ("crun", "crun")];

/// What the unit in `deploy/` is checked with.
const VERIFIER: (&str, &str) = ("systemd-analyze", "systemd");

/// What guests in JavaScript and Python are made with beside packages of those languages.
const LANGUAGES: [(&str, &str); 2] = [("node", "nodejs"), ("npm", "npm")];
const PYTHON: (&str, &str) = ("python3", "python3");

/// Targets that guests are built for.
const TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-wasip2"];

/// Installs what is missing and says so.
pub fn ensure() -> Result<()> {
    programs(&PROGRAMS)?;
    targets()
}

/// Installs what the tests of containers and of deploying need beside that.
pub fn containers() -> Result<()> {
    container::prerequisites()?;
    programs(&RUNTIMES)?;
    programs(&[VERIFIER])
}

/// Installs what guests in JavaScript and Python need.
pub fn languages() -> Result<()> {
    programs(&LANGUAGES)?;
    python()
}

/// Installs what packages of Python are installed with.
pub fn python() -> Result<()> {
    programs(&[PYTHON])?;
    // Debian keeps what makes virtual environments apart.
    let mut venv = Command::new("python3");
    venv.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
    match process::output(&mut venv) {
        Ok(_) => Ok(()),
        Err(_) => packages(&["python3-venv"]),
    }
}

/// Installs what brings those of `wanted` (programs and their packages) that are missing.
pub fn programs(wanted: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(program, _)| !process::exists(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages(&names).with_context(|| format!("install what brings `{}` and try again", missing[0].0))
}

/// Installs Debian packages, and says so.
pub fn packages(names: &[&str]) -> Result<()> {
    let list = names.join(" ");
    report::note(&format!("installing Debian packages: {list}"));
    apt(&["update"])
        .and_then(|()| apt(&[&["install", "--yes", "--no-install-recommends"], names].concat()))
        .with_context(|| format!("{list} cannot be installed"))
}

fn apt(arguments: &[&str]) -> Result<()> {
    if !process::exists("apt-get") {
        bail!("there is no apt-get here");
    }
    let mut command = as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
    process::run(command.args(arguments))
}

/// A program that changes the machine.
pub fn as_root(program: &str) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(program));
    }
    if !process::exists("sudo") {
        bail!("only root may install packages, and there is no sudo here");
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    Ok(command)
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs the targets of guests that are missing.
pub fn targets() -> Result<()> {
    let missing: Vec<_> = TARGETS.into_iter().filter(|target| !has(target)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    report::note(&format!("installing Rust targets: {}", missing.join(" ")));
    process::run(Command::new("rustup").args(["target", "add"]).args(&missing)).with_context(|| {
        format!("the standard library for {} cannot be installed; without rustup, get it from where Rust came from", missing.join(" and "))
    })
}

fn has(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", target])
        .stderr(Stdio::null());
    process::output(&mut rustc).is_ok_and(|directory| Path::new(directory.trim()).is_dir())
}
