//! Wall time and waiting for it.

use std::time::Duration;

use jiff::Timestamp;

use super::Boxed;

/// The clock that runs go by: retries, sleeps, deadlines.
pub trait Clock: Send + Sync + 'static {
    /// The wall time.
    fn now(&self) -> Timestamp;

    /// Waits until `due`, though not for long waits at once: a clock that jumps is noticed within a minute.
    fn sleep_until(&self, due: Timestamp) -> Boxed<'static, ()>;

    /// Waits for so long, whatever the wall time is set to meanwhile: before something is tried again.
    fn pause(&self, pause: Duration) -> Boxed<'static, ()>;
}
