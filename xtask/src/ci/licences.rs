//! Licences, sources and bans, checked by cargo-deny against `deny.toml`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{container, process, report, repository};

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// Checks the platform, what starts containers, and the guests. Advisories are left out: their database is on the network.
pub fn check() -> Result<()> {
    let deny = cargo_deny()?;
    let root = repository::root();
    for manifest in ["Cargo.toml", "functions/Cargo.toml", container::MANIFEST] {
        let mut command = Command::new(&deny);
        command
            .current_dir(&root)
            .args(["--manifest-path", manifest, "--config", "deny.toml"]);
        process::run(command.args(["check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

/// The right version from the path, else from `target/tools/`, where it is built once.
fn cargo_deny() -> Result<PathBuf> {
    let tools = repository::target().join("tools");
    let own = tools.join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), own.clone()] {
        if version(&candidate).is_some_and(|version| version.contains(VERSION)) {
            return Ok(candidate);
        }
    }
    report::note(&format!("building cargo-deny {VERSION} into {}", tools.display()));
    let mut install = process::cargo(&[
        "install",
        "cargo-deny",
        "--locked",
        "--version",
        VERSION,
        "--no-default-features",
    ]);
    install
        .arg("--root")
        .arg(&tools)
        .env("CARGO_TARGET_DIR", tools.join("build"));
    // It runs for a second: optimising it would take far longer than it saves.
    install
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    install
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    process::run(&mut install).context("cargo-deny, which checks the licences, cannot be built")?;
    Ok(own)
}

fn version(program: &PathBuf) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()
}
