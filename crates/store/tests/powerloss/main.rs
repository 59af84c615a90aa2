//! What the store has acknowledged survives a loss of power at any moment, and every sync it makes is needed for that.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]

mod child;
mod faults;
mod ledger;
mod life;
mod loss;
mod verdict;
mod workload;
