//! What makes components of JavaScript and of Python: installed by name into `target/tools/`, in the versions that the examples
//! name. What was fetched is kept beside, so that tests install the same again without a network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, report, repository};

use super::script::Script;

/// Installs what is missing, and says so.
pub fn ensure() -> Result<()> {
    javascript()?;
    python()
}

/// Where the toolchain of a language is.
pub fn directory(language: &str) -> PathBuf {
    tools().join(language)
}

/// Where tests look for it, wherever the platform is built.
fn tools() -> PathBuf {
    repository::root().join("target/tools")
}

/// The packages of `package-lock.json`, which names each with its hash.
fn javascript() -> Result<()> {
    let (example, to) = (Script::REDACT.directory(), directory("javascript"));
    let lock = "package-lock.json";
    if is_same(&example.join(lock), &to.join("installed.json")) {
        return Ok(());
    }
    report::note("installing componentize-js into target/tools/javascript");
    std::fs::create_dir_all(&to)?;
    for file in ["package.json", lock] {
        copy(&example.join(file), &to.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache"])
        .arg(tools().join("npm"))
        .current_dir(&to);
    process::run(&mut npm).context("componentize-js cannot be installed")?;
    // Last: who finds it finds all the rest.
    copy(&example.join(lock), &to.join("installed.json"))
}

/// The package of `requirements.txt`, in an environment of its own.
fn python() -> Result<()> {
    let (wanted, to) = (
        Script::TREND.directory().join("requirements.txt"),
        directory("python"),
    );
    let installed = to.join("installed.txt");
    if is_same(&wanted, &installed) {
        return Ok(());
    }
    report::note("installing componentize-py into target/tools/python");
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&to))
        .context("python3 cannot make a virtual environment; Debian has that in python3-venv")?;
    let wheels = tools().join("wheels");
    let pip = to.join("bin/pip");
    let quiet = ["--quiet", "--disable-pip-version-check"];
    let mut download = Command::new(&pip);
    download
        .arg("download")
        .args(quiet)
        .arg("--dest")
        .arg(&wheels)
        .arg("--requirement");
    process::run(download.arg(&wanted)).context("componentize-py cannot be fetched")?;
    let mut install = Command::new(&pip);
    install
        .arg("install")
        .args(quiet)
        .arg("--no-index")
        .arg("--find-links")
        .arg(&wheels);
    process::run(install.arg("--requirement").arg(&wanted)).context("componentize-py cannot be installed")?;
    copy(&wanted, &installed)
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::read(one), std::fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))
}
