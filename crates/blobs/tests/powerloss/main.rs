//! What a directory of blobs has acknowledged survives a loss of power at any moment, and every sync it makes is needed for that.
//!
//! One sync is out of reach here: that of a blob's time when it is renewed, as the record has contents and names only.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
#![allow(clippy::print_stdout, reason = "what a missing sync loses is worth reading")]

mod child;
mod faults;
#[allow(dead_code, reason = "shared with the store's tests, which use more of it")]
#[path = "../../../store/tests/powerloss/ledger.rs"]
mod ledger;
mod life;
mod loss;
mod verdict;
mod workload;
