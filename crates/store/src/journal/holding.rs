//! What holds the writer up, for all who ask.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use weft_workflow_engine::port::hold::HoldCell;
use weft_workflow_engine::port::journal::Hold;

/// Shared by the journal and the records.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    why: HoldCell,
    /// How often the connection to the database was lost.
    losses: AtomicU64,
    /// Told of each change.
    changed: Notify,
}

impl Holding {
    /// Why nothing can be written, if so.
    pub(crate) fn why(&self) -> Option<Hold> {
        self.why.get()
    }

    /// Whether the database does not answer.
    pub(crate) fn is_away(&self) -> bool {
        self.why() == Some(Hold::DatabaseAway)
    }

    /// How often the connection to the database was lost: what was read before may not be so any more.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Acquire)
    }

    /// Resolves once the database does not answer.
    pub(crate) async fn went_away(&self) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.is_away() {
                return;
            }
            changed.await;
        }
    }

    /// Resolves once the connection was lost more often than `known` times.
    pub(crate) async fn lost_since(&self, known: u64) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.losses() > known {
                return;
            }
            changed.await;
        }
    }

    /// Counts a lost connection.
    pub(crate) fn lost(&self) {
        self.losses.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    /// Nothing can be written.
    pub(crate) fn hold(&self, why: Hold) {
        if self.why.set(Some(why)) != Some(why) {
            self.changed.notify_waiters();
        }
    }

    /// Something can be written again.
    pub(super) fn release(&self) {
        // Read first: most commits find that nothing held them up.
        if self.why().is_some() {
            self.why.set(None);
            self.changed.notify_waiters();
        }
    }
}
