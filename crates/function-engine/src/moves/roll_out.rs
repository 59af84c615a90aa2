//! Rollouts: begun, moved on and ended.

use std::sync::Arc;

use weft_types::moves::rollout::{Decision, decide};
use weft_types::moves::{MoveKind, Moves, Policy, Rollout};
use weft_types::{FunctionName, ProjectName, VersionNumber};

use super::Step;
use super::record::happened;
use crate::catalog::{Function, Rolling};
use crate::deploy::now;
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::{Error, FunctionView};

impl Inner {
    pub(super) async fn roll_out(
        self: &Arc<Self>,
        project: &ProjectName,
        name: &FunctionName,
        version: VersionNumber,
        policy: Policy,
    ) -> Result<FunctionView, Error> {
        policy
            .validate()
            .map_err(|error| Error::settings(error.pointer, error.message))?;
        let candidate = self.resolve(project.as_str(), name.as_str(), Some(version))?;
        let active = self.resolve(project.as_str(), name.as_str(), None)?;
        self.check_granted(&candidate)?;
        check(&active, &candidate)?;
        self.make_ready(&candidate, None).await?;
        let begin = |found: &Function| {
            if let Some(rolling) = &found.rolling {
                return Err(Error::RolloutUnderWay {
                    function: name.clone(),
                    version: rolling.rollout.version,
                });
            }
            let candidate = found.version(Some(version))?;
            let active = found.version(None)?;
            self.check_granted(candidate)?;
            check(active, candidate)?;
            Ok(Some(begun(found, active, candidate, policy)))
        };
        let view = self.change_moves(project, name, begin).await?;
        tracing::info!(%project, function = %name, %version, "a rollout began");
        // `begin` answers a step or an error.
        view.ok_or_else(|| Error::NoRollout(name.clone()))
    }

    pub(super) async fn end_rollout(
        self: &Arc<Self>,
        project: &ProjectName,
        name: &FunctionName,
        finish: bool,
    ) -> Result<FunctionView, Error> {
        if finish {
            let rolling = self.rolling(project, name)?;
            let active = self.resolve(project.as_str(), name.as_str(), None)?;
            self.make_ready(&rolling.candidate, Some((&active, 100))).await?;
        }
        let end = |found: &Function| {
            let rolling = found
                .rolling
                .as_ref()
                .ok_or_else(|| Error::NoRollout(name.clone()))?;
            let kind = match finish {
                true => MoveKind::RolloutFinished,
                false => MoveKind::RolloutCancelled,
            };
            let reason = if finish {
                "it was promoted by hand"
            } else {
                "it was cancelled by hand"
            };
            Ok(Some(ended(found, rolling, kind, reason)))
        };
        let view = self.change_moves(project, name, end).await?;
        view.ok_or_else(|| Error::NoRollout(name.clone()))
    }

    /// Looks at a rollout and does what is decided of it.
    pub(super) async fn look_at_rollout(self: &Arc<Self>, found: &Function) -> Result<(), Error> {
        let (Some(rolling), Some(active)) = (&found.rolling, &found.active) else {
            return Ok(());
        };
        if rolling.begin_readying() {
            self.make_candidate_ready(rolling, active, rolling.rollout.percent())
                .await;
        }
        let decision = decide(&rolling.rollout.policy, &rolling.observed(active));
        let (project, name) = (&found.record.project, &found.record.function);
        let share = match &decision {
            Decision::Keep => return Ok(()),
            Decision::Advance(_) | Decision::Finish(_) => {
                // More calls are about to come for it. Where none starts, they say so, and are counted.
                let next = rolling.rollout.stage + 1;
                let percent = rolling.rollout.policy.stages.get(next).copied();
                self.make_candidate_ready(rolling, active, percent.unwrap_or(100))
                    .await;
                true
            }
            Decision::Return(_) => false,
        };
        let step = |now: &Function| {
            // What was decided of another stage decides nothing of this one.
            let same = now
                .rolling
                .as_ref()
                .is_some_and(|other| Arc::ptr_eq(other, rolling));
            Ok(same.then(|| decided(now, rolling, &decision)))
        };
        if self.change_moves(project, name, step).await?.is_some() {
            let version = rolling.rollout.version;
            match share {
                true => tracing::info!(%project, function = %name, %version, ?decision, "a rollout goes on"),
                false => {
                    tracing::warn!(%project, function = %name, %version, ?decision, "a rollout went back")
                }
            }
        }
        Ok(())
    }

