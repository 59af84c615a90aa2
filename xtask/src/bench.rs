//! `cargo xtask bench`: figures beside their bounds.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::{container, functions, prerequisites, process, report, repository, worker};

/// Programs that measuring needs, and the Debian package that brings each.
const PROGRAMS: [(&str, &str); 4] = [
    ("npm", "npm"),
    ("python3", "python3-venv"),
    ("strace", "strace"),
    WRK,
];
const WRK: (&str, &str) = ("wrk", "wrk");
const SUITES: &str = "`functions`, `workflows`, `pools`, `overload`, `soak`, `peers` and `scaling`";

/// Builds what is measured in release mode and measures it; fails where a figure falls short of its bound.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let suite = arguments.word();
    let alone = match suite.as_deref() {
        Some("functions" | "workflows" | "pools" | "peers") => false,
        Some("overload" | "soak" | "scaling") => true,
        Some(other) => bail!("there is no suite `{other}`; there are {SUITES}"),
        None => bail!("which suite? there are {SUITES}"),
    };
    report::step("prerequisites", || {
        prerequisites::ensure()?;
        if alone {
            return prerequisites::programs(&[WRK]);
        }
        prerequisites::programs(&PROGRAMS)?;
        prerequisites::containers()
    })?;
    report::step("guests", functions::build)?;
    if !alone {
        report::step("worker", || worker::build(true))?;
        report::step("containers", || container::build(true))?;
    }
    report::step("build", || {
        process::run(&mut process::cargo(&[
            "build",
            "--release",
            "--package=weft",
            "--package=weft-benches",
        ]))
    })?;
    let mut benches = Command::new(repository::target().join("release/weft-benches"));
    let status = benches
        .current_dir(repository::root())
        .args(suite)
        .args(arguments.rest())
        .status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
