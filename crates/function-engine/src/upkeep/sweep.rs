//! The regular look at what is loaded.

use std::cmp::Reverse;
use std::sync::{Arc, Weak};

use tokio::time::Instant;
use weft_pool::Party;

use crate::deployed::{Deployed, Ended, Leased, Loaded, Told};
use crate::engine::Inner;
use crate::invoke::Terms;
use crate::port::Failure;
use crate::random;

pub(super) async fn run(engine: Weak<Inner>) {
    loop {
        let Some(period) = engine.upgrade().map(|inner| inner.config.sweep) else {
            return;
        };
        tokio::time::sleep(period).await;
        let Some(inner) = engine.upgrade() else { return };
        inner.let_go(&inner.upkeep.loaded());
        for (deployed, loaded) in inner.upkeep.loaded() {
            inner.look_after(&deployed, &loaded);
        }
        inner.collect_unused();
    }
}

impl super::Upkeep {
    /// Everything loaded; forgets the rest.
    pub(crate) fn loaded(&self) -> Vec<(Arc<Deployed>, Arc<Loaded>)> {
        let mut all = Vec::new();
        self.watched().retain(|deployed| {
            let deployed = deployed.upgrade();
            let loaded = deployed.and_then(|deployed| deployed.if_loaded().map(|loaded| (deployed, loaded)));
            let keep = loaded.is_some();
            all.extend(loaded);
            keep
        });
        all
    }
}

impl Inner {
    /// Unloads what nobody has called for long, what late calls loaded after others took its place and, where too much is loaded, what was called longest ago.
    fn let_go(&self, all: &[(Arc<Deployed>, Arc<Loaded>)]) {
        let mut unused: Vec<_> = all
            .iter()
            .map(|(deployed, loaded)| (loaded.look(), deployed))
            .filter(|(looks, deployed)| *looks > 0 && !self.stays_warm(deployed))
            .collect();
        unused.sort_unstable_by_key(|(looks, _)| Reverse(*looks));
        let surplus = all.len().saturating_sub(self.config.loaded);
        let patience = self.config.loaded_idle.as_nanos() / self.config.sweep.as_nanos().max(1);
        for (place, (looks, deployed)) in unused.into_iter().enumerate() {
            if place < surplus || deployed.was_left() || u128::from(looks) > patience {
                deployed.unload();
                tracing::debug!(version = ?deployed, "unloaded");
            }
        }
    }

    /// Whether instances are kept ready for calls to come.
    fn stays_warm(&self, deployed: &Arc<Deployed>) -> bool {
        let record = deployed.record();
        let snapshot = self.catalog.read();
        let function = snapshot.function(record.project.as_str(), record.function.as_str());
        let answers = function.is_ok_and(|function| {
            let mut answering = function.answering();
            answering.any(|answering| Arc::ptr_eq(answering, deployed))
        });
        deployed.has_warm() && answers
    }

    fn look_after(self: &Arc<Self>, deployed: &Arc<Deployed>, loaded: &Arc<Loaded>) {
        loaded.pool.sweep(Instant::now());
        if let Some(better) = loaded.better_tier() {
            self.upgrade(deployed, better);
        }
        let lacking = loaded.pool.lacking();
        if !lacking.is_empty() && !self.is_draining() && loaded.begin_warming(Instant::now()) {
            let (inner, deployed, loaded) = (Arc::clone(self), Arc::clone(deployed), Arc::clone(loaded));
            self.background
                .spawn(async move { inner.warm(&deployed, &loaded, lacking).await });
        }
    }

    /// Starts an instance for each of the shards.
    async fn warm(&self, deployed: &Deployed, loaded: &Loaded, shards: Vec<usize>) {
        let warmed = self.warm_all(deployed, loaded, shards).await;
        let ended = warmed.as_ref().map_or_else(how_long, |()| Ended::Well);
        match (loaded.end_warming(ended, Instant::now()), warmed) {
            (Some(Told::Fails), Err(failure)) => {
                tracing::warn!(version = ?deployed, %failure, "an instance could not be warmed");
            }
            (Some(Told::WellAgain), _) => {
                tracing::info!(version = ?deployed, "instances are warmed again");
            }
            (None, Err(failure)) => {
                tracing::debug!(version = ?deployed, %failure, "an instance could not be warmed again");
            }
            (Some(Told::Fails) | None, Ok(())) => {}
        }
    }

    async fn warm_all(
        &self,
        deployed: &Deployed,
        loaded: &Loaded,
        shards: Vec<usize>,
    ) -> Result<(), Failure> {
        for shard in shards {
            let leased = self.warm_one(deployed, loaded).await?;
            loaded.pool.add(shard, leased);
        }
        Ok(())
    }

    async fn warm_one(&self, deployed: &Deployed, loaded: &Loaded) -> Result<Leased, Failure> {
        let terms = Terms::of_outside(random::new_trace(), Party::OWN, &self.config);
        let context = deployed.context(terms);
        let mut leased = loaded.start();
        leased.instance.warm(context).await?;
        Ok(leased)
    }
}

/// Whether a later attempt may come to something else. What the guest itself did it would do again, every time.
fn how_long(failure: &Failure) -> Ended {
    match failure {
        Failure::Unavailable(_)
        | Failure::QueueTimeout(_)
        | Failure::SandboxMemory(_)
        | Failure::Unstarted(_)
        | Failure::Lost(_)
        | Failure::Platform(_)
        | Failure::Cancelled => Ended::MayPass,
        Failure::Trap { .. }
        | Failure::Exited(_)
        | Failure::TimedOut(_)
        | Failure::CpuTime(_)
        | Failure::OutOfMemory(_)
        | Failure::StackOverflow
        | Failure::OutputTooLarge(_)
        | Failure::InvalidResult(_)
        | Failure::NoResponse
        | Failure::CallLimit(_) => Ended::WillStay,
    }
}
