//! Runs through crashes of the real binary: `kill -9` at random moments under load, and cuts of power at random moments of what
//! the disk was told.
//!
//! Clients write down whatever they were told: answers, the ids of runs, results of nodes, events, the acknowledgement of a
//! cancellation. After the crash they ask for everything again, with the keys they used before. All of it must be as it was,
//! every run must come to its end, and a payee that deduplicates must have seen each charge once.
//!
//! `WEFT_CRASH_ROUNDS` sets the number of crashes of each kind, `WEFT_CRASH_SEED` repeats the lots that were drawn.
#![allow(clippy::print_stdout, reason = "who repeats a crash reads which one it was")]
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

mod client;
mod facts;
mod job;
mod killed;
mod lots;
mod many;
mod payee;
mod power;
mod workflows;
