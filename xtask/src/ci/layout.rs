//! Files stay small, and modules are named after what they hold.

use anyhow::{Result, bail};

use super::sources::{self, Source};
use crate::report;

const MAX_LINES: usize = 500;
const LARGEST_SHOWN: usize = 5;

/// Names of modules that tell nothing of what is in them.
const EMPTY_NAMES: [&str; 5] = ["mod.rs", "utils.rs", "util.rs", "common.rs", "helpers.rs"];

/// Checks names and sizes, and shows the distribution of sizes.
pub fn check() -> Result<()> {
    let mut sources = sources::all()?;
    sources.sort_by_key(Source::lines);
    let wrong: Vec<_> = sources.iter().filter_map(complaint).collect();
    if !wrong.is_empty() {
        bail!(
            "files are not laid out as they should be:\n  {}",
            wrong.join("\n  ")
        );
    }
    report::note(&format!(
        "{} files: median {} lines, 90 of 100 within {}, largest:",
        sources.len(),
        percentile(&sources, 50),
        percentile(&sources, 90)
    ));
    sources.iter().rev().take(LARGEST_SHOWN).for_each(|source| {
        report::note(&format!("{:>5}  {}", source.lines(), source.shown()));
    });
    Ok(())
}

fn complaint(source: &Source) -> Option<String> {
    let name = source.path.file_name()?.to_str()?;
    if EMPTY_NAMES.contains(&name) {
        return Some(format!("{}: name the file after what it holds", source.shown()));
    }
    let lines = source.lines();
    (lines > MAX_LINES).then(|| {
        format!(
            "{}: {lines} lines are more than {MAX_LINES}; split it",
            source.shown()
        )
    })
}

/// The lines of the file below which so many of a hundred are; `sources` is ascending.
fn percentile(sources: &[Source], share: usize) -> usize {
    let position = sources.len().saturating_sub(1) * share / 100;
    sources.get(position).map_or(0, Source::lines)
}
