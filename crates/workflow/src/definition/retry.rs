//! `retry`: a number of attempts, or a map.

use super::bounds::Bounds;
use super::place::Spot;
use super::reader::{Fields, Least, Reader};
use super::tree::Data;
use crate::event::ErrorCode;
use crate::plan::Retry;

/// The keys of a retry.
pub(super) const KEYS: [&str; 6] = ["attempts", "backoff", "factor", "max-backoff", "jitter", "on"];

impl Reader<'_> {
    pub(super) fn retry(&mut self, spot: Spot) -> Option<Retry> {
        let default = Retry::default();
        if let Data::Number(_) = self.data(spot) {
            let attempts = self.attempts(spot)?;
            return Some(Retry { attempts, ..default });
        }
        let Data::Map(_) = self.data(spot) else {
            self.wrong_type(spot, "a retry: a number of attempts, or a map");
            return None;
        };
        let fields = self.fields(spot, "a retry", &KEYS)?;
        let retry = Retry {
            attempts: fields
                .get("attempts")
                .and_then(|spot| self.attempts(spot))
                .unwrap_or(default.attempts),
            backoff: fields
                .get("backoff")
                .and_then(|spot| self.duration(spot, Least::Zero))
                .unwrap_or(default.backoff),
            factor_percent: fields
                .get("factor")
                .and_then(|spot| self.hundredths(spot, 100..=Bounds::MAX_FACTOR_PERCENT))
                .unwrap_or(default.factor_percent),
            max_backoff: fields
                .get("max-backoff")
                .and_then(|spot| self.duration(spot, Least::Zero))
                .unwrap_or(default.max_backoff),
            jitter_percent: fields
                .get("jitter")
                .and_then(|spot| self.hundredths(spot, 0..=100))
                .unwrap_or(default.jitter_percent),
            on: fields.get("on").map_or(default.on, |spot| self.failures(spot)),
        };
        Some(self.sound(&fields, retry))
    }

    fn attempts(&mut self, spot: Spot) -> Option<u32> {
        self.small(spot, 1..=Bounds::MAX_ATTEMPTS)
    }

    /// The failures that are listed, and those that are always worth another attempt; in order, each once.
    fn failures(&mut self, spot: Spot) -> Box<[ErrorCode]> {
        let items = self.list(spot, "a list of failures").unwrap_or_default();
        let mut failures = Retry::default().on.into_vec();
        failures.extend(items.iter().filter_map(|item| self.choice::<ErrorCode>(*item)));
        failures.sort_unstable();
        failures.dedup();
        failures.into()
    }

    /// A first wait that is longer than the longest one is a mistake where both are given.
    fn sound(&mut self, fields: &Fields<'_>, mut retry: Retry) -> Retry {
        if retry.backoff > retry.max_backoff {
            match fields.get("max-backoff") {
                Some(spot) => self.tell(spot, "out-of-range", "`max-backoff` is shorter than `backoff`"),
                None => retry.max_backoff = retry.backoff,
            }
        }
        retry
    }
}
