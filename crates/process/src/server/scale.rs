//! Scaling pools: each as long as it is there.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use weft_pool::Profile;
use weft_pool::autoscale::Scaler;

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
