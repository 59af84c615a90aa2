//! Where the server keeps its data, for as long as it runs.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::account::Account;
use crate::{report, repository};

/// Begins the names of such directories; the number of our process ends them.
const NAME: &str = "weft-postgres-";

/// The longest path of a directory with a socket in it: the kernel takes 107 bytes, with the socket's own name.
const MAX_PATH: usize = 85;

/// A directory of the server's own, which only its account may enter.
pub struct Place(PathBuf);

impl Place {
    /// Makes an empty one. It is in `target/`, unless the account cannot get there or the path is too long for a socket.
    pub fn prepare(account: &Account) -> Result<Self> {
        let target = repository::target();
        fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        let here = Self::make(&target, account)?;
        if here.0.as_os_str().len() <= MAX_PATH && here.is_reached(account) {
            return Ok(here);
        }
        here.remove()?;
        let elsewhere = Self::make(&std::env::temp_dir(), account)?;
        report::note(&format!(
            "PostgreSQL is in {}, as {} is out of its reach or too long a path for a socket",
            elsewhere.0.display(),
            target.display()
        ));
        Ok(elsewhere)
    }

    /// Where its socket is.
    pub fn socket(&self) -> &Path {
        &self.0
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Removes all of it.
    pub fn remove(&self) -> Result<()> {
        remove(&self.0)
    }

    fn make(directory: &Path, account: &Account) -> Result<Self> {
        sweep(directory)?;
        let place = directory.join(format!("{NAME}{}", std::process::id()));
        DirBuilder::new()
            .mode(0o700)
            .create(&place)
            .and_then(|()| account.give(&place))
            .with_context(|| format!("cannot make {}", place.display()))?;
        Ok(Self(place))
    }

    fn is_reached(&self, account: &Account) -> bool {
        let mut test = account.command("test");
        test.arg("-w").arg(&self.0);
        test.status().is_ok_and(|status| status.success())
    }
}

/// Removes what was left behind by processes that were killed. A server that still runs there notices that, and ends.
fn sweep(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}
