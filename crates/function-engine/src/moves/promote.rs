//! Promotions: a version that traps executes under a stronger profile until it is quiet.

use std::sync::Arc;

use weft_types::moves::promotion::{Decision, Observed, decide};
use weft_types::moves::{Move, MoveKind, Moves, Promoted};

use super::Step;
use super::record::happened;
use crate::Error;
use crate::catalog::Function;
use crate::deploy::now;
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::invoke::clock;

impl Inner {
    /// Looks at where the active version of a function executes and has it moved as is decided, in the background.
    pub(super) fn look_at_promotion(self: &Arc<Self>, found: &Function) {
        let Some(active) = found.active.as_ref() else {
            return;
        };
        let Some(policy) = active.record().settings.promotion.as_ref() else {
            return;
        };
        let now = clock();
        let observed = Observed {
            promoted: active.promoted_for(now),
            ago: &active.tally.traps_ago(now),
        };
        let (promote, reason) = match decide(policy, &observed) {
            Decision::Stay => return,
            Decision::Promote(reason) => (true, reason),
            Decision::Restore(reason) => (false, reason),
        };
        if !active.begin_moving() {
            return;
        }
        let (inner, active) = (Arc::clone(self), Arc::clone(active));
        self.background.spawn(async move {
            if let Err(error) = inner.promote(&active, promote, reason).await {
                tracing::warn!(version = ?active, promote, %error, "a version stays where it is");
                // It would fail again at once.
                active.tally.forget_traps();
            }
            active.end_moving();
        });
    }

    /// Moves a version to the place it is promoted to, or back, and writes that down.
    async fn promote(
        self: &Arc<Self>,
        active: &Arc<Deployed>,
        promote: bool,
        reason: String,
    ) -> Result<(), Error> {
        let before = active.promoted_for(clock());
        active.set_promoted(promote.then(clock));
        let place = active.place_under(&self.profiles.load(), &self.config);
        if let Err(error) = self.renew(active, place).await {
            active.set_promoted(before.and_then(|since| clock().checked_sub(since)));
            return Err(error);
        }
        // From when it is there.
        active.set_promoted(promote.then(clock));
        active.tally.forget_traps();
        tracing::info!(version = ?active, promote, reason, "a version moved");
        let record = active.record();
        let note = |found: &Function| {
            let same = found.active.as_ref().is_some_and(|now| Arc::ptr_eq(now, active));
            Ok(same.then(|| Step {
                moves: promoted(found, active, promote, reason),
                active: None,
            }))
        };
        if let Err(error) = self.change_moves(&record.project, &record.function, note).await {
            tracing::warn!(version = ?active, %error, "a move could not be written down");
        }
        Ok(())
    }

    /// A version that no longer answers calls is not promoted either: it begins anew when it does again.
    pub(super) fn forget_promotion(&self, old: &Arc<Deployed>) {
        old.tally.forget_traps();
        if old.promoted_for(clock()).is_some() {
            old.set_promoted(None);
            old.moves_at_once(&old.place_under(&self.profiles.load(), &self.config));
        }
    }

    /// Writes down that another pool took the place of an active version's; what it did not become to know of is lost.
    pub(crate) async fn note_replaced(&self, deployed: &Arc<Deployed>, reason: &str) {
        let record = deployed.record();
        let note = |found: &Function| {
            let answers = found.answering().any(|now| Arc::ptr_eq(now, deployed));
            Ok(answers.then(|| Step {
                moves: Moves::clone(&found.record.moves).with(replaced(found, deployed, reason)),
                active: None,
            }))
        };
        if let Err(error) = self.change_moves(&record.project, &record.function, note).await {
            tracing::warn!(version = ?deployed, %error, "a move could not be written down");
        }
    }
}

fn promoted(found: &Function, active: &Deployed, promote: bool, reason: String) -> Moves {
    let kind = match promote {
        true => MoveKind::Promoted,
        false => MoveKind::Restored,
    };
    let happened = happened(kind, active, None, share(found, active), reason);
    let promoted = promote.then(|| Promoted {
        version: happened.version,
        profile: happened.profile.clone().unwrap_or_default(),
        at: now(),
        reason: happened.reason.clone(),
    });
    let moves = Moves {
        promoted,
        ..Moves::clone(&found.record.moves)
    };
    moves.with(happened)
}

fn replaced(found: &Function, deployed: &Deployed, reason: &str) -> Move {
    happened(
        MoveKind::PoolReplaced,
        deployed,
        None,
        share(found, deployed),
        reason,
    )
}

/// How many of a hundred calls a version answers.
fn share(found: &Function, deployed: &Deployed) -> u8 {
    let version = deployed.record().version;
    match &found.record.moves.rollout {
        Some(rollout) if rollout.version == version => rollout.percent(),
        Some(rollout) => 100 - rollout.percent(),
        None => 100,
    }
}
