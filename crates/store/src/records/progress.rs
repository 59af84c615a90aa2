//! How far the records are, and waiting for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// How long somebody waits for the records at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shared by the projector and those who wait.
#[derive(Debug)]
pub(super) struct Progress {
    /// How many positions are in the records, that of the opening included: it is there once everything is that was committed
    /// before, which nobody may miss either.
    applied: watch::Sender<u64>,
    /// How many somebody waits for.
    wanted: AtomicU64,
    /// Tells the projector that somebody waits.
    hurry: Notify,
    /// Entries that could not be projected.
    skipped: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            applied: watch::Sender::new(0),
            wanted: AtomicU64::new(0),
            hurry: Notify::new(),
            skipped: AtomicU64::new(0),
        })
    }

    /// Waits until `position` is in the records, though not for ever. Answers whether it is.
    pub(super) async fn settled(&self, position: u64) -> bool {
        let wanted = position.saturating_add(1);
        if *self.applied.borrow() >= wanted {
            return true;
        }
        self.wanted.fetch_max(wanted, Ordering::AcqRel);
        self.hurry.notify_one();
        let mut applied = self.applied.subscribe();
        let waited = tokio::time::timeout(PATIENCE, applied.wait_for(|&applied| applied >= wanted)).await;
        // Whoever waited for too long is shown what there is.
        matches!(waited, Ok(Ok(_)))
    }

    /// The last position that is in the records.
    pub(super) fn applied(&self) -> u64 {
        self.applied.borrow().saturating_sub(1)
    }

    /// Everything up to `position` is in the records, and everything from before the opening.
    pub(super) fn advance(&self, position: u64) {
        self.applied.send_replace(position.saturating_add(1));
    }

    /// Counts an entry that could not be projected.
    pub(super) fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether somebody waits for more than there is.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) > *self.applied.borrow()
    }

    /// Resolves when somebody begins to wait.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_when_the_position_is_there() {
        let progress = Progress::new();
        progress.advance(0);
        assert!(progress.settled(0).await);
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(3).await }
        });
        progress.hurried().await;
        assert!(progress.is_wanted());
        progress.advance(2);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        progress.advance(4);
        waiting.await.unwrap();
        assert!(!progress.is_wanted());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let start = tokio::time::Instant::now();
        assert!(!Progress::new().settled(1).await);
        assert_eq!(start.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_committed_before_the_opening_is_waited_for() {
        let progress = Progress::new();
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.settled(0).await }
        });
        progress.hurried().await;
        assert!(progress.is_wanted());
        assert!(!waiting.is_finished());
        progress.advance(0);
        assert!(waiting.await.unwrap());
    }
}
