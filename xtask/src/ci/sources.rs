//! The Rust files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, repository};

/// A source file: its path from the root, and its text.
pub struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Its path as text, with `/` between parts.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// All Rust files that Git knows or would add, by path.
pub fn all() -> Result<Vec<Source>> {
    let root = repository::root();
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])
        .current_dir(&root);
    let list = process::output(&mut git).context("the list of files comes from Git")?;
    // A file that is deleted but not committed yet is still listed.
    let files = list.lines().filter(|path| root.join(path).exists());
    files.map(|path| read(&root, path)).collect()
}

fn read(root: &Path, path: &str) -> Result<Source> {
    let text = std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
    Ok(Source {
        path: path.into(),
        text,
    })
}
