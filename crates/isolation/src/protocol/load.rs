//! Handing over code.

use serde::{Deserialize, Serialize};

/// Makes the code ready that the worker mapped when it started, once, before its first call. The body tells what the code is,
/// in terms of those who execute it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Names how it was compiled; a worker that mapped anything else refuses it.
    pub compiled_key: String,
    /// How many calls an instance serves; at least 1.
    pub reuse: u32,
    /// Largest frame either side sends from now on, in bytes behind the prefix.
    pub frame_bytes: u32,
}

/// Why code could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadFailure {
    /// It is not what was written, or another engine's.
    NotIntact(String),
    /// An import that nothing satisfies.
    Unsatisfied(String),
    /// It could not be read.
    Unreadable(String),
}
