//! How many log lines were dropped, as a metric.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

use crate::telemetry::Dropped;

/// Reads the counter whenever metrics are asked for.
#[derive(Debug)]
pub(crate) struct LogLines(pub(crate) Dropped);

impl Collector for LogLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Log lines that were dropped because they came faster than they could be written";
        let metric = encoder.encode_descriptor("weft_log_lines_dropped", help, None, MetricType::Counter)?;
        ConstCounter::new(self.0.count()).encode(metric)
    }
}
