//! Trying again what may succeed a little later.

use std::time::Duration;

use tokio::time::sleep;

/// The first and the longest wait before another try.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long one thing is waited for before it is tried again: longer and longer.
#[derive(Debug)]
pub(crate) struct Again {
    delay: Duration,
}

impl Again {
    pub(crate) fn new() -> Self {
        Self { delay: WAITS.0 }
    }

    /// Waits before another try.
    pub(crate) async fn wait(&mut self) {
        sleep(self.delay).await;
        self.delay = (self.delay * 2).min(WAITS.1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_up_to_a_bound() {
        let (start, mut again) = (Instant::now(), Again::new());
        for expected in [50, 150, 350, 750, 1_550, 3_150, 5_150, 7_150] {
            again.wait().await;
            assert_eq!(start.elapsed(), Duration::from_millis(expected));
        }
    }
}
