//! Schemathesis: installed by name into `target/tools/`, in the version that `tests/api` names.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::server::Server;
use crate::{process, report, repository};

/// Installs it where it is missing; answers where the program is.
pub fn install() -> Result<PathBuf> {
    let wanted = repository::root().join("tests/api/requirements.txt");
    let to = repository::root().join("target/tools/schemathesis");
    let (installed, program) = (to.join("installed.txt"), to.join("bin/schemathesis"));
    if std::fs::read(&wanted)? == std::fs::read(&installed).unwrap_or_default() {
        return Ok(program);
    }
    report::note("installing schemathesis into target/tools/schemathesis");
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&to))
        .context("python3 cannot make a virtual environment; Debian has that in python3-venv")?;
    let mut pip = Command::new(to.join("bin/pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    process::run(pip.arg(&wanted)).context("schemathesis cannot be installed")?;
    // Last: who finds it finds all the rest.
    std::fs::copy(&wanted, &installed)?;
    Ok(program)
}

/// What makes up requests to a server, in a directory where its configuration is.
pub fn command(program: &Path, place: &Path, server: &Server) -> Command {
    let mut command = Command::new(program);
    command
        .args(["run", "--workers=2", "--warnings=off", "--report=ndjson"])
        .arg(format!("{}/openapi.json", server.address()))
        .current_dir(place)
        .env("WEFT_FUZZ_SERVER", server.address())
        .env("WEFT_FUZZ_TOKEN", server.token());
    command
}
