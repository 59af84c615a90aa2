//! Scaling pools: each as long as it is there.

use std::sync::{Arc, Weak};
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
        let WorkerPool { pool: workers, plan } = &*pool;
        scaler.restart_as(plan.restarts().clone());
        let decision = workers.scale(&mut scaler, plan.origin.elapsed());
        if decision.start > 0 || decision.end > 0 {
            tracing::debug!(
                project = %plan.record.project, function = %plan.record.function,
                start = decision.start, end = decision.end, reason = %decision.reason, "scaled"
            );
        }
        drop(pool);
        tokio::time::sleep(interval).await;
    }
}
