//! `cargo xtask static`: the programs, linked with nothing, to be copied to any machine with Linux.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{container, prerequisites, report, repository, worker};

/// Builds the server and what it starts into `target/static/`.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    arguments.end()?;
    let folder = repository::target().join("static");
    report::step("prerequisites", || {
        prerequisites::ensure()?;
        container::prerequisites()
    })?;
    report::step("worker", || {
        worker::build(true)?;
        keep("weft-worker", &folder)
    })?;
    report::step("containers", || {
        container::build(true)?;
        keep("weft-container", &folder)
    })?;
    report::step("server", || worker::server(&folder))?;
    report::note(&format!("the programs are in {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// These are linked statically wherever they are built.
fn keep(program: &str, folder: &Path) -> Result<()> {
    repository::put(&repository::target().join("release").join(program), folder)
}
