//! One server per data directory.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The name of the lock file in the data directory.
pub(crate) const LOCK_FILE: &str = "weft.lock";

/// Holds a data directory until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being started has a copy of the file until it runs its program.
        let _ = self.file.unlock();
    }
}

/// Why a data directory could not be taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Someone has it; the process number as it wrote it down, empty where it has not yet.
    Held { holder: String },
    /// The lock file could not be used.
    Io { source: io::Error },
}

impl DirectoryLock {
    /// Takes the directory, or says which process has it.
    pub(crate) fn take(directory: &Path) -> Result<Self, LockError> {
        let path = directory.join(LOCK_FILE);
        let at = |source| LockError::Io { source };
        // Not truncated on opening: the text in it is the holder's.
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        // The text only serves the message; a full disk must not keep the store from being opened.
        let _ = write_holder(&mut file);
        Ok(Self { file })
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Only for the message; whatever cannot be read is left out.
    let _ = file.take(20).read_to_string(&mut text);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::DirectoryLock;

    #[test]
    fn a_copy_of_the_file_does_not_hold_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let held = DirectoryLock::take(directory.path()).unwrap();
        let _inherited = held.file.try_clone().unwrap();
        DirectoryLock::take(directory.path()).unwrap_err();
        drop(held);
        DirectoryLock::take(directory.path()).unwrap();
    }
}
