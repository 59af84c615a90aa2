//! The access log: one line a request.

use std::fmt;

use super::Finished;
use crate::trace;

/// The target of access log events; silenced with `weft::access=off`.
const TARGET: &str = "weft::access";

/// Whether anybody reads it.
pub(super) fn enabled() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

/// Writes the line. The query is left out: it may hold what does not belong into logs.
pub(super) fn write(request: &Finished<'_>) {
    tracing::info!(
        target: TARGET,
        method = request.method.as_str(),
        path = request.uri.path(),
        status = request.status.as_u16(),
        bytes = request.bytes,
        micros = u64::try_from(request.took.as_micros()).unwrap_or(u64::MAX),
        invocation = request.invocation.and_then(|id| id.to_str().ok()),
        trace = %Hex(&request.trace.context.trace_id),
    );
}

struct Hex<'a>(&'a [u8; 16]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 32];
        trace::encode(self.0, &mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}
