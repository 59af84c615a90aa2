//! Removing blobs that nothing refers to, now and then.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use weft_blobs::{Collected, LocalBlobs};
use weft_workflow_engine::port::blobs::Blobs;
use weft_workflows::Definitions;

/// What refers to blobs, and who has them.
pub(super) struct Collection {
    pub(super) blobs: LocalBlobs,
    pub(super) runs: weft_workflow_engine::Engine,
    pub(super) definitions: Definitions,
    pub(super) removed: Removed,
}

/// How much was removed since the start.
#[derive(Clone, Debug, Default)]
pub(super) struct Removed(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    blobs: AtomicU64,
    bytes: AtomicU64,
}

impl Collection {
    /// Collects each time this much has passed.
    pub(super) async fn run(self, every: Duration) {
        // What goes from one place to another while it is looked for may be passed over once, but hardly twice. So nothing is removed
        // unless everything was looked for before, and what was found then is still young.
        let mut looked = false;
        loop {
            tokio::time::sleep(every).await;
            let outcome = self.once(looked).await;
            looked = outcome.is_ok();
            match outcome {
                Ok(Collected { blobs: 0, .. }) => {}
                Ok(Collected { blobs, bytes }) => {
                    tracing::info!(blobs, bytes, "blobs that nothing refers to are removed");
                }
                Err(error) => tracing::warn!(%error, "no blobs are removed this time"),
            }
        }
    }

    async fn once(&self, remove: bool) -> Result<Collected> {
        let begun = SystemTime::now();
        self.keep_named().await?;
        self.runs.keep_referred().await?;
        if !remove {
            return Ok(Collected::default());
        }
        let collected = self.blobs.collect(begun).await?;
        self.removed.0.blobs.fetch_add(collected.blobs, Relaxed);
        self.removed.0.bytes.fetch_add(collected.bytes, Relaxed);
        Ok(collected)
    }

    /// Keeps what definitions name.
    async fn keep_named(&self) -> Result<()> {
        let definitions = self.definitions.clone();
        let named = tokio::task::spawn_blocking(move || definitions.blobs()).await?;
        Ok(self.blobs.keep(named).await?)
    }
}

impl Collector for Removed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut counter = |name, help, count: &AtomicU64| {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(count.load(Relaxed)).encode(metric)
        };
        let blobs = "Blobs that were removed as nothing referred to them any longer";
        counter("weft_blobs_collected", blobs, &self.0.blobs)?;
        let bytes = "Bytes of blobs that were removed as nothing referred to them any longer";
        counter("weft_blobs_collected_bytes", bytes, &self.0.bytes)
    }
}
