//! Whether a version executes where it was promoted to.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::{AcqRel, Release};
use std::time::{Duration, Instant};

use super::{Deployed, Place, Placed};
use crate::{Config, Profiles};

impl Deployed {
    /// Where it belongs under these profiles.
    pub(crate) fn place_under(&self, profiles: &Profiles, config: &Config) -> Place {
        let settings = &self.record.settings;
        match self.since_promoted() {
            Some(_) => Placed::promoted(settings, profiles, config),
            None => Placed::new(settings, profiles, config),
        }
    }

    /// For how long it has been promoted; none where it is not.
    pub(crate) fn promoted_for(&self, now: Instant) -> Option<Duration> {
        let since = self.since_promoted()?;
        Some(now.saturating_duration_since(since))
    }

    /// Notes that it belongs where it is promoted to since a moment, or in its own place; moving it there is the caller's part.
    pub(crate) fn set_promoted(&self, since: Option<Instant>) {
        *self.promoted.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Whether the caller is the one to move it.
    pub(crate) fn begin_moving(&self) -> bool {
        !self.moving.swap(true, AcqRel)
    }

    pub(crate) fn end_moving(&self) {
        self.moving.store(false, Release);
    }

    fn since_promoted(&self) -> Option<Instant> {
        *self.promoted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
