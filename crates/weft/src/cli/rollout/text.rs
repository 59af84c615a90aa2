//! Rollouts and moves for people.

use weft_api::wire::{Move, MoveKind, Rollout, RolloutCounts};

use crate::output::Table;

/// The rollout that is under way, and what moved before.
pub(super) fn told(function: &str, rollout: Option<&Rollout>, moves: &[Move]) -> String {
    let mut text = match rollout {
        Some(rollout) => format!("{function}: {}", line(rollout)),
        None => format!("{function}: no rollout is under way"),
    };
    if !moves.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(moves).to_string());
    }
    text
}

/// A rollout in a line.
pub(crate) fn line(rollout: &Rollout) -> String {
    format!("version {} {}", rollout.version, share(rollout))
}

/// What the version that takes over does.
pub(crate) fn share(rollout: &Rollout) -> String {
    let policy = &rollout.policy;
    format!(
        "answers {} % of the calls instead of version {}, stage {} of {}: {}, {} before",
        rollout.percent,
        rollout.from,
        rollout.stage,
        policy.stages.len(),
        counts(rollout.new),
        counts(rollout.old)
    )
}

fn counts(RolloutCounts { calls, errors }: RolloutCounts) -> String {
    format!("{errors} of {calls} calls failed")
}

fn table(moves: &[Move]) -> Table {
    let mut table = Table::new(["when", "version", "", "share", "profile", "why"]);
    for happened in moves {
        table.row([
            happened.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            happened.version.to_string(),
            kind(happened.kind).to_owned(),
            format!("{} %", happened.percent),
            happened.profile.clone().unwrap_or_else(|| "-".to_owned()),
            happened.reason.clone(),
        ]);
    }
    table
}

fn kind(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Activated => "activated",
        MoveKind::RolloutBegan => "rollout began",
        MoveKind::RolloutAdvanced => "rollout advanced",
        MoveKind::RolloutFinished => "rollout finished",
        MoveKind::RolloutReturned => "rollout returned",
        MoveKind::RolloutCancelled => "rollout cancelled",
        MoveKind::Promoted => "promoted",
        MoveKind::Restored => "restored",
        MoveKind::PoolReplaced => "pool replaced",
    }
}
