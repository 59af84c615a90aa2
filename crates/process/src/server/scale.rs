//! Scaling pools: each as long as it is there.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use weft_pool::Profile;
use weft_pool::autoscale::Scaler;
use weft_pool::budget::Share;

use super::code::WorkerPool;

/// Scales a pool at the intervals of its profile.
pub(super) fn watch(pool: &Arc<WorkerPool>, profile: &Profile) {
    let background = pool.plan.shared.background.clone();
    background.spawn(run(Arc::downgrade(pool), profile.clone()));
}

async fn run(pool: Weak<WorkerPool>, profile: Profile) {
    let interval = profile.scaling.interval();
    let mut scaler = Scaler::new(profile, Duration::ZERO);
    loop {
        let Some(pool) = pool.upgrade() else { return };
        if pool.pool.is_retired() {
            return;
        }
        scale(&pool, &mut scaler);
        pool.recount();
        let bell = pool.pool.bell();
        drop(pool);
        // Whoever wakes a pool does not wait for the next interval.
        let _ = tokio::time::timeout(interval, bell.notified()).await;
    }
}

fn scale(pool: &WorkerPool, scaler: &mut Scaler) {
    let WorkerPool {
        pool: workers,
        plan,
        history,
    } = pool;
    scaler.restart_as(plan.restarts().clone());
    let now = plan.origin.elapsed();
    let scaled = workers.scale(scaler, now);
    if scaled.started > 0 || scaled.ended > 0 {
        tracing::debug!(
            project = %plan.record.project, function = %plan.record.function,
            start = scaled.started, end = scaled.ended, reason = %scaled.decision.reason, "scaled"
        );
    }
    // Nothing that can panic half-way runs under the lock.
    let mut history = history.lock().unwrap_or_else(PoisonError::into_inner);
    history.note(&scaled, now);
}

impl WorkerPool {
    /// Counts the memory that its workers use, and has idle ones end, of any pool, where all together use too much.
    fn recount(&self) {
        let connections = self.pool.look(|worker, _| worker.connection());
        // Files are read once nobody who leases waits for it.
        connections
            .iter()
            .flatten()
            .for_each(|connection| connection.recount());
        self.plan.shared.budget.make_room(Share::default());
    }

    /// Notes that an idle worker ended for another pool.
    pub(super) fn evicted(&self) {
        let left = self.pool.look(|_, _| ()).len();
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.evicted(
            u32::try_from(left).unwrap_or(u32::MAX),
            self.plan.origin.elapsed(),
        );
    }
}
