//! Changing names.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_long, c_uint};

use libc::mode_t;
use weft_powerloss::Event;

use super::bytes;
use crate::watch::{Watch, watch};

/// Does `change` and writes down the event it is, where there is one.
fn change(event: impl Fn(&Watch) -> Option<Event>, change: impl Fn() -> c_long) -> c_int {
    // Each of these calls answers 0 or -1.
    let Some(watch) = watch() else {
        return change() as c_int;
    };
    let _order = watch.enter();
    // Before it happens: afterwards the name may lead nowhere.
    let event = event(watch);
    let outcome = change();
    if let Some(event) = event.filter(|_| outcome == 0) {
        watch.record(&event);
    }
    outcome as c_int
}

/// # Safety
/// As for `renameat2`.
unsafe fn rename_at(
    from_directory: c_int,
    from: *const c_char,
    to_directory: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    let event = |watch: &Watch| {
        // SAFETY: the caller's promise.
        let (from, to) = unsafe { (bytes(from)?, bytes(to)?) };
        Some(Event::Rename {
            from: watch.named(from_directory, from)?,
            to: watch.named(to_directory, to)?,
        })
    };
    // SAFETY: the caller's promise.
    change(event, || unsafe {
        libc::syscall(libc::SYS_renameat2, from_directory, from, to_directory, to, flags)
    })
}

/// # Safety
/// As for `unlinkat`.
unsafe fn remove_at(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    let event = |watch: &Watch| {
        // SAFETY: the caller's promise.
        let path = unsafe { bytes(path)? };
        Some(Event::Remove {
            path: watch.named(directory, path)?,
        })
    };
    // SAFETY: the caller's promise.
    change(event, || unsafe {
        libc::syscall(libc::SYS_unlinkat, directory, path, flags)
    })
}

/// # Safety
/// As for `mkdirat`.
unsafe fn make_at(directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
    let event = |watch: &Watch| {
        // SAFETY: the caller's promise.
        let path = unsafe { bytes(path)? };
        Some(Event::MakeDirectory {
            path: watch.named(directory, path)?,
        })
    };
    // SAFETY: the caller's promise.
    change(event, || unsafe {
        libc::syscall(libc::SYS_mkdirat, directory, path, mode)
    })
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { rename_at(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn renameat(
    from_directory: c_int,
    from: *const c_char,
    to_directory: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { rename_at(from_directory, from, to_directory, to, 0) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn renameat2(
    from_directory: c_int,
    from: *const c_char,
    to_directory: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { rename_at(from_directory, from, to_directory, to, flags) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { remove_at(libc::AT_FDCWD, path, 0) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { remove_at(directory, path, flags) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { remove_at(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { make_at(libc::AT_FDCWD, path, mode) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { make_at(directory, path, mode) }
}
