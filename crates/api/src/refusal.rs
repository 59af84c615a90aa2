//! Refusals that wait: who is told that there is no room, and asks again at once, shall not keep the server busy with saying no.
//!
//! A connection that is refused asks again when it has its answer. Held back, so many of them ask a few times a second, where
//! they would ask as often as cores can refuse, and everybody else's requests would stand in line with theirs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Extensions;

/// Marks a response that refuses what there is no room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal;

/// The refusals that are held back.
#[derive(Debug)]
pub(crate) struct Refusals {
    held: AtomicUsize,
    most: usize,
    pause: Duration,
}

impl Refusals {
    /// Each is held for half of `pause` up to one and a half, so that those who came together do not come together again; `most` of
    /// them at once, more are said without delay.
    pub(crate) fn new(most: usize, pause: Duration) -> Self {
        Self {
            held: AtomicUsize::new(0),
            most,
            pause,
        }
    }

    /// Waits before a response is sent that is marked as one.
    pub(crate) async fn hold(&self, extensions: &mut Extensions) {
        if extensions.remove::<Refusal>().is_none() || self.pause.is_zero() {
            return;
        }
        let held = Held(&self.held);
        if self.held.fetch_add(1, Ordering::Relaxed) < self.most {
            tokio::time::sleep(self.pause.mul_f64(0.5 + fastrand::f64())).await;
        }
        drop(held);
    }
}

/// A place among those that are held; dropping it gives it back.
struct Held<'a>(&'a AtomicUsize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(250);

    /// How long a response was held.
    async fn held(refusals: &Refusals, refusal: bool) -> Duration {
        let mut extensions = Extensions::new();
        if refusal {
            extensions.insert(Refusal);
        }
        let began = tokio::time::Instant::now();
        refusals.hold(&mut extensions).await;
        began.elapsed()
    }

    fn is_pause(held: Duration) -> bool {
        // Timers count whole milliseconds.
        (PAUSE / 2..=PAUSE * 3 / 2 + Duration::from_millis(1)).contains(&held)
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_wait_and_nothing_else_does() {
        let refusals = Refusals::new(8, PAUSE);
        for _ in 0..100 {
            assert!(is_pause(held(&refusals, true).await));
        }
        assert_eq!(held(&refusals, false).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_may() {
        let refusals = Refusals::new(2, PAUSE);
        let all = [(); 3].map(|()| held(&refusals, true));
        let [one, two, three] = futures_util::future::join_all(all).await.try_into().unwrap();
        assert!(is_pause(one) && is_pause(two));
        assert_eq!(three, Duration::ZERO);
        assert!(is_pause(held(&refusals, true).await), "places are given back");
    }

    #[tokio::test(start_paused = true)]
    async fn none_wait_where_that_is_not_wanted() {
        assert_eq!(
            held(&Refusals::new(8, Duration::ZERO), true).await,
            Duration::ZERO
        );
    }
}
