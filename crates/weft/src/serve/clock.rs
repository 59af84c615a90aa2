//! The clocks that runs of workflows go by.

use std::time::Duration;

use jiff::Timestamp;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::clock::Clock;

/// The machine's clock, and for pauses the one that nobody sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct WallClock;

/// The longest sleep without a look at the clock, which may have been set meanwhile.
const LOOK: Duration = Duration::from_secs(30);

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, due: Timestamp) -> Boxed<'static, ()> {
        Box::pin(async move {
            loop {
                let left = due.duration_since(Timestamp::now());
                if !left.is_positive() {
                    return;
                }
                tokio::time::sleep(left.unsigned_abs().min(LOOK)).await;
            }
        })
    }

    fn pause(&self, pause: Duration) -> Boxed<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }
}
