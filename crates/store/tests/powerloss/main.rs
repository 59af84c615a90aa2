//! What the store has acknowledged survives a loss of power at any moment, and every sync it makes is needed for that.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
#![allow(
    clippy::print_stdout,
    reason = "the processes talk over it, and what a missing sync loses is worth reading"
)]

mod child;
mod faults;
mod ledger;
mod life;
mod loss;
mod runs;
mod verdict;
mod workload;
