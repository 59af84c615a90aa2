//! A call as the counters see it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_pool::Lease;
use weft_quotas::Held;

use super::context::clock;
use crate::Error;
use crate::deployed::{Deployed, Instances};
use crate::metrics::ErrorKind;
use crate::port::Admitted;

/// A call being measured. Dropped before its end was told, it counts as cancelled.
pub(crate) struct Measured {
    deployed: Arc<Deployed>,
    since: Instant,
    ended: bool,
    /// Whether it answered that its server failed.
    blamed: bool,
    /// Its place among the calls of its project.
    _held: Option<Held>,
}

impl Measured {
    pub(crate) fn begin(deployed: &Arc<Deployed>) -> Self {
        Self {
            deployed: Arc::clone(deployed),
            since: clock(),
            ended: false,
            blamed: false,
            _held: None,
        }
    }

    /// Counts it among the calls of its project until it is dropped.
    pub(crate) fn count(&mut self) -> Result<(), Error> {
        self._held = Some(self.deployed.account.begin_call()?);
        Ok(())
    }

    /// It got an instance, after waiting for a place for so long.
    pub(crate) fn leased(&self, queue: Duration, cold: bool) {
        self.deployed.series.started(queue, cold);
    }

    /// The call ended, or answered its head: notes how it came to an instance that its level keeps by itself. Answers how long it
    /// waited for places.
    pub(crate) fn admitted(&self, lease: &mut Lease<Instances>) -> Duration {
        let waited = lease.waited();
        let Some(Admitted { queue, cold }) = lease.instance.admitted() else {
            return waited;
        };
        self.leased(waited + queue, cold);
        waited + queue
    }

    /// The guest ran, after it took so long to start.
    pub(crate) fn executed(&self, start: Duration) {
        self.deployed.series.executed(start);
    }

    /// It answered an HTTP request with this status.
    pub(crate) fn answered(&mut self, status: http::StatusCode) {
        self.blamed = status.is_server_error();
    }

    pub(crate) fn end(&mut self, error: Option<ErrorKind>) {
        if !self.ended {
            self.ended = true;
            let now = clock();
            self.deployed
                .series
                .ended(now.saturating_duration_since(self.since), error);
            // A response that blames its server is an error of the version's, though none of the platform's.
            let error = error.or(self.blamed.then_some(ErrorKind::Function));
            self.deployed.tally.ended(error, now);
        }
    }

    /// It ended before it got an instance.
    pub(crate) fn refused(&mut self, error: &Error) {
        self.end(Some(match error {
            Error::Overloaded { .. } | Error::Quota(_) => ErrorKind::Overloaded,
            Error::QueueTimeout { .. } => ErrorKind::QueueTimeout,
            Error::Draining
            | Error::MissingGrant { .. }
            | Error::UnknownProfile { .. }
            | Error::LevelUnavailable { .. } => ErrorKind::Unavailable,
            _ => ErrorKind::Platform,
        }));
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.end(Some(ErrorKind::Cancelled));
    }
}
