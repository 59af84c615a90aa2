//! How the journal and the records of runs are doing, as metrics.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use weft_store::{JournalGauges, RecordsGauges, RunJournal, RunRecords};

/// Reads what both tell whenever metrics are asked for.
#[derive(Debug)]
pub(crate) struct StoreMetrics {
    pub(crate) journal: Arc<RunJournal>,
    pub(crate) records: Arc<RunRecords>,
}

/// A metric's name, what it tells, whether it only grows, and its value.
type Row = (&'static str, &'static str, MetricType, f64);

impl Collector for StoreMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let rows = journal(&self.journal.gauges())
            .into_iter()
            .chain(records(&self.records.gauges()));
        for (name, help, kind, value) in rows {
            let metric = encoder.encode_descriptor(name, help, None, kind)?;
            match kind {
                MetricType::Counter => ConstCounter::new(value).encode(metric)?,
                _ => ConstGauge::new(value).encode(metric)?,
            }
        }
        Ok(())
    }
}

// A count beyond 2⁵³ would lose its last digits.
#[expect(clippy::cast_precision_loss)]
fn journal(gauges: &JournalGauges) -> [Row; 7] {
    use MetricType::{Counter, Gauge};
    let rows = gauges.last_row.saturating_sub(gauges.trimmed);
    [
        (
            "weft_journal_commits",
            "Commits of the journal",
            Counter,
            gauges.commits as f64,
        ),
        (
            "weft_journal_entries",
            "Entries committed to the journal",
            Counter,
            gauges.entries as f64,
        ),
        (
            "weft_journal_bytes",
            "Bytes committed to the journal",
            Counter,
            gauges.bytes as f64,
        ),
        (
            "weft_journal_commit_seconds",
            "Time that commits took",
            Counter,
            gauges.commit_time.as_secs_f64(),
        ),
        (
            "weft_journal_slowest_commit_seconds",
            "Time that the slowest commit took",
            Gauge,
            gauges.slowest_commit.as_secs_f64(),
        ),
        (
            "weft_journal_queued_bytes",
            "Bytes that wait to be committed",
            Gauge,
            gauges.queued_bytes as f64,
        ),
        (
            "weft_journal_rows",
            "Rows of the journal that were not trimmed yet",
            Gauge,
            rows as f64,
        ),
    ]
}

// A count beyond 2⁵³ would lose its last digits.
#[expect(clippy::cast_precision_loss)]
fn records(gauges: &RecordsGauges) -> [Row; 6] {
    use MetricType::{Counter, Gauge};
    [
        (
            "weft_records_behind",
            "Committed entries that are not in the records of runs yet",
            Gauge,
            gauges.behind as f64,
        ),
        (
            "weft_records_lag_seconds",
            "How long ago the first of those was committed",
            Gauge,
            gauges.lag.as_secs_f64(),
        ),
        (
            "weft_records_waiting_bytes",
            "Bytes that wait in memory for the records",
            Gauge,
            gauges.waiting_bytes as f64,
        ),
        (
            "weft_records_skipped",
            "Entries that could not be read into the records",
            Counter,
            gauges.skipped as f64,
        ),
        (
            "weft_records_dropped",
            "Records of express runs that were dropped, as too many waited",
            Counter,
            gauges.dropped as f64,
        ),
        (
            "weft_records_ended",
            "1 once nothing more comes into the records until the server is started anew",
            Gauge,
            f64::from(u8::from(gauges.ended)),
        ),
    ]
}
