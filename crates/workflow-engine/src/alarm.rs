//! Whether the store can be written to, and who waits for it to be.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::port::clock::Clock;
use crate::port::journal::{Journal, JournalError, Position};

/// The state of the store as the engine saw it last.
///
/// While the disk is full, runs hold: what they have executed stays in memory, nothing is acknowledged, nothing new is accepted.
/// One probe asks the journal again and again, so that they go on by themselves once there is space.
pub(crate) struct Alarm {
    full: AtomicBool,
    broken: OnceLock<String>,
    /// Told when the disk has space again, or the store broke.
    changed: Notify,
}

/// The store failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self {
            full: AtomicBool::new(false),
            broken: OnceLock::new(),
            changed: Notify::new(),
        }
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(SeqCst)
    }

    /// Why the store failed, if it did.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// The store failed for good.
    pub(crate) fn store_broke(&self, why: String) -> Broken {
        if self.broken.set(why.clone()).is_ok() {
            tracing::error!(
                why,
                "the journal failed: no run goes on until the server is started anew"
            );
            self.changed.notify_waiters();
        }
        Broken(why)
    }

    /// The disk is full; the first to find that out begins to probe.
    pub(crate) fn disk_filled(self: &Arc<Self>, probe: Probe) {
        if !self.full.swap(true, SeqCst) {
            tracing::error!("the disk is full: runs hold, and nothing is accepted, until there is space");
            let (alarm, background) = (Arc::clone(self), probe.background.clone());
            background.spawn(async move { alarm.probe(probe).await });
        }
    }

    /// Returns once the disk has space.
    pub(crate) async fn cleared(&self) -> Result<(), Broken> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(why) = self.broken() {
                return Err(Broken(why.to_owned()));
            }
            if !self.is_full() {
                return Ok(());
            }
            changed.await;
        }
    }

    async fn probe(&self, probe: Probe) {
        loop {
            probe.clock.sleep_until(probe.clock.now() + probe.every).await;
            // What is to be committed may be on the disk already, which tells nothing about its space.
            if probe.journal.is_full() {
                continue;
            }
            match probe.journal.commit(probe.position).await {
                Ok(()) => break,
                Err(JournalError::DiskFull | JournalError::Full) => {}
                Err(JournalError::Broken(why) | JournalError::Damaged(why)) => {
                    self.store_broke(why);
                    return;
                }
            }
        }
        tracing::info!("the disk has space again: runs go on");
        self.full.store(false, SeqCst);
        self.changed.notify_waiters();
    }
}

/// How to find out whether there is space again.
pub(crate) struct Probe {
    pub(crate) journal: Arc<dyn Journal>,
    /// What could not be committed.
    pub(crate) position: Position,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) every: Duration,
    pub(crate) background: Handle,
}
