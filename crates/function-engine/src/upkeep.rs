//! What happens beside the calls: better code is compiled and swapped in, code of an older engine is compiled anew, idle instances end, warm ones are started.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;

use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::port::Tier;
use crate::{Error, moves};

mod refresh;
mod sweep;

/// Asks for upkeep, and knows what to look after.
pub(crate) struct Upkeep {
    requests: mpsc::Sender<Request>,
    watched: Mutex<Vec<Weak<Deployed>>>,
}

/// Code that shall be replaced by a better form of itself.
pub(crate) struct Request {
    deployed: Weak<Deployed>,
    tier: Tier,
}

impl Upkeep {
    /// With room for `queue` requests.
    pub(crate) fn new(queue: usize) -> (Self, mpsc::Receiver<Request>) {
        let (requests, receiver) = mpsc::channel(queue.max(1));
        (
            Self {
                requests,
                watched: Mutex::default(),
            },
            receiver,
        )
    }

    /// Looks after a version for as long as it is loaded.
    pub(crate) fn watch(&self, deployed: &Arc<Deployed>) {
        let mut watched = self.watched();
        let known = watched
            .iter()
            .any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(deployed)));
        if !known {
            watched.push(Arc::downgrade(deployed));
        }
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Weak<Deployed>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Asks for a better form of a version's code. Where the queue is full, the next sweep asks again.
    pub(crate) fn upgrade(&self, deployed: &Arc<Deployed>, tier: Tier) {
        let Some(loaded) = deployed.if_loaded() else {
            return;
        };
        if !loaded.begin_upgrade() {
            return;
        }
        let request = Request {
            deployed: Arc::downgrade(deployed),
            tier,
        };
        if self.upkeep.requests.try_send(request).is_err() {
            tracing::debug!(version = ?deployed, ?tier, "background queue is full");
            loaded.end_upgrade();
        }
    }

    /// Compiles code in another form, unless it is there, and swaps it in.
    async fn replace(self: &Arc<Self>, deployed: &Arc<Deployed>, tier: Tier) -> Result<(), Error> {
        let digest = deployed.record().digest;
        let compiled = match self
            .ports
            .artifacts
            .compiled(digest, &self.ports.runtime.compiled_key(tier))
        {
            Some(compiled) => compiled,
            None => self.recompile(deployed.record().as_ref().into(), tier).await?.0,
        };
        // No other pool takes the place of this one meanwhile.
        let _loading = deployed.loading.lock().await;
        let placed = deployed.place().as_ref().clone()?;
        let code = self.load(deployed, &placed, compiled, tier).await??;
        if let Some(loaded) = deployed.if_loaded() {
            loaded.replace(code, tier);
            loaded.end_upgrade();
            tracing::info!(version = ?deployed, ?tier, "better code is in use");
        }
        Ok(())
    }
}

/// Starts the tasks. They end with the engine.
pub(crate) fn start(inner: &Arc<Inner>, requests: mpsc::Receiver<Request>) {
    inner.background.spawn(serve(Arc::downgrade(inner), requests));
    inner.background.spawn(sweep::run(Arc::downgrade(inner)));
    inner.background.spawn(refresh::run(Arc::downgrade(inner)));
    inner.background.spawn(moves::watch(Arc::downgrade(inner)));
}

async fn serve(engine: Weak<Inner>, mut requests: mpsc::Receiver<Request>) {
    // The sender lives in the engine, so the channel closes with it.
    while let Some(Request { deployed, tier }) = requests.recv().await {
        let (Some(inner), Some(deployed)) = (engine.upgrade(), deployed.upgrade()) else {
            continue;
        };
        if let Err(error) = inner.replace(&deployed, tier).await {
            // Not asked for again while this code stays loaded: it would fail again.
            tracing::warn!(version = ?deployed, ?tier, %error, "better code could not be made");
        }
    }
}
