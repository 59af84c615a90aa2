//! A rollout as it is now: who answers which calls, and what came of them.

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use weft_types::moves::Rollout;
use weft_types::moves::rollout::{Counts, Observed, takes};

use crate::deployed::Deployed;
use crate::invoke::clock;

/// A rollout under way. A stage of it never changes: the next one is another.
pub(crate) struct Rolling {
    pub(crate) rollout: Arc<Rollout>,
    /// The version that takes over.
    pub(crate) candidate: Arc<Deployed>,
    percent: u8,
    /// Counts the calls that could go either way.
    ticket: AtomicU32,
    /// How long the rollout had lasted when this server began to look at it.
    before: Duration,
    began: Instant,
    stage_began: Instant,
    /// What the version before had answered when the rollout began, and the new one when the stage did.
    bases: (Counts, Counts),
    /// Whether somebody saw to it that instances are there since this server began to look at it.
    readied: AtomicBool,
    /// Whether somebody looks at it.
    looked_at: AtomicBool,
}

/// The look of one at a time, until it is dropped.
pub(crate) struct Looking(Arc<Rolling>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.looked_at.store(false, Release);
    }
}

impl Rolling {
    /// A rollout that begins, or goes on after the server was started anew: then its stage begins again.
    pub(super) fn new(rollout: &Arc<Rollout>, candidate: &Arc<Deployed>, active: &Deployed) -> Self {
        let now = clock();
        let before = Duration::try_from(Timestamp::now().duration_since(rollout.began_at));
        active.tally.count();
        candidate.tally.count();
        Self {
            rollout: Arc::clone(rollout),
            candidate: Arc::clone(candidate),
            percent: rollout.percent(),
            ticket: AtomicU32::new(0),
            // A clock that was set back says nothing.
            before: before.unwrap_or_default(),
            began: now,
            stage_began: now,
            bases: (active.tally.counts(), candidate.tally.counts()),
            readied: AtomicBool::new(false),
            looked_at: AtomicBool::new(false),
        }
    }

    /// The same rollout as it is recorded now.
    pub(super) fn at(&self, rollout: &Arc<Rollout>) -> Self {
        Self {
            rollout: Arc::clone(rollout),
            candidate: Arc::clone(&self.candidate),
            percent: rollout.percent(),
            ticket: AtomicU32::new(self.ticket.load(Relaxed)),
            before: self.before,
            began: self.began,
            stage_began: clock(),
            bases: (self.bases.0, self.candidate.tally.counts()),
            readied: AtomicBool::new(true),
            looked_at: AtomicBool::new(false),
        }
    }

    /// The right to look at it; none where another does.
    pub(crate) fn begin_looking(self: &Arc<Self>) -> Option<Looking> {
        let busy = self.looked_at.swap(true, AcqRel);
        (!busy).then(|| Looking(Arc::clone(self)))
    }

    /// Whether it is this rollout of this version, in whatever stage.
    pub(super) fn is_of(&self, rollout: &Rollout, candidate: &Arc<Deployed>) -> bool {
        self.rollout.began_at == rollout.began_at && Arc::ptr_eq(&self.candidate, candidate)
    }

    /// Whether the caller is the one to see to it that instances of the new version are there.
    pub(crate) fn begin_readying(&self) -> bool {
        !self.readied.swap(true, Relaxed)
    }

    /// Whether the new version answers the next call.
    pub(super) fn takes(&self) -> bool {
        match self.percent {
            // Cores need not agree on a number where it decides nothing.
            100 => true,
            percent => takes(self.ticket.fetch_add(1, Relaxed), percent),
        }
    }

    /// What came of it so far.
    pub(crate) fn observed(&self, active: &Deployed) -> Observed {
        let now = clock();
        let since = |base: Counts, counts: Counts| Counts {
            calls: counts.calls.saturating_sub(base.calls),
            errors: counts.errors.saturating_sub(base.errors),
        };
        Observed {
            stage: self.rollout.stage,
            in_stage: now.saturating_duration_since(self.stage_began),
            in_all: self.before + now.saturating_duration_since(self.began),
            old: since(self.bases.0, active.tally.counts()),
            new: since(self.bases.1, self.candidate.tally.counts()),
        }
    }
}
