//! The memory of the functions in sandboxes, as a metric.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use weft_runtime::GuestMemory;

/// Reads it whenever metrics are asked for.
#[derive(Debug)]
pub(crate) struct SandboxMemory(pub(crate) GuestMemory);

impl Collector for SandboxMemory {
    // A size beyond 2⁵³ would lose its last digits.
    #[expect(clippy::cast_precision_loss)]
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let rows = [
            (
                "weft_sandbox_memory_bytes",
                "Memory that all functions in sandboxes have",
                self.0.used(),
            ),
            (
                "weft_sandbox_memory_limit_bytes",
                "Memory that they may have together",
                self.0.bound(),
            ),
        ];
        for (name, help, bytes) in rows {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(bytes as f64).encode(metric)?;
        }
        Ok(())
    }
}
