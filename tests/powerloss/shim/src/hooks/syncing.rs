//! Asking for things to be on the disk.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

use weft_powerloss::Event;

use super::data::size;
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
    if let Some(data) = found(fd) {
        watch.record(&Event::Found {
            path: path.clone(),
            data,
        });
    }
    watch.record(&Event::Sync { path });
    0
}

/// The contents of a file that was opened only for reading: whoever wrote it may not be watched.
fn found(fd: c_int) -> Option<Vec<u8>> {
    // SAFETY: the call touches no memory.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    if flags < 0 || flags & libc::O_ACCMODE != libc::O_RDONLY {
        return None;
    }
    // At least a byte, so that reading a directory is tried and refused.
    let mut data = vec![0_u8; usize::try_from(size(fd)?).ok()?.max(1)];
    let mut length = 0;
    while length < data.len() {
        let rest = &mut data[length..];
        // SAFETY: the pointer and the length are those of a live buffer.
        let read = unsafe { libc::syscall(libc::SYS_pread64, fd, rest.as_mut_ptr(), rest.len(), length) };
        match usize::try_from(read) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(_) => return None,
        }
    }
    data.truncate(length);
    Some(data)
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
