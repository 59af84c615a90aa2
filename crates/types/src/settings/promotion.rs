//! Where a version goes while it traps.

use serde::{Deserialize, Serialize};

use super::NeededLevel;

/// Moves a version to a stronger profile after it trapped or ran out of memory too often, and back after it was quiet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Promotion {
    /// The profile that it moves to.
    pub profile: Option<String>,
    /// The level that it moves to, under the cheapest profile that has it and what else the version needs. Where neither this nor
    /// `profile` is given, the next one above its own.
    pub level: Option<NeededLevel>,
    /// After so many traps, 1 to 1,000. Running out of memory or stack, and losing the process, count as such.
    pub after: u32,
    /// Within so many milliseconds, 1 to 86,400,000 (a day).
    pub window_ms: u64,
    /// Back when there was none for so many milliseconds, 1 to 2,592,000,000 (30 days).
    pub quiet_ms: u64,
}

impl Default for Promotion {
    fn default() -> Self {
        Self {
            profile: None,
            level: None,
            after: 3,
            window_ms: 60_000,
            quiet_ms: 600_000,
        }
    }
}
