//! The counters in the form that Prometheus reads.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::series::{STATES, Series};
use crate::engine::Inner;
use crate::port::journal::Hold;

/// What the engine counts, to be registered where metrics are served.
pub struct EngineMetrics(pub(crate) Weak<Inner>);

type Labels<'a> = [(&'static str, &'a str); 2];
type Labelled = (String, String, Arc<Series>);

impl Collector for EngineMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(inner) = self.0.upgrade() else {
            return Ok(());
        };
        let all = labelled(&inner);
        runs(&mut encoder, &all)?;
        attempts(&mut encoder, &all)?;
        durations(&mut encoder, &all)?;
        gauges(&mut encoder, &inner)?;
        counters(&mut encoder, &inner)
    }
}

impl fmt::Debug for EngineMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineMetrics").finish_non_exhaustive()
    }
}

fn labelled(inner: &Inner) -> Vec<Labelled> {
    let series = inner.series.lock();
    let own = series
        .iter()
        .map(|((project, workflow), series)| (project.to_string(), workflow.to_string(), Arc::clone(series)));
    // No name has such characters.
    let others = (
        "(other)".to_owned(),
        "(other)".to_owned(),
        Arc::clone(&inner.series.others),
    );
    own.chain([others]).collect()
}

fn labels((project, workflow, _): &Labelled) -> Labels<'_> {
    [("project", project), ("workflow", workflow)]
}

fn runs(encoder: &mut DescriptorEncoder<'_>, all: &[Labelled]) -> fmt::Result {
    let help = "Open runs, by the state that they are in";
    let mut open = encoder.encode_descriptor("weft_workflow_runs_open", help, None, MetricType::Gauge)?;
    each_state(all, false, |labels, count| {
        open.encode_family(&labels)?.encode_gauge(&count)
    })?;
    let help = "Runs that ended, by how";
    let mut ended = encoder.encode_descriptor("weft_workflow_runs", help, None, MetricType::Counter)?;
    each_state(all, true, |labels, count| {
        let count = u64::try_from(count).unwrap_or(0);
        ended
            .encode_family(&labels)?
            .encode_counter::<NoLabelSet, _, u64>(&count, None)
    })
}

fn each_state(
    all: &[Labelled],
    closed: bool,
    mut tell: impl FnMut([(&'static str, &str); 3], i64) -> fmt::Result,
) -> fmt::Result {
    for labelled in all {
        for status in STATES.into_iter().filter(|status| status.is_closed() == closed) {
            let count = labelled.2.runs[status as usize].load(Relaxed);
            if count != 0 {
                let [project, workflow] = labels(labelled);
                tell([project, workflow, ("state", status_label(status))], count)?;
            }
        }
    }
    Ok(())
}

fn status_label(status: weft_types::RunStatus) -> &'static str {
    use weft_types::RunStatus;
    match status {
        RunStatus::Waiting => "waiting",
        RunStatus::Running => "running",
        RunStatus::Paused => "paused",
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
        RunStatus::TimedOut => "timed-out",
    }
}

fn attempts(encoder: &mut DescriptorEncoder<'_>, all: &[Labelled]) -> fmt::Result {
    type Value = fn(&Series) -> u64;
    let metrics: [(&str, &str, Value); 3] = [
        (
            "weft_workflow_attempts",
            "Attempts at nodes and items of runs that ended",
            |series| series.attempts.load(Relaxed),
        ),
        ("weft_workflow_retries", "Of those, beyond the first", |series| {
            series.retries.load(Relaxed)
        }),
        ("weft_workflow_failures", "Of those, failed", |series| {
            series.failures.load(Relaxed)
        }),
    ];
    for (name, help, value) in metrics {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for labelled in all {
            metric
                .encode_family(&labels(labelled))?
                .encode_counter::<NoLabelSet, _, u64>(&value(&labelled.2), None)?;
        }
    }
    Ok(())
}

fn durations(encoder: &mut DescriptorEncoder<'_>, all: &[Labelled]) -> fmt::Result {
    let help = "From acceptance to the end of a run";
    let name = "weft_workflow_run_duration";
    let mut metric = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for labelled in all {
        labelled
            .2
            .duration
            .encode(metric.encode_family(&labels(labelled))?)?;
    }
    Ok(())
}

fn gauges(encoder: &mut DescriptorEncoder<'_>, inner: &Inner) -> fmt::Result {
    let gauges: [(&str, &str, u64); 9] = [
        (
            "weft_workflow_runs_in_memory",
            "Open runs, nested ones included",
            inner.registry.len() as u64,
        ),
        (
            "weft_workflow_runs_admitted",
            "Runs that execute",
            inner.runs.inside().into(),
        ),
        (
            "weft_workflow_runs_queued",
            "Runs that wait for others to end",
            inner.runs.waiting().into(),
        ),
        (
            "weft_workflow_calls_executing",
            "Calls of functions by nodes",
            inner.calls.inside().into(),
        ),
        (
            "weft_workflow_calls_queued",
            "Runs that wait to call",
            inner.calls.waiting().into(),
        ),
        (
            "weft_workflow_keys",
            "Idempotency keys remembered",
            inner.keys.len() as u64,
        ),
        (
            "weft_workflow_disk_full",
            "Whether runs hold because the disk is full",
            (inner.held() == Some(Hold::DiskFull)).into(),
        ),
        (
            "weft_workflow_database_away",
            "Whether runs hold because their database does not answer",
            (inner.held() == Some(Hold::DatabaseAway)).into(),
        ),
        (
            "weft_workflow_journal_broken",
            "Whether the journal failed for good",
            inner.alarm.broken().is_some().into(),
        ),
    ];
    for (name, help, value) in gauges {
        encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&value)?;
    }
    Ok(())
}

fn counters(encoder: &mut DescriptorEncoder<'_>, inner: &Inner) -> fmt::Result {
    let totals = &inner.totals;
    let counters = [
        (
            "weft_workflow_commits_awaited",
            "Commits that runs waited for",
            &totals.commits,
        ),
        (
            "weft_workflow_cache_hits",
            "Results of nodes that were reused",
            &totals.cache_hits,
        ),
        (
            "weft_workflow_cache_misses",
            "Results of nodes that could have been reused, had there been one",
            &totals.cache_misses,
        ),
        (
            "weft_workflow_runs_damaged",
            "Runs found at start that cannot be driven: what is stored of them is damaged, or they cannot be planned",
            &totals.damaged,
        ),
    ];
    for (name, help, value) in counters {
        encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&value.load(Relaxed), None)?;
    }
    Ok(())
}
