//! What a version answered lately, for those who decide where calls go.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use weft_types::Settings;
use weft_types::moves::rollout::Counts;

use crate::metrics::ErrorKind;

/// Counts the calls of a version while it takes part in a rollout, and remembers when it trapped where its settings ask for that.
pub(crate) struct Tally {
    /// Otherwise a call only reads this.
    counting: AtomicBool,
    calls: AtomicU64,
    errors: AtomicU64,
    traps: Mutex<VecDeque<Instant>>,
    /// Most of those.
    most: usize,
}

impl Tally {
    pub(super) fn new(settings: &Settings) -> Self {
        let promotion = settings.promotion.as_ref();
        Self {
            counting: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            traps: Mutex::default(),
            most: promotion.map_or(0, |promotion| promotion.after as usize),
        }
    }

    /// Counts from now on; what was counted before stays.
    pub(crate) fn count(&self) {
        self.counting.store(true, Relaxed);
    }

    /// A call ended.
    pub(crate) fn ended(&self, error: Option<ErrorKind>, now: Instant) {
        if self.most > 0 && error.is_some_and(ErrorKind::is_trap) {
            let mut traps = self.traps();
            if traps.len() >= self.most {
                traps.pop_front();
            }
            traps.push_back(now);
        }
        // Nobody is to blame where nobody waited for it.
        if self.counting.load(Relaxed) && error != Some(ErrorKind::Cancelled) {
            self.calls.fetch_add(1, Relaxed);
            self.errors.fetch_add(error.is_some().into(), Relaxed);
        }
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        // Read in this order, and added to in the other: never more errors than calls.
        let errors = self.errors.load(Relaxed);
        Counts {
            calls: self.calls.load(Relaxed).max(errors),
            errors,
        }
    }

    /// How long ago the latest traps were.
    pub(crate) fn traps_ago(&self, now: Instant) -> Vec<Duration> {
        let traps = self.traps();
        traps
            .iter()
            .map(|trap| now.saturating_duration_since(*trap))
            .collect()
    }

    /// Forgets the traps: the version has moved.
    pub(crate) fn forget_traps(&self) {
        self.traps().clear();
    }

    fn traps(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        // Nothing that can panic half-way runs under the lock.
        self.traps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn calls_count_while_somebody_wants_to_know_and_traps_where_settings_ask() {
        let settings = serde_json::from_str(r#"{"promotion":{"after":2}}"#).unwrap();
        let (tally, began) = (Tally::new(&settings), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        tally.ended(None, began);
        tally.ended(Some(ErrorKind::Trapped), after(1));
        assert_eq!(tally.counts(), Counts::default());
        tally.count();
        tally.ended(None, after(2));
        tally.ended(Some(ErrorKind::Function), after(3));
        tally.ended(Some(ErrorKind::Cancelled), after(4));
        tally.ended(Some(ErrorKind::Memory), after(5));
        tally.ended(Some(ErrorKind::WorkerCrash), after(6));
        assert_eq!(tally.counts(), Counts { calls: 4, errors: 3 });
        let ago = |seconds| Duration::from_secs(seconds);
        assert_eq!(tally.traps_ago(after(10)), [ago(5), ago(4)]);
        tally.forget_traps();
        assert!(tally.traps_ago(after(10)).is_empty());

        let without = Tally::new(&Settings::default());
        without.ended(Some(ErrorKind::Trapped), began);
        assert!(without.traps_ago(began).is_empty());
    }
}
