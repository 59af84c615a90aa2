//! Calls of functions by functions, for tracing systems: the engine tells of them as spans of `tracing`, which name the
//! request's trace and the span that they happened within.

use std::fmt::Debug;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{Span, Traces};

/// What the engine calls these spans, and where it makes them.
const NAME: &str = "function call";
pub(crate) const TARGET: &str = "weft_function_engine::host";

/// Hands calls of sampled traces on when they have ended.
pub(crate) struct FunctionCalls(Traces);

/// A call under way.
struct Call {
    began: SystemTime,
    project: String,
    function: String,
    export: String,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent_id: [u8; 8],
    sampled: bool,
    failed: bool,
}

impl FunctionCalls {
    /// Hands them to these traces.
    pub(crate) fn new(traces: Traces) -> Self {
        Self(traces)
    }
}

impl<S> Layer<S> for FunctionCalls
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.name() != NAME || metadata.target() != TARGET {
            return;
        }
        let mut call = Call::begin();
        attributes.record(&mut call);
        if let Some(span) = context.span(id).filter(|_| call.sampled) {
            span.extensions_mut().insert(call);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(call) = span.extensions_mut().get_mut::<Call>()
        {
            values.record(call);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let ended = context
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<Call>());
        if let Some(call) = ended {
            self.0.send(call.end());
        }
    }
}

impl Call {
    fn begin() -> Self {
        Self {
            began: SystemTime::now(),
            project: String::new(),
            function: String::new(),
            export: String::new(),
            trace_id: [0; 16],
            span_id: [0; 8],
            parent_id: [0; 8],
            sampled: false,
            failed: false,
        }
    }

    fn end(self) -> Span {
        Span {
            kind: SpanKind::Internal,
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent: Some(self.parent_id),
            name: format!("call {}", self.function),
            start: self.began,
            end: SystemTime::now(),
            attributes: vec![
                KeyValue::new("faas.invoked_name", self.function),
                KeyValue::new("weft.project", self.project),
                KeyValue::new("weft.export", self.export),
            ],
            failed: self.failed,
        }
    }
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "project" => value.clone_into(&mut self.project),
            "function" => value.clone_into(&mut self.function),
            "export" => value.clone_into(&mut self.export),
            "trace_id" => decode(value, &mut self.trace_id),
            "span_id" => decode(value, &mut self.span_id),
            "parent_id" => decode(value, &mut self.parent_id),
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "sampled" => self.sampled = value,
            "failed" => self.failed = value,
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Reads hexadecimal digits; what is not as long as it should be is left out.
fn decode(text: &str, bytes: &mut [u8]) {
    if text.len() != 2 * bytes.len() || !text.is_ascii() {
        return;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read() {
        let mut id = [9; 2];
        for (text, expected) in [
            ("00ff", [0, 255]),
            ("123", [0, 255]),
            ("", [0, 255]),
            ("0a0b", [10, 11]),
        ] {
            decode(text, &mut id);
            assert_eq!(id, expected, "{text}");
        }
    }
}