    /// Has instances ready for so many of a hundred calls.
    async fn make_candidate_ready(self: &Arc<Self>, rolling: &Rolling, active: &Deployed, percent: u8) {
        let ready = self.make_ready(&rolling.candidate, Some((active, percent)));
        if let Err(error) = ready.await {
            tracing::warn!(version = ?rolling.candidate, %error, "no instance is ready before calls come");
        }
    }

    fn rolling(&self, project: &ProjectName, name: &FunctionName) -> Result<Arc<Rolling>, Error> {
        let snapshot = self.catalog.read();
        let found = snapshot.function(project.as_str(), name.as_str())?;
        let rolling = found.rolling.as_ref();
        rolling.cloned().ok_or_else(|| Error::NoRollout(name.clone()))
    }
}

/// Refuses a version that cannot answer the calls of another.
fn check(active: &Deployed, candidate: &Deployed) -> Result<(), Error> {
    let (old, new) = (active.record(), candidate.record());
    let refused = |reason: String| {
        Err(Error::CannotRollOut {
            function: new.function.clone(),
            version: new.version,
            reason,
        })
    };
    if new.workflow.is_some() {
        return refused(
            "a workflow is activated all at once: its runs keep the version that they began with".into(),
        );
    }
    if new.version == old.version {
        return refused("it answers all calls already".into());
    }
    if new.inspection.flavor != old.inspection.flavor {
        return refused(format!("it is called otherwise than version {}", old.version));
    }
    let lacks = |export: &&weft_types::Export| {
        let mut others = new.inspection.exports.iter();
        let same = others.find(|other| other.name == export.name && other.interface == export.interface);
        export.signature().is_some() && same.and_then(|same| same.signature()) != export.signature()
    };
    match old.inspection.exports.iter().find(lacks) {
        Some(export) => refused(format!(
            "callers of version {} call `{}`, which it has not, or with other types; activate it all at once",
            old.version,
            export.full_name()
        )),
        None => Ok(()),
    }
}

fn begun(found: &Function, active: &Deployed, candidate: &Deployed, policy: Policy) -> Step {
    let at = now();
    let rollout = Rollout {
        version: candidate.record().version,
        policy,
        stage: 0,
        began_at: at,
        stage_at: at,
    };
    let from = Some(active.record().version);
    let reason = format!("it was asked for, in the stages {}", told(&rollout.policy));
    let move_ = happened(MoveKind::RolloutBegan, candidate, from, rollout.percent(), reason);
    let moves = Moves {
        rollout: Some(Arc::new(rollout)),
        ..Moves::clone(&found.record.moves)
    };
    Step {
        moves: moves.with(move_),
        active: None,
    }
}

fn decided(found: &Function, rolling: &Rolling, decision: &Decision) -> Step {
    match decision {
        Decision::Keep => Step {
            moves: Moves::clone(&found.record.moves),
            active: None,
        },
        Decision::Advance(reason) => {
            let rollout = Rollout {
                stage: rolling.rollout.stage + 1,
                stage_at: now(),
                ..Rollout::clone(&rolling.rollout)
            };
            let (kind, from) = (MoveKind::RolloutAdvanced, found.record.active);
            let advanced = happened(kind, &rolling.candidate, from, rollout.percent(), reason);
            let moves = Moves {
                rollout: Some(Arc::new(rollout)),
                ..Moves::clone(&found.record.moves)
            };
            Step {
                moves: moves.with(advanced),
                active: None,
            }
        }
        Decision::Return(reason) => ended(found, rolling, MoveKind::RolloutReturned, reason),
        Decision::Finish(reason) => ended(found, rolling, MoveKind::RolloutFinished, reason),
    }
}

/// A rollout that ends, with the new version or the one before.
fn ended(found: &Function, rolling: &Rolling, kind: MoveKind, reason: &str) -> Step {
    let finished = kind == MoveKind::RolloutFinished;
    let percent = if finished { 100 } else { 0 };
    let happened = happened(kind, &rolling.candidate, found.record.active, percent, reason);
    let mut moves = Moves {
        rollout: None,
        ..Moves::clone(&found.record.moves)
    };
    if finished {
        moves.promoted = None;
    }
    Step {
        moves: moves.with(happened),
        active: finished.then_some(rolling.rollout.version),
    }
}

fn told(policy: &Policy) -> String {
    let stages: Vec<_> = policy.stages.iter().map(|stage| format!("{stage} %")).collect();
    stages.join(", ")
}
