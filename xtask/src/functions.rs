//! Building the guests of `functions/`.

mod guest;
mod script;
mod toolchain;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::{prerequisites, report, repository};

pub use guest::Guest;

use script::Script;

/// `cargo xtask functions`
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    arguments.end()?;
    report::step("prerequisites", || {
        prerequisites::targets()?;
        toolchains()
    })?;
    let built = report::step("guests", put_all)?;
    built.iter().for_each(Built::show);
    let built = report::step("guests in JavaScript and Python", put_scripts)?;
    built.iter().for_each(Built::show);
    Ok(ExitCode::SUCCESS)
}

/// Builds all guests, puts them into `target/functions/` and shows those that changed.
pub fn build() -> Result<()> {
    let built = put_all()?;
    let (changed, rest): (Vec<_>, Vec<_>) = built.iter().partition(|built| built.changed);
    changed.iter().for_each(|built| built.show());
    let place = repository::guests();
    report::note(&format!(
        "{} guests built, {} as before, in {}",
        changed.len(),
        rest.len(),
        place.display()
    ));
    Ok(())
}

/// Installs what makes components of JavaScript and Python. Nobody needs it who does not build or test such guests.
pub fn toolchains() -> Result<()> {
    prerequisites::languages()?;
    toolchain::ensure()
}

/// A guest that was put where it belongs.
struct Built {
    path: String,
    size: usize,
    /// Whether it differs from what was there.
    changed: bool,
}

impl Built {
    /// Tells its size in units of 1,000 bytes.
    fn show(&self) {
        report::note(&format!("{:>9.1} kB  {}", self.size as f64 / 1000.0, self.path));
    }
}

fn put_all() -> Result<Vec<Built>> {
    let artifacts = guest::build(&Guest::all()?)?;
    artifacts
        .iter()
        .map(|(guest, artifact)| put(guest.path(), artifact))
        .collect()
}

fn put_scripts() -> Result<Vec<Built>> {
    [Script::REDACT, Script::TREND]
        .into_iter()
        .map(|script| put(format!("{}.wasm", script.name), &script.build()?))
        .collect()
}

/// Copies a file unless the same is there, so that its time tells when it changed.
fn put(path: String, artifact: &Path) -> Result<Built> {
    let to = repository::guests().join(&path);
    let code = std::fs::read(artifact).with_context(|| format!("cannot read {}", artifact.display()))?;
    let changed = std::fs::read(&to).ok().as_ref() != Some(&code);
    if changed {
        write(&to, &code).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(Built {
        path,
        size: code.len(),
        changed,
    })
}

/// Checks the guests with clippy, warnings being errors.
pub fn clippy() -> Result<()> {
    guest::clippy(&Guest::all()?)
}

/// Writes beside the file first, so that whoever reads it sees the old or the new code and nothing between.
fn write(to: &Path, code: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = to.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let beside = to.with_extension("partial");
    std::fs::write(&beside, code)?;
    std::fs::rename(beside, to)
}
