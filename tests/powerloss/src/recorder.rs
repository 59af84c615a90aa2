//! Running programs under the library.

use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Event, FAULTS, LOG, ROOT};

/// A watched directory, its record, and what goes wrong there.
#[derive(Debug)]
pub struct Recorder {
    root: PathBuf,
    log: PathBuf,
    faults: PathBuf,
}

impl Recorder {
    /// Watches the directory `root`, which must exist and be empty, and keeps its own files in `beside`.
    pub fn new(root: &Path, beside: &Path) -> io::Result<Self> {
        let recorder = Self {
            root: root.canonicalize()?,
            log: beside.join("powerloss.log"),
            faults: beside.join("powerloss.faults"),
        };
        File::create(&recorder.log)?;
        File::create(&recorder.faults)?;
        Ok(recorder)
    }

    /// Makes a program run under the library; its children do, too.
    pub fn watch<'a>(&self, command: &'a mut Command) -> io::Result<&'a mut Command> {
        Ok(command
            .env("LD_PRELOAD", shim()?)
            .env(ROOT, &self.root)
            .env(LOG, &self.log)
            .env(FAULTS, &self.faults))
    }

    /// Where the record is; [`read`](crate::read) reads it.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Notes in the record that everything acknowledged so far has been.
    pub fn mark(&self, text: &str) -> io::Result<()> {
        mark(&self.log, text)
    }

    /// Leaves room for this many bytes more; then the disk is full.
    pub fn leave_room(&self, bytes: u64) -> io::Result<()> {
        self.set_faults(&format!("room {bytes}\n"))
    }

    /// Makes every sync of `path`, relative to the root, fail with an I/O error.
    pub fn fail_syncs(&self, path: &str) -> io::Result<()> {
        self.set_faults(&format!("fail {path}\n"))
    }

    /// Kills the program when it is about to sync `path` for the `count`-th time from now.
    pub fn kill_at_sync(&self, count: u32, path: &str) -> io::Result<()> {
        self.set_faults(&format!("die {count} {path}\n"))
    }

    /// Makes the disk whole and roomy.
    pub fn heal(&self) -> io::Result<()> {
        self.set_faults("")
    }

    /// Replaced in one step: the program may be reading.
    fn set_faults(&self, text: &str) -> io::Result<()> {
        let next = self.faults.with_extension("next");
        fs::write(&next, text)?;
        fs::rename(next, &self.faults)
    }
}

/// Notes something in the record that the surroundings name, for a program that is being watched.
pub fn mark_own(text: &str) -> io::Result<()> {
    match env::var_os(LOG) {
        Some(log) => mark(Path::new(&log), text),
        None => Ok(()),
    }
}

fn mark(log: &Path, text: &str) -> io::Result<()> {
    let record = Event::Mark {
        text: text.as_bytes().to_vec(),
    }
    .encode();
    File::options().append(true).open(log)?.write_all(&record)
}

/// The library, built on first use.
fn shim() -> io::Result<&'static Path> {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = SHIM.get() {
        return Ok(path);
    }
    let path = build()?;
    Ok(SHIM.get_or_init(|| path))
}

/// Beside the test that runs, in a directory of its own: the test's own build may be going on.
fn build() -> io::Result<PathBuf> {
    let target = env::current_exe()?
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .join("powerloss");
    let status = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args([
            "build",
            "--quiet",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/shim/Cargo.toml"),
        ])
        .arg("--target-dir")
        .arg(&target)
        .env_remove("LD_PRELOAD")
        .status()?;
    let library = target.join("debug/libweft_powerloss_shim.so");
    if !status.success() || !library.is_file() {
        let message = "the power-loss library could not be built; see `cargo build -p weft-powerloss-shim`";
        return Err(io::Error::new(ErrorKind::NotFound, message));
    }
    Ok(library)
}
