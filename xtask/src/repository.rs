//! Where things are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository, which Cargo names when it runs this.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here)
        .parent()
        .map_or_else(PathBuf::new, Path::to_owned)
}

/// Where the platform is built.
pub fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").filter(|chosen| !chosen.is_empty());
    chosen.map_or_else(|| root().join("target"), |chosen| root().join(chosen))
}

/// Where guests are put, wherever the platform is built: tests look for them here.
pub fn guests() -> PathBuf {
    root().join("target/functions")
}

/// Puts a program that was built alone into a directory. Beside first, then over what is there: whoever starts it finds the old
/// or the new one.
pub fn put(built: &Path, directory: &Path) -> Result<()> {
    let name = built.file_name().context("a program has a name")?;
    std::fs::create_dir_all(directory)?;
    let placed = directory.join(name);
    let partial = placed.with_extension("partial");
    std::fs::copy(built, &partial)
        .and_then(|_| std::fs::rename(&partial, &placed))
        .with_context(|| format!("{} cannot be written", placed.display()))
}

/// The Cargo that runs this.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
