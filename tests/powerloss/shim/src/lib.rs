//! A library to preload: it writes down every change below one directory, and makes syncs and space fail on demand.
//!
//! It takes the place of the C library's functions for the program and every library in it; each does the system call
//! itself. Whatever is not below the watched directory passes through untouched. What is not covered: `copy_file_range`
//! and its like, hard links, io_uring, and programs that do system calls without the C library. A test notices: the record
//! played back whole must give the directory as it is.
#![allow(unsafe_code)]

mod fault;
mod hooks;
mod path;
mod watch;
