//! What is built beside something else.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, bail};

use crate::{process, repository};

/// Lines that are shown of the log of what failed.
const LAST_LINES: usize = 20;

/// A copy of this program that works in what others leave of the cores.
pub struct Beside {
    child: Child,
    log: PathBuf,
}

impl Beside {
    /// Starts it. What it prints goes into the file `log` below `target/`.
    pub fn start(log: &str, arguments: &[&str]) -> Result<Self> {
        let log = repository::target().join(log);
        std::fs::create_dir_all(repository::target())?;
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let copy = process::copy_of_this(arguments)?;
        let mut child = Command::new("nice");
        child
            .args(["-n", "19"])
            .arg(copy.get_program())
            .args(copy.get_args());
        child.stdout(file.try_clone()?).stderr(file);
        let child = child
            .spawn()
            .with_context(|| format!("cannot start {}", process::shown(&child)))?;
        Ok(Self { child, log })
    }

    /// The file that has what it prints.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Waits for its end, which has to be a good one.
    pub fn ended(mut self) -> Result<()> {
        if self.child.wait()?.success() {
            return Ok(());
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(LAST_LINES).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        bail!(
            "it failed; {} ends with:\n{}",
            self.log.display(),
            last.join("\n")
        )
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Where the other failed, this is of no use: it has ended, or is ended now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
