//! libFuzzer: where it is, and getting it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{prerequisites, report};

/// Debian keeps each version of LLVM apart.
const VERSIONS: &str = "/usr/lib";
const LIBRARY: &str = "lib/libFuzzer.a";
/// In Debian 12 and 13.
const PACKAGE: &str = "libfuzzer-19-dev";

/// The library; installs it where there is none.
pub fn find() -> Result<PathBuf> {
    if let Some(found) = newest() {
        return Ok(found);
    }
    report::note("libFuzzer is not here");
    prerequisites::packages(&[PACKAGE])?;
    newest().with_context(|| format!("{PACKAGE} was installed, but is not in {VERSIONS}/llvm-…/{LIBRARY}"))
}

fn newest() -> Option<PathBuf> {
    let entries = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| {
        entry
            .file_name()
            .to_str()?
            .strip_prefix("llvm-")?
            .parse::<u32>()
            .ok()
    });
    let paths = versions.map(|version| {
        (
            version,
            Path::new(VERSIONS).join(format!("llvm-{version}")).join(LIBRARY),
        )
    });
    paths
        .filter(|(_, path)| path.is_file())
        .max()
        .map(|(_, path)| path)
}
