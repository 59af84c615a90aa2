//! Opening files, which may create or empty them.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use libc::mode_t;
use weft_powerloss::Event;

use crate::watch::watch;

/// # Safety
/// As for `openat`.
unsafe fn open_at(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the arguments are the caller's; the system call checks them. A descriptor fits an int.
    let open = || unsafe { libc::syscall(libc::SYS_openat, directory, path, flags, mode) as c_int };
    let changes = flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
    let Some(watch) = watch().filter(|_| changes) else {
        return open();
    };
    let _order = watch.enter();
    let fd = open();
    if let Some(path) = (fd >= 0).then(|| watch.open_file(fd)).flatten() {
        watch.record(&Event::Create { path: path.clone() });
        if flags & libc::O_TRUNC != 0 {
            watch.record(&Event::Resize { path, length: 0 });
        }
    }
    fd
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open_at(libc::AT_FDCWD, path, flags | libc::O_LARGEFILE, mode) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn openat(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open_at(directory, path, flags, mode) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn openat64(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open_at(directory, path, flags | libc::O_LARGEFILE, mode) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn creat(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        open_at(
            libc::AT_FDCWD,
            path,
            libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC,
            mode,
        )
    }
}
