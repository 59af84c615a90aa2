//! Counting the drivers, and stopping them.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::Inner;

/// The drivers there are.
#[derive(Default)]
pub(crate) struct Drivers {
    count: AtomicUsize,
    draining: AtomicBool,
    /// Whether all of them leave. That holds for all at once: else one that has left would have runs cancelled which its callees had
    /// started, or those fail that waited for its own.
    stopping: AtomicBool,
    left: Notify,
}

/// How often draining looks whether runs still execute.
const LOOK: Duration = Duration::from_millis(20);
/// How long drivers have to leave once they are told to.
const FAREWELL: Duration = Duration::from_secs(5);

impl Drivers {
    pub(crate) fn enter(&self) {
        self.count.fetch_add(1, SeqCst);
    }

    pub(crate) fn leave(&self) {
        self.count.fetch_sub(1, SeqCst);
        if self.is_draining() {
            self.left.notify_waiters();
        }
    }

    /// Whether nothing new is begun.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(SeqCst)
    }

    /// Whether every driver leaves its runs as they are.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }

    async fn all_left(&self) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if self.count.load(SeqCst) == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Inner {
    pub(crate) async fn drain(&self, patience: Duration) {
        self.drivers.draining.store(true, SeqCst);
        let idle = async {
            while self.runs.inside() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        if timeout(patience, idle).await.is_err() {
            tracing::warn!(
                runs = self.runs.inside(),
                "runs still execute after the drain's patience"
            );
        }
        // A run that was accepted meanwhile is told when it has a driver.
        self.drivers.stopping.store(true, SeqCst);
        for open in self.registry.all() {
            open.mailbox.stop();
        }
        if timeout(FAREWELL, self.drivers.all_left()).await.is_err() {
            tracing::warn!("runs are still driven although they were told to stop");
        }
    }
}
