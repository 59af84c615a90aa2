//! Waiting for conditions, never for times.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// The longest a test waits for anything: only what is broken takes so long, however busy the machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// The time between two looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
///
/// # Panics
/// Where it does not within [`PATIENCE`].
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !condition().await {
        assert!(
            Instant::now() < deadline,
            "waited {PATIENCE:?} in vain until {what}"
        );
        looks.tick().await;
    }
}

/// Waits for a future, at most [`PATIENCE`].
///
/// # Panics
/// Where it takes longer.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}
