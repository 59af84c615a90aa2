//! The ports in memory, on a temporary directory where a path is needed.

pub(crate) mod artifacts;
pub(crate) mod keyvalue;
pub(crate) mod registry;
pub(crate) mod runtime;
