//! What one invocation may print.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use uuid::Uuid;

use super::FunctionLogs;
use crate::port::{LogSink, Stream};

/// Passes the lines of one invocation on to its function's logs, up to the bound.
pub(crate) struct InvocationLogs {
    logs: Arc<FunctionLogs>,
    left: AtomicU32,
}

impl InvocationLogs {
    pub(crate) fn new(logs: Arc<FunctionLogs>) -> Arc<Self> {
        let left = AtomicU32::new(logs.bounds.invocation_lines);
        Arc::new(Self { logs, left })
    }
}

impl LogSink for InvocationLogs {
    fn line(&self, invocation: Uuid, stream: Stream, line: &str) {
        let allowed = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .is_ok();
        if allowed {
            self.logs.push(invocation, stream, line);
        } else {
            self.logs.skip();
        }
    }
}
