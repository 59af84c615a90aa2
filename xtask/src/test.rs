//! `cargo xtask test`

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{functions, prerequisites, process, report};

/// Sets up what the tests need and runs all of them.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    report::step("prerequisites", prerequisites::ensure)?;
    report::step("guests", functions::build)?;
    report::step("tests", || workspace(&arguments.rest()))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the tests of the workspace, those in documentation too, with nextest where it is installed.
///
/// The server's binary is built first: the tests of the whole start it.
pub fn workspace(arguments: &[String]) -> Result<()> {
    process::run(&mut process::cargo(&["build", "--package", "weft"]))?;
    if !process::exists("cargo-nextest") {
        return process::run(process::cargo(&["test", "--workspace"]).args(arguments));
    }
    process::run(process::cargo(&["nextest", "run", "--workspace"]).args(arguments))?;
    if arguments.is_empty() {
        // The one kind that nextest leaves out.
        process::run(&mut process::cargo(&["test", "--workspace", "--doc"]))?;
    }
    Ok(())
}
