//! The watched directory and its record.
#![allow(unsafe_code)]

use std::env;
use std::ffi::{CString, c_int};
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use weft_powerloss::{Event, FAULTS, LOG, ROOT};

use crate::fault::Faults;
use crate::path;

/// What is watched by this process.
pub(crate) struct Watch {
    root: Vec<u8>,
    log: c_int,
    /// Held over each operation and its record, so that the record has the order in which things happened.
    faults: Mutex<Faults>,
}

/// The watch, where the surroundings ask for one.
pub(crate) fn watch() -> Option<&'static Watch> {
    static WATCH: OnceLock<Option<Watch>> = OnceLock::new();
    WATCH.get_or_init(Watch::from_surroundings).as_ref()
}

impl Watch {
    fn from_surroundings() -> Option<Self> {
        let text = |name| env::var_os(name).map(OsStringExt::into_vec);
        let log = CString::new(text(LOG)?).ok()?;
        let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_CLOEXEC;
        // SAFETY: `log` is a C string that lives during the call.
        let log = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, log.as_ptr(), flags, 0o600) };
        let log = c_int::try_from(log).ok().filter(|&fd| fd >= 0)?;
        Some(Self {
            root: text(ROOT)?,
            log,
            faults: Mutex::new(Faults::controlled_by(text(FAULTS))),
        })
    }

    /// Waits for other operations of this process to end.
    pub(crate) fn enter(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of an open file relative to the root, where it lies below and still has a name.
    pub(crate) fn open_file(&self, fd: c_int) -> Option<Vec<u8>> {
        self.below(path::of_open_file(fd)?)
    }

    /// The path relative to the root of what a system call names, where it lies below.
    pub(crate) fn named(&self, directory: c_int, name: &[u8]) -> Option<Vec<u8>> {
        self.below(path::of_name(directory, name)?)
    }

    fn below(&self, path: Vec<u8>) -> Option<Vec<u8>> {
        let rest = path.strip_prefix(self.root.as_slice())?;
        if path.ends_with(b" (deleted)") {
            return None;
        }
        match rest.split_first() {
            None => Some(Vec::new()),
            Some((b'/', name)) => Some(name.to_vec()),
            Some(_) => None,
        }
    }

    /// Appends to the record. One that cannot be written ends the process: what follows would prove nothing.
    pub(crate) fn record(&self, event: &Event) {
        let record = event.encode();
        // SAFETY: the pointer and the length are those of a live buffer.
        let written = unsafe { libc::syscall(libc::SYS_write, self.log, record.as_ptr(), record.len()) };
        if usize::try_from(written) != Ok(record.len()) {
            std::process::abort();
        }
    }
}
