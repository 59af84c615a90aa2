//! What the pools are doing at the moment of being asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Weak;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use weft_pool::Stats;
use weft_types::{FunctionName, ProjectName};

use crate::engine::Inner;

/// Reads the pools of loaded versions.
pub(crate) struct Pools(pub(crate) Weak<Inner>);

type ByFunction = BTreeMap<(ProjectName, FunctionName), Stats>;

impl Pools {
    /// Sums over the loaded versions of each function, as many as have series of their own.
    fn stats(&self) -> ByFunction {
        let mut sums = ByFunction::new();
        let Some(inner) = self.0.upgrade() else {
            return sums;
        };
        for (deployed, loaded) in inner.upkeep.loaded() {
            let record = deployed.record();
            let key = (record.project.clone(), record.function.clone());
            if sums.len() < inner.config.metric_series || sums.contains_key(&key) {
                let (sum, stats) = (sums.entry(key).or_default(), loaded.pool.stats());
                sum.active += stats.active;
                sum.waiting += stats.waiting;
                sum.idle += stats.idle;
            }
        }
        sums
    }
}

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stats = self.stats();
        let help = "Instances of a function, by what they do";
        let mut instances =
            encoder.encode_descriptor("weft_pool_instances", help, None, MetricType::Gauge)?;
        for ((project, function), stats) in &stats {
            for (state, count) in [("active", u64::from(stats.active)), ("idle", stats.idle as u64)] {
                let labels = [
                    ("project", project.as_str()),
                    ("function", function.as_str()),
                    ("state", state),
                ];
                instances.encode_family(&labels)?.encode_gauge(&count)?;
            }
        }
        let help = "Calls that wait for a place";
        let mut waiting =
            encoder.encode_descriptor("weft_pool_queue_length", help, None, MetricType::Gauge)?;
        for ((project, function), stats) in &stats {
            let labels = [("project", project.as_str()), ("function", function.as_str())];
            waiting
                .encode_family(&labels)?
                .encode_gauge(&u64::from(stats.waiting))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").finish_non_exhaustive()
    }
}
