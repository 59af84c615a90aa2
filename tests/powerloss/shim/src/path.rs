//! Absolute paths of what system calls name.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int};

/// The longest path the kernel gives.
const MAX_PATH: usize = 4096;

/// The path of an open file; the kernel adds ` (deleted)` where it has no name any more.
pub(crate) fn of_open_file(fd: c_int) -> Option<Vec<u8>> {
    let link = CString::new(format!("/proc/self/fd/{fd}")).ok()?;
    let mut path = vec![0_u8; MAX_PATH];
    // SAFETY: `link` is a C string and `path` a buffer of the length given; both live during the call.
    let length = unsafe {
        libc::syscall(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            link.as_ptr(),
            path.as_mut_ptr(),
            path.len(),
        )
    };
    path.truncate(usize::try_from(length).ok()?);
    Some(path)
}

/// The path of `name`, taken from `directory` where it is relative. Links in what leads to it are followed.
pub(crate) fn of_name(directory: c_int, name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let (parent, last) = match name.iter().rposition(|&byte| byte == b'/') {
        None => (b".".as_slice(), name),
        Some(0) => (b"/".as_slice(), &name[1..]),
        Some(slash) => (&name[..slash], &name[slash + 1..]),
    };
    let mut path = of_directory(directory, parent)?;
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(last);
    Some(path)
}

fn of_directory(directory: c_int, name: &[u8]) -> Option<Vec<u8>> {
    let name = CString::new(name).ok()?;
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: `name` is a C string that lives during the call.
    let fd = unsafe { libc::syscall(libc::SYS_openat, directory, name.as_ptr(), flags) };
    let fd = c_int::try_from(fd).ok().filter(|&fd| fd >= 0)?;
    let path = of_open_file(fd);
    // SAFETY: `fd` was opened above and is used nowhere else.
    unsafe { libc::syscall(libc::SYS_close, fd) };
    path
}
