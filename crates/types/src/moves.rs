//! How a function moves between its versions and the pools they execute in, while it is called: what is kept of that, and the
//! decisions on it as pure functions.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::VersionNumber;

mod history;
pub mod promotion;
pub mod rollout;

pub use history::{History, Move, MoveKind};
pub use rollout::{Policy, Rollout};

/// What is kept of the moves of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Moves {
    /// The version that is about to take the place of the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Arc<Rollout>>,
    /// That the active version executes elsewhere than its settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted: Option<Promoted>,
    /// What happened lately.
    pub history: History,
}

/// A version that was moved by its settings' `promotion`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Promoted {
    /// The version.
    pub version: VersionNumber,
    /// The profile that it executes under.
    pub profile: String,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Moves {
    /// The same, with one move more.
    #[must_use]
    pub fn with(mut self, happened: Move) -> Self {
        self.history.note(happened);
        self
    }
}
