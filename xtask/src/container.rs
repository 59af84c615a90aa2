//! Building the program that starts and guards containers, and testing it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{prerequisites, process, repository};

/// A workspace of its own, so that what it is linked with reaches nothing else.
pub const MANIFEST: &str = "crates/container/Cargo.toml";
/// Static: it starts often, and so are the tests, which are workers in containers that hold nothing but them.
const FLAGS: &str = r#"["-C", "target-feature=+crt-static"]"#;
/// What it is linked with beside Rust, and the Debian package that brings it.
const LIBRARY: (&str, &str) = ("libseccomp.a", "libseccomp-dev");

/// Builds it and puts it beside the server's program, where that looks for it.
pub fn build(release: bool) -> Result<()> {
    process::run(cargo("build")?.args(release.then_some("--release")))?;
    let profile = if release { "release" } else { "debug" };
    let built = target()
        .join(process::host()?)
        .join(profile)
        .join("weft-container");
    repository::put(&built, &repository::target().join(profile))
}

/// Runs its tests and tells how many passed. They start containers, which takes root.
pub fn test(arguments: &[String], passed: impl FnMut(&str)) -> Result<()> {
    process::read(cargo("test")?.args(arguments), passed)
}

/// Checks it with clippy, warnings being errors.
pub fn clippy() -> Result<()> {
    process::run(cargo("clippy")?.args(["--all-targets", "--", "-D", "warnings"]))
}

/// Checks how it is formatted.
pub fn fmt() -> Result<()> {
    process::run(&mut process::cargo(&[
        "fmt",
        "--manifest-path",
        MANIFEST,
        "--check",
    ]))
}

/// Installs what it is linked with, where that is missing.
pub fn prerequisites() -> Result<()> {
    if library()?.is_some() {
        return Ok(());
    }
    prerequisites::packages(&[LIBRARY.1])?;
    match library()? {
        Some(_) => Ok(()),
        None => bail!("there is no {} after {} was installed", LIBRARY.0, LIBRARY.1),
    }
}

fn cargo(verb: &str) -> Result<Command> {
    let host = process::host()?;
    let linked = format!("target.{host}.rustflags={FLAGS}");
    let mut cargo = process::cargo(&[
        verb,
        "--manifest-path",
        MANIFEST,
        "--target",
        &host,
        "--config",
        &linked,
    ]);
    let library = library()?.with_context(|| {
        let (name, package) = LIBRARY;
        format!("{name} is missing: `apt-get install {package}`, or what brings it elsewhere")
    })?;
    cargo
        .env("CARGO_TARGET_DIR", target())
        .env("LIBSECCOMP_LINK_TYPE", "static")
        .env("LIBSECCOMP_LIB_PATH", library);
    Ok(cargo)
}

fn target() -> PathBuf {
    repository::target().join("container")
}

/// The directory that holds what it is linked with.
fn library() -> Result<Option<PathBuf>> {
    let host = process::host()?;
    // As Debian names platforms: without the vendor.
    let multiarch = host.replacen("-unknown", "", 1);
    let places = [
        format!("/usr/lib/{multiarch}"),
        "/usr/lib64".to_owned(),
        "/usr/lib".to_owned(),
    ];
    let found = places
        .into_iter()
        .find(|place| Path::new(place).join(LIBRARY.0).is_file());
    Ok(found.map(PathBuf::from))
}
