//! Groups of workers that runs and nodes ask for: the pools whose profile carries a label.

use weft_function_engine::{Callee, Engine, Error};

/// The group that every pool belongs to.
pub const DEFAULT: &str = "default";

/// Whether the nodes of a run that asks for this group can be executed anywhere; one that asks for none can.
///
/// # Errors
/// Where no profile carries such a label: which labels there are.
pub fn check(engine: &Engine, group: Option<&str>) -> Result<(), Error> {
    match group {
        None | Some(DEFAULT) => Ok(()),
        Some(label) => engine.check_label(label),
    }
}

/// The version in a pool of the group: its own, or the cheapest that will do.
///
/// # Errors
/// Where none will do: why.
pub(crate) fn within(callee: Callee, group: Option<&str>) -> Result<Callee, Error> {
    match group {
        None | Some(DEFAULT) => Ok(callee),
        Some(label) => callee.with_label(label),
    }
}
