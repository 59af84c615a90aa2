//! Copying a log into its database beside the writer.
//!
//! A checkpoint writes and syncs what a thousand commits changed: inside the writer it would hold up every commit behind it. So
//! another connection does it while the writer goes on, and the writer only copies what came meanwhile, which must be done
//! while nothing is written: only a log that was copied whole is overwritten, not lengthened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

use super::Writer;

/// Shared by the writer and the task that copies.
#[derive(Debug, Default)]
pub(crate) struct Copier {
    stage: AtomicU8,
    changed: Notify,
}

/// How far a copy is.
mod stage {
    /// None is under way.
    pub(super) const NONE: u8 = 0;
    /// The task is to begin, or at work.
    pub(super) const COPYING: u8 = 1;
    /// The writer is to copy what came meanwhile.
    pub(super) const COPIED: u8 = 2;
    /// The task is to end.
    pub(super) const ENDED: u8 = 3;
}

impl Copier {
    /// Starts the task on the current tokio runtime. It has a connection of its own, which must close before the writer's does.
    pub(crate) fn start(writer: Writer) -> (Arc<Self>, tokio::task::JoinHandle<()>) {
        let copier = Arc::<Self>::default();
        let task = tokio::spawn(copier.clone().run(writer));
        (copier, task)
    }

    /// Does what is due for a writer that has just committed.
    pub(crate) async fn step(&self, writer: &mut Writer) {
        match self.stage.load(Ordering::Acquire) {
            stage::NONE if writer.is_checkpoint_due() => {
                self.enter(stage::COPYING);
                self.changed.notify_one();
            }
            stage::COPIED => {
                writer.checkpoint_now().await;
                self.enter(stage::NONE);
            }
            _ => {}
        }
    }

    /// Ends the task once it has copied what it is copying.
    pub(crate) fn end(&self) {
        self.stage.store(stage::ENDED, Ordering::Release);
        self.changed.notify_one();
    }

    async fn run(self: Arc<Self>, mut writer: Writer) {
        loop {
            match self.stage.load(Ordering::Acquire) {
                stage::ENDED => break,
                stage::COPYING => {
                    writer.checkpoint_now().await;
                    self.enter(stage::COPIED);
                }
                _ => self.changed.notified().await,
            }
        }
        writer.close().await;
    }

    /// Goes on to a stage, unless the end has come.
    fn enter(&self, next: u8) {
        let _ = self
            .stage
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |stage| {
                (stage != stage::ENDED).then_some(next)
            });
    }
}
