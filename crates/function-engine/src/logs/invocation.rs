//! What one invocation may print.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Log, LogLine, RunLogs};
use crate::port::{Attempt, LogSink, Stream};

/// Passes the lines of one invocation on to its function's log, and to that of its run, up to the bound.
pub(crate) struct InvocationLogs {
    log: Arc<Log>,
    step: Option<StepLogs>,
    left: AtomicU32,
}

/// What a call is done on behalf of.
pub(crate) struct StepLogs {
    pub(crate) attempt: Arc<Attempt>,
    pub(crate) runs: Arc<RunLogs>,
}

impl InvocationLogs {
    pub(crate) fn new(log: Arc<Log>, step: Option<StepLogs>) -> Arc<Self> {
        let left = AtomicU32::new(log.bounds.invocation_lines);
        Arc::new(Self { log, step, left })
    }

    fn keep(&self, line: LogLine) {
        if let Some(StepLogs { attempt, runs }) = &self.step {
            runs.push(attempt.run, line.clone());
        }
        self.log.push(line);
    }

    fn skip(&self, lines: u32) {
        if let Some(StepLogs { attempt, runs }) = &self.step {
            runs.skip(attempt.run, lines);
        }
        self.log.skip(lines);
    }
}

impl LogSink for InvocationLogs {
    fn line(&self, invocation: Uuid, stream: Stream, line: &str) {
        let allowed = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .is_ok();
        if !allowed {
            return self.skip(1);
        }
        self.keep(LogLine {
            seq: 0,
            time: Timestamp::now(),
            invocation,
            attempt: self.attempt().cloned(),
            stream,
            text: self.log.cut(line),
        });
    }

    fn room(&self) -> u32 {
        self.left.load(Relaxed)
    }

    fn dropped(&self, lines: u32) {
        self.skip(lines);
    }

    fn attempt(&self) -> Option<&Arc<Attempt>> {
        self.step.as_ref().map(|step| &step.attempt)
    }
}
