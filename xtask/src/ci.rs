//! `cargo xtask ci`: everything a change must pass.

mod boundaries;
mod layout;
mod licences;
mod sources;
mod unsafe_files;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::{container, functions, prerequisites, process, report, repository, test, worker};

/// A step's name and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// Quick ones first, so that a slip is told soon.
const STEPS: [Step; 9] = [
    ("fmt", fmt),
    ("unsafe", unsafe_files::check),
    ("layout", layout::check),
    ("boundaries", boundaries::check),
    ("licences", licences::check),
    ("guests", guests),
    ("clippy", clippy),
    ("docs", docs),
    ("test", tests),
];

/// Takes all steps, or those named.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let names = arguments.rest();
    let steps = if names.is_empty() {
        STEPS.to_vec()
    } else {
        names.iter().map(|name| find(name)).collect::<Result<_>>()?
    };
    let start = Instant::now();
    report::step("prerequisites", prerequisites::ensure)?;
    for (name, take) in steps {
        report::step(name, take)?;
    }
    report::note(&format!("all passed, {}", report::duration(start.elapsed())));
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> Result<Step> {
    let step = STEPS.into_iter().find(|(known, _)| *known == name);
    step.with_context(|| {
        format!(
            "there is no step `{name}`; there are {}",
            STEPS.map(|(name, _)| name).join(", ")
        )
    })
}

fn fmt() -> Result<()> {
    process::run(&mut process::cargo(&["fmt", "--all", "--check"]))?;
    container::fmt()?;
    let guests = repository::root().join("functions");
    process::run(process::cargo(&["fmt", "--all", "--check"]).current_dir(guests))
}

fn guests() -> Result<()> {
    functions::build()?;
    functions::clippy()
}

fn clippy() -> Result<()> {
    process::run(&mut process::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]))?;
    prerequisites::containers()?;
    container::clippy()
}

fn docs() -> Result<()> {
    let mut command = process::cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests() -> Result<()> {
    prerequisites::containers()?;
    functions::toolchains()?;
    worker::build(false)?;
    worker::hostile()?;
    container::build(false)?;
    test::all(&[])
}
