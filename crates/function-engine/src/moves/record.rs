//! What is written down of moves.

use std::sync::Arc;

use weft_types::VersionNumber;
use weft_types::moves::{Move, MoveKind, Moves};

use crate::catalog::Function;
use crate::deploy::now;
use crate::deployed::Deployed;

/// A move of a version that happens now.
pub(super) fn happened(
    kind: MoveKind,
    deployed: &Deployed,
    from: Option<VersionNumber>,
    percent: u8,
    reason: impl Into<String>,
) -> Move {
    let version = deployed.record().version;
    let place = deployed.place();
    let profile = place.as_ref().as_ref().ok().map(|placed| placed.name.to_string());
    Move {
        at: now(),
        kind,
        version,
        from: from.filter(|from| *from != version),
        percent,
        profile: profile.filter(|_| deployed.record().workflow.is_none()),
        reason: reason.into(),
    }
}

/// What is written down where a version becomes the active one all at once: a rollout ends with that.
pub(crate) fn activated(before: Option<&Function>, deployed: &Deployed, reason: &str) -> Arc<Moves> {
    let Some(before) = before else {
        let first = happened(MoveKind::Activated, deployed, None, 100, reason);
        return Arc::new(Moves::default().with(first));
    };
    let (version, was) = (deployed.record().version, before.record.active);
    let is_rolling = before.record.moves.rollout.is_some();
    if was == Some(version) && !is_rolling {
        return Arc::clone(&before.record.moves);
    }
    let mut moves = Moves::clone(&before.record.moves);
    if let (Some(rollout), Some(rolling)) = (moves.rollout.take(), &before.rolling) {
        moves = match rollout.version == version {
            true => moves.with(happened(MoveKind::RolloutFinished, deployed, was, 100, reason)),
            false => {
                let reason = format!("version {version} was activated");
                let cancelled = happened(MoveKind::RolloutCancelled, &rolling.candidate, was, 0, reason);
                moves.with(cancelled)
            }
        };
        if rollout.version == version {
            moves.promoted = None;
            return Arc::new(moves);
        }
    }
    if was != Some(version) {
        moves.promoted = None;
        moves = moves.with(happened(MoveKind::Activated, deployed, was, 100, reason));
    }
    Arc::new(moves)
}
