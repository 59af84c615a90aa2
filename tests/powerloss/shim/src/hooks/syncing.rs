//! Asking for things to be on the disk.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

use weft_powerloss::Event;

use super::fail;
use crate::watch::watch;

/// Syncs by `call` and writes it down, or fails where the faults say so.
///
/// The real sync is left out for what is watched: the record says what it would have done, and tests are faster.
fn sync(fd: c_int, call: c_long) -> c_int {
    // SAFETY: the call touches no memory. It answers 0 or -1.
    let sync = || unsafe { libc::syscall(call, fd) as c_int };
    let Some(watch) = watch() else { return sync() };
    let mut faults = watch.enter();
    let Some(path) = watch.open_file(fd) else {
        drop(faults);
        return sync();
    };
    if faults.sync_fails(&path) {
        return fail(libc::EIO);
    }
    watch.record(&Event::Sync { path });
    0
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fsync)
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fdatasync)
}
