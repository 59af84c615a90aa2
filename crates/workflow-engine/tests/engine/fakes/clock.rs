//! The runtime's clock, which tests stop, and set.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::clock::Clock;

#[derive(Clone)]
pub(crate) struct FakeClock {
    start: Instant,
    at_start: Timestamp,
    /// Seconds by which it was set forward.
    set: watch::Sender<i64>,
}

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            at_start: "2026-01-01T00:00:00Z".parse().unwrap(),
            set: watch::Sender::new(0),
        }
    }

    /// Sets it forward by so many seconds, or back.
    pub(crate) fn set_forward(&self, seconds: i64) {
        self.set.send_modify(|set| *set += seconds);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let set = SignedDuration::from_secs(*self.set.borrow());
        self.at_start + self.start.elapsed() + set
    }

    fn pause(&self, pause: Duration) -> Boxed<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }

    fn sleep_until(&self, due: Timestamp) -> Boxed<'static, ()> {
        let clock = self.clone();
        Box::pin(async move {
            let mut set = clock.set.subscribe();
            loop {
                let left = due.duration_since(clock.now());
                if !left.is_positive() {
                    return;
                }
                // The real one looks from time to time whether it was set.
                tokio::select! {
                    () = tokio::time::sleep(left.unsigned_abs()) => {}
                    _ = set.changed() => {}
                }
            }
        })
    }
}
