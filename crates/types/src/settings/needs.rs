//! What a version needs of where it executes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a version needs of its pool profile, instead of naming one: the cheapest that will do is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Needs {
    /// The least that separates its instances; none for whatever there is.
    pub level: Option<NeededLevel>,
    /// Memory that an instance must be allowed, in bytes; at least 64 KiB.
    pub memory_bytes: Option<u64>,
    /// Labels that the profile must carry; at most 16, each a name.
    pub labels: BTreeSet<String>,
}

/// What separates instances at least, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeededLevel {
    /// A store of its own within the server's process.
    Sandbox,
    /// A hardened process.
    Process,
    /// A container.
    Container,
}
