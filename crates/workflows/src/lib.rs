//! Where the two engines meet: workflows are functions, and their nodes call functions.
//!
//! Definitions are saved as versions of functions and found again as plans; the nodes of runs call versions of functions; and
//! whoever calls a function that is a workflow starts a run. Neither engine knows the other: each sees a port that is
//! implemented here.
#![forbid(unsafe_code)]

mod as_function;
mod calls;
mod definitions;
mod directory;
pub mod groups;
mod plans;
mod repin;

pub use as_function::Runs;
pub use calls::FunctionCalls;
pub use definitions::{Definitions, Save, SaveError, Saved, Validated};
pub use plans::Plans;
pub use repin::{Repin, Repinned};
