//! The runtime's clock, which tests stop.

use jiff::Timestamp;
use tokio::time::Instant;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::clock::Clock;

pub(crate) struct FakeClock {
    start: Instant,
    at_start: Timestamp,
}

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            at_start: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.at_start + self.start.elapsed()
    }

    fn sleep_until(&self, due: Timestamp) -> Boxed<'static, ()> {
        let wait = self.now().duration_until(due);
        let wait = wait.try_into().unwrap_or_default();
        Box::pin(tokio::time::sleep(wait))
    }
}
