//! Handing over code.

use serde::{Deserialize, Serialize};

/// Code for a worker to load, once, before its first call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Where it lies.
    pub source: CodeSource,
    /// BLAKE3 of the compiled code: a worker that finds anything else refuses it.
    pub digest: [u8; 32],
    /// Names how it was compiled; a worker of another engine refuses it.
    pub compiled_key: String,
    /// How many calls an instance serves; at least 1.
    pub reuse: u32,
    /// Largest frame either side sends from now on, in bytes behind the prefix.
    pub frame_bytes: u32,
    /// Calls at once; at least 1.
    pub calls: u32,
    /// Imported interfaces that other functions satisfy, as `(interface, callee)`.
    pub bindings: Vec<(String, String)>,
}

/// Where compiled code lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeSource {
    /// In a file that the worker inherited open, by its number: how a process with an empty root gets it.
    Descriptor(u32),
    /// At a path within the worker's own root: how a container gets it.
    Path(String),
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
