//! The functions that stand in for the C library's.
//!
//! The variable arguments of `open` are declared as fixed ones: on the Linux ABIs both are passed alike.
#![allow(unsafe_code)]

use std::ffi::c_int;

mod data;
mod names;
mod opening;
mod syncing;

/// Fails as the C library does.
fn fail(code: c_int) -> c_int {
    // SAFETY: the C library answers a pointer to this thread's own error number.
    unsafe { *libc::__errno_location() = code };
    -1
}

/// The bytes of a C string; none for a null pointer, which the system call will refuse itself.
///
/// # Safety
/// `text` is null or points to a C string that lives as long as the answer is used.
unsafe fn bytes<'a>(text: *const libc::c_char) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes())
}
