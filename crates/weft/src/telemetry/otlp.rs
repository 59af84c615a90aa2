//! Traces, sent by OTLP over HTTP from a thread of their own.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};

/// Sends spans in batches; those that wait at the end are sent by [`Traces::end`].
#[derive(Clone)]
pub(crate) struct Traces(Arc<Inner>);

struct Inner {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

/// A finished span, with the ids that went over the wire.
pub(crate) struct Span {
    /// `Server` for requests, whose parent is somebody else's.
    pub(crate) kind: SpanKind,
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) name: String,
    pub(crate) start: SystemTime,
    pub(crate) end: SystemTime,
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) failed: bool,
}

impl Traces {
    /// Sends to this endpoint, such as `http://127.0.0.1:4318`.
    pub(crate) fn to(endpoint: &str) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .with_context(|| format!("traces cannot be sent to `{endpoint}`"))?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let resource = Resource::builder().with_service_name("weft");
        processor.set_resource(
            &resource
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                .build(),
        );
        Ok(Self(Arc::new(Inner {
            processor,
            scope: InstrumentationScope::builder("weft")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        })))
    }

    /// Takes a finished span; never waits.
    pub(crate) fn send(&self, span: Span) {
        let context = SpanContext::new(
            TraceId::from_bytes(span.trace_id),
            SpanId::from_bytes(span.span_id),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        self.0.processor.on_end(SpanData {
            span_context: context,
            parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
            parent_span_is_remote: span.parent.is_some() && span.kind == SpanKind::Server,
            span_kind: span.kind,
            name: span.name.into(),
            start_time: span.start,
            end_time: span.end,
            attributes: span.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if span.failed {
                Status::error("")
            } else {
                Status::Unset
            },
            instrumentation_scope: self.0.scope.clone(),
        });
    }

    /// Sends what waits, in at most 5 s, and takes no more.
    pub(crate) fn end(&self) {
        if let Err(error) = self.0.processor.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}
