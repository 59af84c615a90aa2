//! Backing off from instances that crash whenever they start.

use std::time::Duration;

use super::Reason;
use crate::profile::Scaling;

/// The crashes in a row. Those of instances that were started side by side are one: whatever was wrong when the first crashed was wrong
/// for all of them. One crash is replaced at once; from the second on starts wait, each twice as long as the one
/// before, and then one instance is tried alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    crashes: u32,
    /// When the last of those was.
    last: Duration,
    /// The next start comes no earlier.
    not_before: Duration,
    cause: String,
}

impl Restarts {
    /// After an instance whose start `began` then crashed at `now`, of what `cause` says in a few words. One that was started before
    /// the last crash counts with that.
    #[must_use]
    pub fn crashed(&self, scaling: &Scaling, cause: &str, began: Duration, now: Duration) -> Self {
        if self.crashes > 0 && began < self.last {
            return Self {
                cause: cause.to_owned(),
                ..self.clone()
            };
        }
        let crashes = self.crashes.saturating_add(1);
        Self {
            crashes,
            last: now,
            not_before: now + wait(scaling, crashes),
            cause: cause.to_owned(),
        }
    }

    /// After an instance has served: whatever was wrong is over.
    #[must_use]
    pub fn settled() -> Self {
        Self::default()
    }

    /// Crashes in a row.
    #[must_use]
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// How many instances may be started at `now`, ahead or on demand.
    #[must_use]
    pub fn allowed(&self, now: Duration) -> u32 {
        match self.crashes {
            0 | 1 => u32::MAX,
            _ if now < self.not_before => 0,
            _ => 1,
        }
    }

    /// Why none may be started at `now`; none where one may.
    #[must_use]
    pub fn refusal(&self, now: Duration) -> Option<Reason> {
        (self.allowed(now) == 0).then(|| self.reason(now))
    }

    /// That instances crash in a row, while starts are held back or tried one at a time; none otherwise.
    #[must_use]
    pub fn crash_loop(&self, now: Duration) -> Option<Reason> {
        (self.allowed(now) <= 1).then(|| self.reason(now))
    }

    /// Why no more are allowed.
    pub(super) fn reason(&self, now: Duration) -> Reason {
        Reason::Crashes {
            crashes: self.crashes,
            cause: self.cause.clone(),
            next: self.not_before.saturating_sub(now),
        }
    }
}

/// How long the next start waits after so many crashes in a row.
fn wait(scaling: &Scaling, crashes: u32) -> Duration {
    let Some(doublings) = crashes.checked_sub(2) else {
        return Duration::ZERO;
    };
    let wait = 2_u64
        .checked_pow(doublings)
        .and_then(|times| scaling.restart_ms.checked_mul(times))
        .unwrap_or(u64::MAX);
    Duration::from_millis(wait.min(scaling.restart_most_ms))
}
