//! Where databases are copied to while they are archived.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use weft_api::BackupError;

/// Its name in the data directory.
const NAME: &str = "backup";
/// What is left of the disk for everybody else, in bytes.
const LEFT: u64 = 64 << 20;

/// A directory that goes with this, and all that is in it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty one in a data directory whose disk has room for so many bytes.
    pub(super) fn make(data: &Path, bytes: u64) -> Result<Self, BackupError> {
        let failed = |error: io::Error| {
            BackupError::Failed(format!(
                "there is no place for copies in {}: {error}",
                data.display()
            ))
        };
        let room = rustix::fs::statvfs(data).map_err(|error| failed(error.into()))?;
        check_room(bytes, room.f_bavail.saturating_mul(room.f_frsize))?;
        clean(data).map_err(failed)?;
        let path = data.join(NAME);
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            let path = self.0.display();
            tracing::warn!(%error, %path, "what was copied for a backup could not be removed; the next start tries again");
        }
    }
}

/// Removes what a backup left whose process was killed.
pub(super) fn clean(data: &Path) -> io::Result<()> {
    match fs::remove_dir_all(data.join(NAME)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn check_room(needed: u64, free: u64) -> Result<(), BackupError> {
    if free >= needed.saturating_add(LEFT) {
        return Ok(());
    }
    Err(BackupError::NoRoom(format!(
        "the databases are copied on the way, which takes up to {needed} bytes and leaves {LEFT} free: there are {free}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_leave_some_room_to_others() {
        for (needed, free, fits) in [
            (0, LEFT, true),
            (0, LEFT - 1, false),
            (5, LEFT + 5, true),
            (6, LEFT + 5, false),
            (u64::MAX, u64::MAX, true),
            (u64::MAX, u64::MAX - 1, false),
        ] {
            assert_eq!(check_room(needed, free).is_ok(), fits, "{needed} of {free}");
        }
    }

    #[test]
    fn it_is_empty_and_goes_with_what_is_in_it() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(NAME)).unwrap();
        fs::write(data.path().join(NAME).join("left"), "by a kill").unwrap();
        let scratch = Scratch::make(data.path(), 0).unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
        fs::write(scratch.path().join("copy"), "").unwrap();
        drop(scratch);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
        clean(data.path()).unwrap();
    }
}
