//! What a call carries along, on its way to a worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use weft_function_engine::port::{CallContext, FanOut, Host, LogSink, TraceContext};
use weft_isolation::protocol::{CallBounds, Trace};
use weft_pool::Party;
use weft_types::NodeKey;

use crate::failure::micros;

/// As a server says it.
pub(crate) fn bounds(context: &CallContext) -> CallBounds {
    let left = context.deadline.saturating_duration_since(Instant::now());
    CallBounds {
        invocation: context.invocation,
        deadline_us: micros(left),
        cpu_time_us: micros(context.cpu_time),
        memory: context.memory,
        output: context.output,
        log_lines: context.logs.room(),
        depth: context.depth,
        seed: context.seed,
        clock_ns: context.time.as_nanosecond(),
        key: context.key.map(NodeKey::to_bytes),
        trace: Trace {
            trace_id: context.trace.trace_id,
            span_id: context.trace.span_id,
            sampled: context.trace.sampled,
        },
    }
}

/// As a worker understands it. How many calls it may make of other functions is for the server to count.
pub(crate) fn context(bounds: &CallBounds, logs: Arc<dyn LogSink>, host: Arc<dyn Host>) -> CallContext {
    CallContext {
        invocation: bounds.invocation,
        deadline: Instant::now() + Duration::from_micros(bounds.deadline_us),
        cpu_time: Duration::from_micros(bounds.cpu_time_us),
        memory: bounds.memory,
        output: bounds.output,
        depth: bounds.depth,
        fan_out: FanOut::of(u32::MAX),
        made: None,
        seed: bounds.seed,
        time: Timestamp::from_nanosecond(bounds.clock_ns).unwrap_or_default(),
        key: bounds.key.map(NodeKey::from_bytes),
        // Nobody waits for an instance there.
        party: Party::OWN,
        trace: TraceContext {
            trace_id: bounds.trace.trace_id,
            span_id: bounds.trace.span_id,
            sampled: bounds.trace.sampled,
        },
        logs,
        host: Some(host),
    }
}
