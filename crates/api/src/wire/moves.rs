//! Moves: rollouts, promotions, and what happened of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine::RolloutView;
use weft_types::moves;

/// How a version becomes the active one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Activate {
    /// Step by step, as this says; all at once where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutPolicy>,
}

/// How a version takes over step by step. What is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RolloutPolicy {
    /// How many of a hundred calls it answers in each stage: 1 to 16 stages, ascending, the last one 100. Default 5, 25, 50, 100.
    pub stages: Vec<u8>,
    /// How long each stage lasts at least, in milliseconds, 1 to 604,800,000. Default 60,000.
    pub stage_ms: u64,
    /// How many calls it must have answered in a stage before it is judged, 1 to 1,000,000. Default 50.
    pub min_calls: u64,
    /// By how many percent of its calls it may fail more often than the version before, 0 to 100. Default 5.
    pub error_bound_percent: u8,
    /// How long all of it may take before it is given up, in milliseconds: at least what the stages take, at most 2,592,000,000.
    /// Default 86,400,000.
    pub limit_ms: u64,
}

/// A version that takes over from the active one step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Rollout {
    /// The version that takes over.
    pub version: u32,
    /// The version whose place it takes.
    pub from: u32,
    /// How many of a hundred calls that name no version it answers now.
    pub percent: u8,
    /// The stage, from 1.
    pub stage: usize,
    /// When the rollout began.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When the stage began.
    #[schema(value_type = String, format = DateTime)]
    pub stage_at: Timestamp,
    /// What the new version answered in this stage, since the server was started.
    pub new: RolloutCounts,
    /// What the version before answered since the rollout began or the server was started.
    pub old: RolloutCounts,
    /// How it goes on.
    pub policy: RolloutPolicy,
}

/// Calls of one version, cancelled ones not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RolloutCounts {
    /// Calls that ended.
    pub calls: u64,
    /// How many failed, were answered with the function's own error, or with a status of 500 or above.
    pub errors: u64,
}

/// That the active version executes elsewhere than its settings say, as it trapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Promoted {
    /// The profile that it executes under.
    pub profile: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    #[schema(example = "it trapped or ran out of memory 3 times within 60 s")]
    pub reason: String,
}

/// A move that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Move {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What.
    pub kind: MoveKind,
    /// The version that it is about.
    pub version: u32,
    /// The version that answered calls before, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// How many of a hundred calls the version answers from then on.
    pub percent: u8,
    /// The profile that it executes under from then on; absent for a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Why.
    #[schema(example = "12 of its 50 calls failed, 0 of 950 before: more than 5 percent more")]
    pub reason: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

impl Default for RolloutPolicy {
    fn default() -> Self {
        Self::from(&moves::Policy::default())
    }
}

impl From<&moves::Policy> for RolloutPolicy {
    fn from(policy: &moves::Policy) -> Self {
        let moves::Policy {
            stages,
            stage_ms,
            min_calls,
            error_bound_percent,
            limit_ms,
        } = policy;
        Self {
            stages: stages.clone(),
            stage_ms: *stage_ms,
            min_calls: *min_calls,
            error_bound_percent: *error_bound_percent,
            limit_ms: *limit_ms,
        }
    }
}

impl From<RolloutPolicy> for moves::Policy {
    fn from(policy: RolloutPolicy) -> Self {
        let RolloutPolicy {
            stages,
            stage_ms,
            min_calls,
            error_bound_percent,
            limit_ms,
        } = policy;
        Self {
            stages,
            stage_ms,
            min_calls,
            error_bound_percent,
            limit_ms,
        }
    }
}

impl From<&RolloutView> for Rollout {
    fn from(view: &RolloutView) -> Self {
        let (rollout, observed) = (&view.rollout, &view.observed);
        Self {
            version: rollout.version.0,
            from: view.from.0,
            percent: rollout.percent(),
            stage: rollout.stage + 1,
            began_at: rollout.began_at,
            stage_at: rollout.stage_at,
            new: observed.new.into(),
            old: observed.old.into(),
            policy: RolloutPolicy::from(&rollout.policy),
        }
    }
}

impl From<moves::rollout::Counts> for RolloutCounts {
    fn from(counts: moves::rollout::Counts) -> Self {
        let moves::rollout::Counts { calls, errors } = counts;
        Self { calls, errors }
    }
}

impl From<&moves::Promoted> for Promoted {
    fn from(promoted: &moves::Promoted) -> Self {
        Self {
            profile: promoted.profile.clone(),
            at: promoted.at,
            reason: promoted.reason.clone(),
        }
    }
}

impl From<&moves::Move> for Move {
    fn from(happened: &moves::Move) -> Self {
        Self {
            at: happened.at,
            kind: happened.kind.into(),
            version: happened.version.0,
            from: happened.from.map(|version| version.0),
            percent: happened.percent,
            profile: happened.profile.clone(),
            reason: happened.reason.clone(),
        }
    }
}

impl From<moves::MoveKind> for MoveKind {
    fn from(kind: moves::MoveKind) -> Self {
        match kind {
            moves::MoveKind::Activated => Self::Activated,
            moves::MoveKind::RolloutBegan => Self::RolloutBegan,
            moves::MoveKind::RolloutAdvanced => Self::RolloutAdvanced,
            moves::MoveKind::RolloutFinished => Self::RolloutFinished,
            moves::MoveKind::RolloutReturned => Self::RolloutReturned,
            moves::MoveKind::RolloutCancelled => Self::RolloutCancelled,
            moves::MoveKind::Promoted => Self::Promoted,
            moves::MoveKind::Restored => Self::Restored,
            moves::MoveKind::PoolReplaced => Self::PoolReplaced,
        }
    }
}
