//! A small disk of a server's own, to be filled and emptied: a file system in memory that only that server sees.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Pid;

/// What is written at a time.
const CHUNK: [u8; 4096] = [7; 4096];

/// The disk of a server that runs.
pub struct SmallDisk {
    /// What fills it.
    ballast: PathBuf,
}

/// The program, started by a shell that mounts a disk over the directory where nobody else sees it.
pub(crate) fn on_small_disk(bytes: u64, directory: &Path, program: &Path) -> Command {
    const MOUNT: &str = r#"mount -t tmpfs -o "size=$0" weft-test "$1" && shift && exec "$@""#;
    let mut shell = Command::new("/usr/bin/unshare");
    shell
        .args(["--mount", "/bin/sh", "-c", MOUNT, &bytes.to_string()])
        .arg(directory)
        .arg(program);
    shell
}

impl SmallDisk {
    /// The disk that a process sees at a path.
    pub(crate) fn of(process: Pid, path: &Path) -> Self {
        let root = PathBuf::from(format!("/proc/{}/root", process.as_raw_nonzero()));
        let path = path.strip_prefix("/").unwrap_or(path);
        Self {
            ballast: root.join(path).join("ballast"),
        }
    }

    /// Takes all the space that is left.
    ///
    /// # Panics
    /// Where that fails otherwise than for want of space.
    pub fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(&self.ballast);
        let file = file.as_mut().expect("a file can be made on the disk");
        loop {
            match file.write_all(&CHUNK) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
    }

    /// Gives the space back.
    ///
    /// # Panics
    /// Where it was not taken.
    pub fn free(&self) {
        fs::remove_file(&self.ballast).expect("the disk was filled before");
    }
}
