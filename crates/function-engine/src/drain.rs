//! Counting the calls under way, and waiting for their end.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Error;
use crate::engine::Inner;

/// The calls from outside that are under way, counted per core.
pub(crate) struct UnderWay {
    shards: Box<[Count]>,
    draining: AtomicBool,
    ended: Notify,
}

/// On a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Count(AtomicUsize);

/// A call under way, until it is dropped.
pub(crate) struct Call {
    inner: Arc<Inner>,
    shard: usize,
}

impl UnderWay {
    pub(crate) fn new(shards: usize) -> Self {
        let shards = (0..shards.max(1)).map(|_| Count::default()).collect();
        Self {
            shards,
            draining: AtomicBool::new(false),
            ended: Notify::new(),
        }
    }

    fn count(&self) -> usize {
        self.shards.iter().map(|count| count.0.load(SeqCst)).sum()
    }

    async fn all_ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Inner {
    /// Admits a call from outside.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Call, Error> {
        let shard = weft_pool::shard() % self.under_way.shards.len();
        // Counted before looking: a drain that this misses, in turn sees the count.
        self.under_way.shards[shard].0.fetch_add(1, SeqCst);
        let call = Call {
            inner: Arc::clone(self),
            shard,
        };
        if self.under_way.draining.load(SeqCst) {
            Err(Error::Draining)
        } else {
            Ok(call)
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.under_way.draining.load(SeqCst)
    }

    pub(crate) async fn drain(&self, patience: Duration) {
        self.under_way.draining.store(true, SeqCst);
        let left = tokio::time::timeout(patience, self.under_way.all_ended()).await;
        if left.is_err() {
            tracing::warn!(
                calls = self.under_way.count(),
                "calls still under way after the drain's patience"
            );
        }
        for function in self.catalog.read().functions() {
            for version in function.versions() {
                version.unload();
                version.others().iter().for_each(|other| other.unload());
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let under_way = &self.inner.under_way;
        under_way.shards[self.shard].0.fetch_sub(1, SeqCst);
        if under_way.draining.load(SeqCst) {
            under_way.ended.notify_waiters();
        }
    }
}
