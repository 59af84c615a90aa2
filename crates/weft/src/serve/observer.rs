//! A span per finished request, for tracing systems.

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use weft_api::{Finished, Observer};

use crate::telemetry::{Span, Traces};

/// Hands finished requests of sampled traces on.
pub(crate) struct Spans(Traces);

impl Spans {
    /// Hands them to these traces.
    pub(crate) fn new(traces: Traces) -> Self {
        Self(traces)
    }
}

impl Observer for Spans {
    fn finished(&self, request: &Finished<'_>) {
        let context = request.trace.context;
        if !context.sampled {
            return;
        }
        let mut attributes = vec![
            KeyValue::new("http.request.method", request.method.as_str().to_owned()),
            KeyValue::new("http.route", request.route.to_owned()),
            KeyValue::new("url.path", request.uri.path().to_owned()),
            KeyValue::new("http.response.status_code", i64::from(request.status.as_u16())),
        ];
        let invocation = request.invocation.and_then(|id| id.to_str().ok());
        attributes.extend(invocation.map(|id| KeyValue::new("faas.invocation_id", id.to_owned())));
        self.0.send(Span {
            kind: SpanKind::Server,
            trace_id: context.trace_id,
            span_id: context.span_id,
            parent: request.trace.parent,
            name: format!("{} {}", request.method, request.route),
            start: request.began,
            end: request.began + request.took,
            attributes,
            failed: request.status.is_server_error(),
        });
    }
}
