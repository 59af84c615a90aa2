//! How much a definition may be.

use std::time::Duration;

/// Bounds on the text of a definition and on what is told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest text, in bytes; never more than [`Bounds::MAX_TEXT`]. Default 4 MiB.
    pub text: usize,
    /// How deep maps and lists may nest. Default 64.
    pub depth: usize,
    /// Most keys and values, counted together, those of literals included. Default 500,000.
    pub elements: usize,
    /// Most nodes. Default 10,000.
    pub nodes: usize,
    /// Most problems that are told; the last then says how many more there are. Default 1,000.
    pub problems: usize,
}

impl Bounds {
    /// What no setting exceeds, in bytes: places are counted with 32 bits.
    pub const MAX_TEXT: usize = 256 << 20;
    /// The longest description, in bytes.
    pub const MAX_DESCRIPTION: usize = 4096;
    /// The longest text of `types`, in bytes.
    pub const MAX_TYPES_TEXT: usize = 256 << 10;
    /// The longest text of any other type, in bytes.
    pub const MAX_TYPE_TEXT: usize = 64 << 10;
    /// The longest condition, in bytes.
    pub const MAX_CONDITION: usize = 16 << 10;
    /// Most types that `types` declares.
    pub const MAX_TYPES: usize = 1000;
    /// How large all types of a definition are together, counting types and names of cases and flags, each time they are
    /// written out.
    pub const MAX_TYPE_NODES: u32 = 200_000;
    /// The longest duration.
    pub const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    /// Most attempts of a node.
    pub const MAX_ATTEMPTS: u32 = 100;
    /// The largest factor between two waits, in percent.
    pub const MAX_FACTOR_PERCENT: u32 = 10_000;
    /// Most items of a node, and runs of a workflow, at once.
    pub const MAX_CONCURRENCY: u32 = 10_000;
    /// Most steps of a reference.
    pub const MAX_STEPS: usize = 64;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            text: 4 << 20,
            depth: 64,
            elements: 500_000,
            nodes: 10_000,
            problems: 1000,
        }
    }
}
