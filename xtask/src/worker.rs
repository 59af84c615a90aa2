//! Building the worker, the program that executes functions in processes of their own.

use std::path::Path;

use anyhow::{Context, Result};

use crate::{process, repository};

/// Static, and with randomness from the system call: looking for a function that asks for it finds nothing in a static program.
const FLAGS: &str =
    r#"["-C", "target-feature=+crt-static", "--cfg", "getrandom_backend=\"linux_getrandom\""]"#;

/// Builds it and puts it beside the server's program, where that looks for it.
///
/// It is linked statically, as it starts often and then has no files, and built alone, as together with the server it would get
/// what only a server needs.
pub fn build(release: bool) -> Result<()> {
    let target = host()?;
    let linked = format!("target.{target}.rustflags={FLAGS}");
    let mut build = process::cargo(&[
        "build",
        "--package=weft-worker",
        "--target",
        &target,
        "--config",
        &linked,
    ]);
    process::run(build.args(release.then_some("--release")))?;
    let profile = if release { "release" } else { "debug" };
    let built = repository::target()
        .join(&target)
        .join(profile)
        .join("weft-worker");
    put(&built, &repository::target().join(profile))
}

/// The platform that this is built on.
fn host() -> Result<String> {
    let told = process::output(std::process::Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not tell its platform")
}

/// Beside first, then over what is there: a worker that is being started finds the old or the new one.
fn put(built: &Path, directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let partial = directory.join("weft-worker.partial");
    let placed = directory.join("weft-worker");
    std::fs::copy(built, &partial)
        .and_then(|_| std::fs::rename(&partial, &placed))
        .with_context(|| format!("{} cannot be written", placed.display()))
}
