//! No descriptor but the standard three.
#![allow(unsafe_code)]

use super::{Layer, LayerError};

/// The first descriptor behind the standard three.
const FIRST: i32 = 3;

/// Closes what the parent left open without close-on-exec, which is how that is told apart from what this process opened: the
/// standard library sets it on everything.
pub(super) fn close() -> Result<(), LayerError> {
    let listing = std::fs::read_dir("/proc/self/fd")
        .map_err(|error| Layer::Descriptors.error("listing what is open", error))?;
    let open: Vec<i32> = listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= FIRST)
        .collect();
    for fd in open {
        // SAFETY: asking for the flags of a descriptor, open or not, touches no memory.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
            // SAFETY: a descriptor without close-on-exec was inherited, so no object of this process owns it.
            unsafe { libc::close(fd) };
        }
    }
    Ok(())
}
