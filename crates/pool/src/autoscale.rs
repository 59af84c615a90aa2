//! How many instances a pool should have: one pure function of what was observed, so that everything it ever does can be
//! replayed as data.
//!
//! The model is that of two windows. Load averaged over the long, *stable* window says how many instances are needed in
//! the long run; when the short, *panic* window shows a surge, it decides, and nothing is ended until the surge is a
//! stable window ago. A pool without calls keeps its last instance for the grace, then goes down to `min`.
//!
//! [`Windows`] makes an [`Observed`] of the number of calls over time, [`decide`] a [`Decision`] of that, and
//! [`Restarts`] keeps instances that crash whenever they start from being started in a loop. [`Scaler`] holds all that
//! for one pool.

use std::time::Duration;

use crate::profile::Profile;

mod history;
mod reason;
mod restarts;
mod scaler;
mod windows;

pub use history::{Change, History};
pub use reason::Reason;
pub use restarts::Restarts;
pub use scaler::Scaler;
pub use windows::Windows;

/// Load may fall by so much, in percent, before fewer instances are wanted: what wavers by half of it changes nothing.
const SLACK_PERCENT: f64 = 10.0;

/// What is known about a pool at the moment of a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Calls under way or waiting, averaged over the stable window.
    pub stable: f64,
    /// The same over the panic window.
    pub panic: f64,
    /// Calls under way or waiting at this moment.
    pub calls: u32,
    /// Instances that are there, starting ones included.
    pub instances: u32,
    /// For how long there was no call; zero while there is one.
    pub idle: Duration,
}

/// What decisions remember of earlier ones. Times are counted from any origin that stays the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// When the pool was made.
    pub since: Duration,
    /// The surge that is not yet a stable window ago.
    pub surge: Option<Surge>,
    /// The crashes in a row, if any.
    pub restarts: Restarts,
}

/// A surge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    /// When it was last seen.
    pub seen: Duration,
    /// The most instances it asked for.
    pub peak: u32,
}

/// What a pool should do, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// How many instances there should be, `min` to `max`.
    pub desired: u32,
    /// How many to start now: what is missing, or less while starts fail.
    pub start: u32,
    /// How many to end, idle ones only, as soon as there are such.
    pub end: u32,
    /// What the number follows from.
    pub reason: Reason,
}

/// Decides how many instances a pool should have at `now`; also answers what the next decision has to know.
#[must_use]
pub fn decide(profile: &Profile, observed: &Observed, state: &State, now: Duration) -> (Decision, State) {
    let next = State {
        surge: surge(profile, observed, state, now),
        ..state.clone()
    };
    let (wanted, reason) = wanted(profile, observed, &next, now);
    let (desired, reason) = bounded(profile, observed, wanted, reason);
    let missing = desired.saturating_sub(observed.instances);
    let start = missing.min(state.restarts.allowed(now));
    let decision = Decision {
        desired,
        start,
        end: observed.instances.saturating_sub(desired),
        reason: if start < missing {
            state.restarts.reason(now)
        } else {
            reason
        },
    };
    (decision, next)
}

/// How many calls an instance should have at once.
fn per_instance(profile: &Profile) -> f64 {
    f64::from(profile.slots.max(1)) * f64::from(profile.scaling.target_percent.max(1)) / 100.0
}

/// The surge that lasts, or is still remembered.
fn surge(profile: &Profile, observed: &Observed, state: &State, now: Duration) -> Option<Surge> {
    let needed = observed.panic / per_instance(profile);
    let threshold = f64::from(profile.scaling.panic_percent) / 100.0;
    let before = state
        .surge
        .filter(|surge| now.saturating_sub(surge.seen) < profile.scaling.stable());
    if observed.idle >= profile.scaling.grace() && observed.idle > Duration::ZERO {
        None
    } else if needed >= threshold * f64::from(observed.instances.max(1)) {
        Some(Surge {
            seen: now,
            peak: before
                .map_or(0, |surge| surge.peak)
                .max(whole(needed))
                .min(profile.scaling.max),
        })
    } else {
        before
    }
}

/// What load, surges and the grace ask for, before any bound.
fn wanted(profile: &Profile, observed: &Observed, state: &State, now: Duration) -> (u32, Reason) {
    let scaling = &profile.scaling;
    if observed.idle >= scaling.grace() && observed.idle > Duration::ZERO {
        return (0, Reason::Idle { since: observed.idle });
    }
    let mut found = by_load(profile, observed);
    if let Some(surge) = state.surge {
        let lasts = surge.seen == now;
        let needed = if lasts {
            whole(observed.panic / per_instance(profile))
        } else {
            0
        };
        let reason = if lasts {
            Reason::Surge {
                calls: observed.panic,
                window: scaling.panic(),
                instances: observed.instances,
            }
        } else {
            Reason::AfterSurge {
                seen: now.saturating_sub(surge.seen),
                kept: scaling.stable(),
            }
        };
        found = more(found, (needed.max(surge.peak), reason));
    }
    if now.saturating_sub(state.since) < scaling.grace() {
        found = more(found, (scaling.initial, Reason::Initial));
    }
    found
}

fn by_load(profile: &Profile, observed: &Observed) -> (u32, Reason) {
    let needed = observed.stable / per_instance(profile);
    let (now, with_slack) = (whole(needed), whole(needed / (1.0 - SLACK_PERCENT / 100.0)));
    let wanted = now.max(with_slack.min(observed.instances));
    if wanted == 0 && observed.calls > 0 {
        return (1, Reason::Called);
    }
    if wanted == 0 && observed.instances > 0 {
        let left = profile.scaling.grace().saturating_sub(observed.idle);
        return (1, Reason::Grace { left });
    }
    let reason = Reason::Load {
        calls: observed.stable,
        window: profile.scaling.stable(),
        per_instance: per_instance(profile),
    };
    (wanted, reason)
}

/// Keeps what is wanted within the rates and between `min` and `max`.
fn bounded(profile: &Profile, observed: &Observed, wanted: u32, reason: Reason) -> (u32, Reason) {
    let scaling = &profile.scaling;
    let most = observed.instances.max(1).saturating_mul(scaling.up_factor.max(1));
    let least = observed.instances / scaling.down_factor.max(1);
    let idle = matches!(reason, Reason::Idle { .. });
    let (rated, reason) = if wanted > most {
        (
            most,
            Reason::UpFactor {
                wanted,
                factor: scaling.up_factor,
            },
        )
    } else if wanted < least && !idle {
        (
            least,
            Reason::DownFactor {
                wanted,
                factor: scaling.down_factor,
            },
        )
    } else {
        (wanted, reason)
    };
    if rated < scaling.min {
        (scaling.min, Reason::Min { wanted: rated })
    } else if rated > scaling.max {
        (scaling.max, Reason::Max { wanted: rated })
    } else {
        (rated, reason)
    }
}

/// The one that asks for more; the first where both ask for the same.
fn more(one: (u32, Reason), other: (u32, Reason)) -> (u32, Reason) {
    if other.0 > one.0 { other } else { one }
}

/// As many whole instances as are needed. What rounding of sums adds does not make another one.
fn whole(instances: f64) -> u32 {
    // `as` ends at the bounds of u32, and takes what is no number as 0.
    (instances - 1e-9).ceil() as u32
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
