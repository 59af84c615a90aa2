//! The functions' series in the form that Prometheus reads.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::histogram::Sum;
use super::series::{ErrorKind, SeriesList, Totals};

type Labelled = ([(&'static str, String); 2], Totals);

impl Collector for SeriesList {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = self.totals();
        counter(
            &mut encoder,
            &all,
            "faas_invocations",
            "Calls that ended",
            |totals| totals.calls,
        )?;
        counter(
            &mut encoder,
            &all,
            "faas_coldstarts",
            "Instances started for a call, which is their first",
            |totals| totals.cold_starts,
        )?;
        counter(
            &mut encoder,
            &all,
            "faas_timeouts",
            "Calls that overran their deadline",
            |totals| totals.errors[ErrorKind::Timeout as usize],
        )?;
        errors(&mut encoder, &all)?;
        histogram(
            &mut encoder,
            &all,
            "faas_invoke_duration",
            "Calls, waiting included",
            |totals| &totals.duration,
        )?;
        histogram(
            &mut encoder,
            &all,
            "faas_init_duration",
            "Lease of an instance to first instruction, its start included",
            |totals| &totals.start,
        )?;
        histogram(
            &mut encoder,
            &all,
            "faas_queue_duration",
            "Waiting for a place",
            |totals| &totals.queue,
        )
    }
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    all: &[Labelled],
    name: &str,
    help: &str,
    value: impl Fn(&Totals) -> u64,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, totals) in all {
        metric
            .encode_family(labels)?
            .encode_counter::<NoLabelSet, _, u64>(&value(totals), None)?;
    }
    Ok(())
}

fn errors(encoder: &mut DescriptorEncoder<'_>, all: &[Labelled]) -> fmt::Result {
    let help = "Calls that ended with an error, the function's own included";
    let mut metric = encoder.encode_descriptor("faas_errors", help, None, MetricType::Counter)?;
    for ([project, function], totals) in all {
        for kind in ErrorKind::ALL {
            let count = totals.errors[kind as usize];
            if count > 0 {
                let labels = [
                    project.clone(),
                    function.clone(),
                    ("kind", kind.label().to_owned()),
                ];
                metric
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
    }
    Ok(())
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    all: &[Labelled],
    name: &str,
    help: &str,
    value: impl Fn(&Totals) -> &Sum,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for (labels, totals) in all {
        let sum = value(totals);
        metric.encode_family(labels)?.encode_histogram::<NoLabelSet>(
            sum.seconds(),
            sum.count(),
            &sum.buckets(),
            None,
        )?;
    }
    Ok(())
}
