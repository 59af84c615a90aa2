//! Adds the cores up for a scrape.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::series::{BOUNDS, Sum};
use super::{Core, FUNCTIONS, INVOKE};

type Key = (String, &'static str);
type Labels<const N: usize> = [(&'static str, String); N];

/// The counts of all cores.
#[derive(Debug)]
pub(super) struct Http {
    cores: Arc<Mutex<Vec<Arc<Core>>>>,
}

impl Http {
    pub(super) fn new(cores: Arc<Mutex<Vec<Arc<Core>>>>) -> Self {
        Self { cores }
    }

    fn sum(&self) -> (BTreeMap<Key, Sum>, i64) {
        let cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut sums = BTreeMap::<Key, Sum>::new();
        for core in &cores {
            let mut add = |route: &str, method, series: &_| {
                sums.entry((route.to_owned(), method)).or_default().add(series)
            };
            add(INVOKE, "POST", &core.invoke);
            core.functions
                .used()
                .for_each(|(method, series)| add(FUNCTIONS, method, series));
            let routes = core.routes.lock().unwrap_or_else(PoisonError::into_inner);
            for (route, methods) in &*routes {
                methods
                    .used()
                    .for_each(|(method, series)| add(route, method, series));
            }
        }
        let connections = cores
            .iter()
            .map(|core| core.connections.load(Ordering::Relaxed))
            .sum();
        (sums, connections)
    }
}

impl Collector for Http {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (sums, connections) = self.sum();

        let mut requests = encoder.encode_descriptor(
            "weft_http_requests",
            "Requests answered",
            None,
            MetricType::Counter,
        )?;
        for ((route, method), sum) in &sums {
            for (status, count) in sum.by_status() {
                let labels: Labels<3> = [
                    ("route", route.clone()),
                    ("method", (*method).to_owned()),
                    ("status", status),
                ];
                ConstCounter::new(count).encode(requests.encode_family(&labels)?)?;
            }
        }

        let mut durations = encoder.encode_descriptor(
            "weft_http_request_duration_seconds",
            "Time from a request's head to the end of its response",
            None,
            MetricType::Histogram,
        )?;
        for ((route, method), sum) in &sums {
            let labels: Labels<2> = [("route", route.clone()), ("method", (*method).to_owned())];
            let seconds = sum.nanoseconds as f64 / 1e9;
            durations.encode_family(&labels)?.encode_histogram::<Labels<0>>(
                seconds,
                sum.count(),
                &buckets(sum),
                None,
            )?;
        }

        let open = encoder.encode_descriptor(
            "weft_http_connections",
            "Open connections",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(connections).encode(open)
    }
}

/// Counts by upper bound; the encoder makes them cumulative.
fn buckets(sum: &Sum) -> Vec<(f64, u64)> {
    let bounds = BOUNDS.iter().copied().chain([f64::INFINITY]);
    bounds.zip(sum.buckets.iter().copied()).collect()
}
