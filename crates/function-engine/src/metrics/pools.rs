//! What the pools are doing at the moment of being asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Weak;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use weft_types::{FunctionName, ProjectName};

use crate::engine::Inner;
use crate::pools::InstanceCounts;

/// Reads the pools that there are.
pub(crate) struct Pools(pub(crate) Weak<Inner>);

/// What the pools of a function do together.
#[derive(Default)]
struct Sum {
    /// Whether a level keeps instances by itself, which may do more than serve or be idle.
    keeps: bool,
    counts: InstanceCounts,
    in_flight: u32,
    waiting: u32,
}

type ByFunction = BTreeMap<(ProjectName, FunctionName), Sum>;

impl Pools {
    /// Sums over the pools of each function, those that serve their last calls included, of as many as have series of their own.
    fn sums(&self) -> ByFunction {
        let mut sums = ByFunction::new();
        let Some(inner) = self.0.upgrade() else {
            return sums;
        };
        for (keeps, view) in inner.pool_views() {
            let key = (view.id.project, view.id.function);
            if sums.len() < inner.config.metric_series || sums.contains_key(&key) {
                let sum = sums.entry(key).or_default();
                sum.keeps |= keeps;
                sum.counts.add(view.counts);
                sum.in_flight += view.in_flight;
                sum.waiting += view.waiting;
            }
        }
        sums
    }
}

impl Sum {
    /// How many instances are in which state.
    fn states(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let InstanceCounts {
            starting,
            idle,
            busy,
            draining,
            backing_off,
        } = self.counts;
        let all = [
            ("active", busy),
            ("idle", idle),
            ("draining", draining),
            ("starting", starting),
            ("backing-off", backing_off),
        ];
        all.into_iter().take(if self.keeps { 5 } else { 3 })
    }
}

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let sums = self.sums();
        let help = "Instances of a function, by what they do";
        let mut instances =
            encoder.encode_descriptor("weft_pool_instances", help, None, MetricType::Gauge)?;
        for ((project, function), sum) in &sums {
            for (state, count) in sum.states() {
                let labels = [
                    ("project", project.as_str()),
                    ("function", function.as_str()),
                    ("state", state),
                ];
                instances
                    .encode_family(&labels)?
                    .encode_gauge(&u64::from(count))?;
            }
        }
        let help = "Calls that are served, or whose instance starts";
        gauge(&mut encoder, &sums, "weft_pool_calls", help, |sum| sum.in_flight)?;
        let help = "Calls that wait for a place";
        gauge(&mut encoder, &sums, "weft_pool_queue_length", help, |sum| {
            sum.waiting
        })
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    sums: &ByFunction,
    name: &str,
    help: &str,
    value: impl Fn(&Sum) -> u32,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for ((project, function), sum) in sums {
        let labels = [("project", project.as_str()), ("function", function.as_str())];
        metric
            .encode_family(&labels)?
            .encode_gauge(&u64::from(value(sum)))?;
    }
    Ok(())
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").finish_non_exhaustive()
    }
}
