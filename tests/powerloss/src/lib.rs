//! Simulated loss of power.
//!
//! Killing a process loses nothing that it has written: the kernel still has it. To see what a cut of power loses, a
//! program is run under a preloaded library (`shim/`) that writes down every change below one directory, and every sync.
//! From that record [`State`] knows, at any point, what must be on the disk and what may or may not be, and builds the
//! directory as it may look afterwards. A program that keeps its promises finds all it has acknowledged in each of them;
//! and when the record of any needed sync is [struck out](State::ignoring), it does not.
//!
//! The model, which asks no more of the disk than POSIX does:
//! - a file's data is there since its last `fsync` or `fdatasync`; of what came after, any page (or sector) may be there;
//! - a name is in its directory since the directory's last `fsync`; of what came after, any name may have changed;
//! - syncing a file does nothing for its name, renaming does nothing for its data, `sync_file_range` does nothing at all.
//!
//! What is written through shared memory maps is not seen: SQLite's `-shm` files, which it rebuilds.
#![forbid(unsafe_code)]

mod chance;
mod file;
mod record;
mod recorder;
mod state;
mod trace;

pub use record::{Event, FAULTS, LOG, ROOT};
pub use recorder::{Recorder, mark_own};
pub use state::{Loss, START, State};
pub use trace::{TraceError, parse, read};
