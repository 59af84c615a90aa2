//! The moves of a function that happened lately.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::VersionNumber;

/// The latest moves, the oldest first; at most [`History::MOST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(VecDeque<Move>);

/// A move that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: MoveKind,
    /// The version that it is about.
    pub version: VersionNumber,
    /// The version that answered calls before, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<VersionNumber>,
    /// How many of a hundred calls the version answers from then on.
    pub percent: u8,
    /// The profile that it executes under from then on; none for a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Why.
    pub reason: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// A version answers calls from then on, all at once.
    Activated,
    /// A rollout began.
    RolloutBegan,
    /// A rollout reached its next stage.
    RolloutAdvanced,
    /// A rollout ended: the new version answers calls.
    RolloutFinished,
    /// A rollout ended by itself: the version before answers calls again.
    RolloutReturned,
    /// A rollout was ended by somebody.
    RolloutCancelled,
    /// The version executes under a stronger profile.
    Promoted,
    /// The version executes under its own profile again.
    Restored,
    /// Another pool took the place of the one before.
    PoolReplaced,
}

impl History {
    /// Most moves that are kept of a function.
    pub const MOST: usize = 64;

    /// Adds a move; where there are too many, the oldest goes.
    pub fn note(&mut self, happened: Move) {
        while self.0.len() >= Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(happened);
    }

    /// The moves, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Move> {
        self.0.iter().rev()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_are_kept() {
        let mut history = History::default();
        for version in 1..=100 {
            history.note(Move {
                at: Timestamp::UNIX_EPOCH,
                kind: MoveKind::Activated,
                version: VersionNumber(version),
                from: None,
                percent: 100,
                profile: None,
                reason: "it was activated".to_owned(),
            });
        }
        let versions: Vec<_> = history
            .newest_first()
            .map(|happened| happened.version.0)
            .collect();
        assert_eq!(
            (versions.len(), versions[0], versions[63]),
            (History::MOST, 100, 37)
        );
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
    }
}
