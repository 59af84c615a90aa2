//! What the server says about itself: log lines, and traces where they are wanted.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config;
use crate::failure::Failure;

mod access;
mod calls;
mod otlp;
mod writer;

pub(crate) use access::AccessLog;
pub(crate) use otlp::{Span, Traces};
pub(crate) use writer::Dropped;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// A line of text.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Keeps telemetry going; whatever waits to be written or sent is so when this is dropped.
pub(crate) struct Telemetry {
    /// Sends a span per request, where an endpoint is configured.
    pub(crate) traces: Option<Traces>,
    /// Writes a line per request, where that is wanted.
    pub(crate) access_log: Option<Arc<AccessLog>>,
    /// How many log lines were dropped.
    pub(crate) dropped: Dropped,
    _writer: writer::Guard,
}

/// Begins to log as configured.
pub(crate) fn start(config: &config::Telemetry) -> anyhow::Result<Telemetry> {
    let filter = filter(config)?;
    let (lines, guard) = writer::start(config.log_queue).context("the log writer cannot be started")?;
    let dropped = lines.dropped();
    let access_log = config
        .access_log
        .then(|| Arc::new(AccessLog::new(lines.clone(), config.log_format)));
    let traces = match config.otlp_endpoint.as_str() {
        "" => None,
        endpoint => Some(Traces::to(endpoint)?),
    };
    let registry = tracing_subscriber::registry().with(traces.clone().map(calls::FunctionCalls::new));
    let text = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(lines);
    let installed = match config.log_format {
        LogFormat::Text => registry.with(text.compact()).with(filter).try_init(),
        LogFormat::Json => {
            let json = text
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            registry.with(json).with(filter).try_init()
        }
    };
    installed.map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))?;
    Ok(Telemetry {
        traces,
        access_log,
        dropped,
        _writer: guard,
    })
}

impl Telemetry {
    /// Sends no more traces, not even those that wait: there is no time.
    pub(crate) fn give_traces_up(&mut self) {
        self.traces = None;
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}

/// What is logged, with the spans that traces are made of where those are wanted.
fn filter(config: &config::Telemetry) -> Result<EnvFilter, Failure> {
    let mut directives = config.log.clone();
    if !config.otlp_endpoint.is_empty() {
        directives.push_str(&format!(",{}=info", calls::TARGET));
    }
    EnvFilter::from_str(&directives).map_err(|error| {
        Failure::usage(format!("`{}` is not a log filter: {error}", config.log))
            .hint("write levels, also per module: `info,weft_api=debug`")
    })
}
