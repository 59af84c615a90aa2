//! One pool's autoscaler: what it saw, and what it remembers.

use std::time::Duration;

use super::{Decision, Restarts, State, Windows, decide};
use crate::profile::Profile;

/// Remembers for one pool what [`decide`] needs. Whoever scales the pool owns it, so it has no lock; times are counted
/// from any origin that stays the same.
#[derive(Clone, Debug)]
pub struct Scaler {
    profile: Profile,
    windows: Windows,
    state: State,
}

impl Scaler {
    /// That of a pool made at `now`.
    #[must_use]
    pub fn new(profile: Profile, now: Duration) -> Self {
        Self {
            windows: Windows::new(&profile.scaling, now),
            state: State {
                since: now,
                ..State::default()
            },
            profile,
        }
    }

    /// How long an instance may be idle.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.profile.scaling.grace()
    }

    /// From `now` on so many calls are under way or waiting.
    pub fn set(&mut self, calls: u32, now: Duration) {
        self.windows.set(calls, now);
    }

    /// There were calls up to `now` that were too short to be seen.
    pub fn touch(&mut self, now: Duration) {
        self.windows.touch(now);
    }

    /// What crashed so far.
    pub fn restart_as(&mut self, restarts: Restarts) {
        self.state.restarts = restarts;
    }

    /// Decides for a pool that has so many instances.
    pub fn decide(&mut self, instances: u32, now: Duration) -> Decision {
        let observed = self.windows.observe(instances, now);
        let (decision, state) = decide(&self.profile, &observed, &self.state, now);
        self.state = state;
        decision
    }
}
