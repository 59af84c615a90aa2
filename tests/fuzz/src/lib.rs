//! What takes bytes from outside, each as one function that panics where a promise is broken.
//!
//! A test replays the kept corpus and some changes of it; `cargo xtask fuzz` looks for minutes, guided by what was covered.

// Targets fail by panicking, as tests do.
#![allow(clippy::unwrap_used)]

mod corpus;
mod mutate;
mod target;

pub use corpus::kept;
pub use mutate::Mutator;
pub use target::{TARGETS, Target, find};
