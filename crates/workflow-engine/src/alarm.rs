//! Whether the store can be written to, and who waits for it to be.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::port::clock::Clock;
use crate::port::hold::HoldCell;
use crate::port::journal::{Hold, Journal, JournalError, Position};

/// The state of the store as the engine saw it last.
///
/// While nothing can be written, runs hold: what they have executed stays in memory, nothing is acknowledged, nothing new is accepted.
/// One probe asks the journal again and again, so that they go on by themselves once it can.
pub(crate) struct Alarm {
    held: HoldCell,
    broken: OnceLock<String>,
    /// Told when something can be written again, or the store broke.
    changed: Notify,
}

/// The store failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self {
            held: HoldCell::default(),
            broken: OnceLock::new(),
            changed: Notify::new(),
        }
    }

    /// Why nothing can be written for now, if so.
    pub(crate) fn held(&self) -> Option<Hold> {
        self.held.get()
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

    /// Nothing can be written; the first to find that out begins to probe.
    pub(crate) fn hold(self: &Arc<Self>, why: Hold, probe: Probe) {
        if self.held.set(Some(why)).is_none() {
            tracing::error!("{why}: runs hold, and nothing is accepted, until that has passed");
            let (alarm, background) = (Arc::clone(self), probe.background.clone());
            background.spawn(async move { alarm.probe(probe).await });
        }
    }

    /// Returns once something can be written.
    pub(crate) async fn cleared(&self) -> Result<(), Broken> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(why) = self.broken() {
                return Err(Broken(why.to_owned()));
            }
            if self.held().is_none() {
                return Ok(());
            }
            changed.await;
        }
    }

    async fn probe(&self, probe: Probe) {
        loop {
            probe.clock.pause(probe.every).await;
            // What is to be committed may be on the disk already, which tells nothing about its space.
            if probe.journal.held().is_some() {
                continue;
            }
            match probe.journal.commit(probe.position).await {
                Ok(()) => break,
                Err(JournalError::Held(_) | JournalError::Full) => {}
                Err(JournalError::Broken(why) | JournalError::Damaged(why)) => {
                    self.store_broke(why);
                    return;
                }
            }
        }
        tracing::info!("the journal is written again: runs go on");
        self.held.set(None);
        self.changed.notify_waiters();
    }
}

/// How to find out whether something can be written again.
pub(crate) struct Probe {
    pub(crate) journal: Arc<dyn Journal>,
    /// What could not be committed.
    pub(crate) position: Position,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) every: Duration,
    pub(crate) background: Handle,
}
