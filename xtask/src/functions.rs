//! Building the guests of `functions/`.

mod guest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::{prerequisites, report, repository};

pub use guest::Guest;

/// `cargo xtask functions`
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    arguments.end()?;
    report::step("prerequisites", prerequisites::targets)?;
    report::step("guests", build)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds all guests, puts them into `target/functions/` and shows their sizes.
pub fn build() -> Result<()> {
    let guests = Guest::all()?;
    let mut changed = 0;
    for (guest, artifact) in guest::build(&guests)? {
        let put = put(&artifact, &guest.file())?;
        changed += usize::from(put.changed);
        report::note(&format!(
            "{:>9}  {}{}",
            size(put.size),
            guest.path(),
            if put.changed { "" } else { " (as before)" }
        ));
    }
    let place = repository::guests();
    report::note(&format!(
        "{} guests, {changed} changed, in {}",
        guests.len(),
        place.display()
    ));
    Ok(())
}

/// Checks the guests with clippy, warnings being errors.
pub fn clippy() -> Result<()> {
    guest::clippy(&Guest::all()?)
}

struct Put {
    size: usize,
    changed: bool,
}

/// Copies a file unless the same is there, so that its time tells when it changed.
fn put(from: &Path, to: &PathBuf) -> Result<Put> {
    let code = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let changed = std::fs::read(to).ok().as_ref() != Some(&code);
    if changed {
        write(to, &code).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(Put {
        size: code.len(),
        changed,
    })
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

/// In units of 1,000 bytes.
fn size(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}
