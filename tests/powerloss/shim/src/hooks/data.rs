//! Changing the contents of files.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use libc::{iovec, off_t, size_t, ssize_t};
use weft_powerloss::Event;

use super::fail;
use crate::fault::Faults;
use crate::watch::{Watch, watch};

/// Writes `data` at `offset`, or where the file stands, and writes down what was written.
///
/// # Safety
/// `data` may be read for `length` bytes.
unsafe fn write_at(fd: c_int, data: *const c_void, length: size_t, offset: Option<off_t>) -> ssize_t {
    let write = |length: size_t| {
        // SAFETY: the caller's promise, `length` being no more than it was. A count of bytes fits the word it came in.
        unsafe {
            match offset {
                Some(offset) => libc::syscall(libc::SYS_pwrite64, fd, data, length, offset) as ssize_t,
                None => libc::syscall(libc::SYS_write, fd, data, length) as ssize_t,
            }
        }
    };
    let Some(watch) = watch() else {
        return write(length);
    };
    if watch.open_file(fd).is_none() {
        // A pipe or a socket may block, which must not hold up the others.
        return write(length);
    }
    let mut faults = watch.enter();
    let Some(path) = watch.open_file(fd) else {
        return write(length);
    };
    let Some(start) = place(fd, offset) else {
        return write(length);
    };
    let Some(granted) = granted(&mut faults, fd, start, length) else {
        return fail(libc::ENOSPC) as ssize_t;
    };
    let written = write(granted);
    if let Ok(count) = usize::try_from(written) {
        // SAFETY: `count` bytes of `data` have just been written, so they may be read.
        let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), count) }.to_vec();
        watch.record(&Event::Write {
            path,
            offset: start,
            data,
        });
    }
    written
}

/// Where the next bytes go.
fn place(fd: c_int, offset: Option<off_t>) -> Option<u64> {
    // SAFETY: neither call touches memory.
    let (flags, current) = unsafe { (libc::fcntl(fd, libc::F_GETFL), libc::lseek(fd, 0, libc::SEEK_CUR)) };
    if flags & libc::O_APPEND != 0 {
        size(fd)
    } else {
        offset.unwrap_or(current).try_into().ok()
    }
}

/// The length of an open file in bytes.
pub(super) fn size(fd: c_int) -> Option<u64> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` has the size that is written, and is read only where it was.
    let status = unsafe {
        if libc::fstat(fd, status.as_mut_ptr()) != 0 {
            return None;
        }
        status.assume_init()
    };
    status.st_size.try_into().ok()
}

/// How many of `length` bytes the disk has room for; none where for none of them.
fn granted(faults: &mut Faults, fd: c_int, start: u64, length: size_t) -> Option<size_t> {
    let growth = (start + length as u64).saturating_sub(size(fd).unwrap_or(0));
    let missing = growth - faults.take_room(growth);
    let granted = length - usize::try_from(missing).ok()?.min(length);
    (granted > 0 || length == 0).then_some(granted)
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn write(fd: c_int, data: *const c_void, length: size_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { write_at(fd, data, length, None) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwrite(
    fd: c_int,
    data: *const c_void,
    length: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { write_at(fd, data, length, Some(offset)) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwrite64(
    fd: c_int,
    data: *const c_void,
    length: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { write_at(fd, data, length, Some(offset)) }
}

/// Writes the parts one after the other, as far as it goes.
///
/// # Safety
/// `parts` points to `count` parts, each of which may be read.
unsafe fn write_parts(fd: c_int, parts: *const iovec, count: c_int, offset: Option<off_t>) -> ssize_t {
    let mut total: ssize_t = 0;
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the caller's promise.
        let written = unsafe {
            let part = &*parts.add(index);
            let offset = offset.map(|offset| offset + total as off_t);
            let written = write_at(fd, part.iov_base, part.iov_len, offset);
            (written, part.iov_len)
        };
        match written {
            (-1, _) if total == 0 => return -1,
            (-1, _) => return total,
            (written, length) => {
                total += written;
                if usize::try_from(written) != Ok(length) {
                    return total;
                }
            }
        }
    }
    total
}

/// Whether writes to this file are written down: only then may one that is given in parts be done in parts.
fn watched(fd: c_int) -> bool {
    watch().is_some_and(|watch: &Watch| watch.open_file(fd).is_some())
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe {
        if watched(fd) {
            return write_parts(fd, parts, count, None);
        }
        libc::syscall(libc::SYS_writev, fd, parts, count) as ssize_t
    }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwritev(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's promise; the offset's upper half is in its own word only where a word is too small for it.
    unsafe {
        if watched(fd) {
            return write_parts(fd, parts, count, Some(offset));
        }
        libc::syscall(libc::SYS_pwritev, fd, parts, count, offset, 0) as ssize_t
    }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwritev64(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { pwritev(fd, parts, count, offset) }
}

/// Does `change`, which gives the file at `fd` the length `length`, and writes it down.
fn resize(fd: c_int, length: impl Fn(u64) -> u64, needs_room: bool, change: impl Fn() -> c_int) -> c_int {
    let Some(watch) = watch() else { return change() };
    let mut faults = watch.enter();
    let (Some(path), Some(old)) = (watch.open_file(fd), size(fd)) else {
        return change();
    };
    let new = length(old);
    let growth = if needs_room { new.saturating_sub(old) } else { 0 };
    if faults.take_room(growth) < growth {
        return fail(libc::ENOSPC);
    }
    let outcome = change();
    if outcome == 0 && new != old {
        watch.record(&Event::Resize { path, length: new });
    }
    outcome
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
    let new = u64::try_from(length).unwrap_or(0);
    // SAFETY: the call touches no memory. It answers 0 or -1.
    resize(
        fd,
        |_| new,
        // What it adds is a hole.
        false,
        || unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) as c_int },
    )
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { ftruncate(fd, length) }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn fallocate(fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int {
    // SAFETY: the call touches no memory. It answers 0 or -1.
    let allocate = || unsafe { libc::syscall(libc::SYS_fallocate, fd, mode, offset, length) as c_int };
    let end = u64::try_from(offset.saturating_add(length)).unwrap_or(0);
    if mode == 0 {
        resize(fd, |old| old.max(end), true, allocate)
    } else {
        allocate()
    }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn posix_fallocate(fd: c_int, offset: off_t, length: off_t) -> c_int {
    // SAFETY: the caller's promise; the error number is this thread's own. This one answers the error itself.
    unsafe {
        if fallocate(fd, 0, offset, length) == 0 {
            0
        } else {
            *libc::__errno_location()
        }
    }
}

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn posix_fallocate64(fd: c_int, offset: off_t, length: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { posix_fallocate(fd, offset, length) }
}
