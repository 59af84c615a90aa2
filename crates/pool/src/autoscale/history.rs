//! What was decided of a pool lately, and why.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Decision, Reason};
use crate::shared::Scaled;

/// The last decisions that changed something, or could not as instances crash, and the very last one. Times are counted from
/// the scaler's origin.
#[derive(Clone, Debug, Default)]
pub struct History {
    changes: VecDeque<Change>,
    latest: Option<(Duration, Decision)>,
}

/// One step of a pool's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Duration,
    /// How many instances there were afterwards.
    pub instances: u32,
    /// How many were started.
    pub started: u32,
    /// How many ended.
    pub ended: u32,
    /// Why, in words.
    pub reason: String,
}

impl History {
    /// Changes that are remembered; the oldest make room.
    pub const MOST: usize = 32;

    /// Notes what came of a decision made at `now`.
    pub fn note(&mut self, scaled: &Scaled, now: Duration) {
        let Scaled {
            decision,
            instances,
            started,
            ended,
            demanded,
        } = scaled;
        if *demanded > 0 {
            self.push(Change {
                at: now,
                instances: *instances,
                started: *demanded,
                ended: 0,
                reason: "calls found no free slot".to_owned(),
            });
        }
        if *started > 0 || *ended > 0 || self.is_new_crash(decision) {
            self.push(Change {
                at: now,
                instances: (instances + started).saturating_sub(*ended),
                started: *started,
                ended: *ended,
                reason: decision.reason.to_string(),
            });
        }
        self.latest = Some((now, decision.clone()));
    }

    /// Notes that an instance that did nothing ended, as another pool needed what it took of the machine; `instances` are left.
    pub fn evicted(&mut self, instances: u32, now: Duration) {
        self.push(Change {
            at: now,
            instances,
            started: 0,
            ended: 1,
            reason: "an instance of another pool needed its place on the machine".to_owned(),
        });
    }

    /// The last changes, the newest first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().rev()
    }

    /// The last decision, whether or not it changed anything.
    #[must_use]
    pub fn latest(&self) -> Option<(Duration, &Decision)> {
        self.latest.as_ref().map(|(at, decision)| (*at, decision))
    }

    /// Whether starts are held back since a crash that was not told of yet.
    fn is_new_crash(&self, decision: &Decision) -> bool {
        let crashes = |decision: &Decision| match decision.reason {
            Reason::Crashes { crashes, .. } => Some(crashes),
            _ => None,
        };
        let before = self.latest.as_ref().and_then(|(_, decision)| crashes(decision));
        crashes(decision).is_some_and(|now| before != Some(now))
    }

    fn push(&mut self, change: Change) {
        if self.changes.len() == Self::MOST {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(reason: Reason, counts: [u32; 4]) -> Scaled {
        let [instances, started, ended, demanded] = counts;
        Scaled {
            decision: Decision {
                desired: 0,
                start: started,
                end: ended,
                reason,
            },
            instances,
            started,
            ended,
            demanded,
        }
    }

    fn crashes(crashes: u32) -> Reason {
        Reason::Crashes {
            crashes,
            cause: "exit code 1".to_owned(),
            next: Duration::from_millis(200),
        }
    }

    /// What is told after a row of decisions, the newest first.
    fn check(decisions: &[(Reason, [u32; 4])], expected: &[(u64, u32, u32, u32, &str)]) {
        let mut history = History::default();
        for (second, (reason, counts)) in (0..).zip(decisions) {
            history.note(&scaled(reason.clone(), *counts), Duration::from_secs(second));
        }
        let told: Vec<_> = history
            .changes()
            .map(|change| {
                let Change {
                    at,
                    instances,
                    started,
                    ended,
                    reason,
                } = change;
                (at.as_secs(), *instances, *started, *ended, reason.as_str())
            })
            .collect();
        assert_eq!(told, expected, "{decisions:?}");
        let last = decisions
            .len()
            .checked_sub(1)
            .map(|last| Duration::from_secs(last as u64));
        assert_eq!(history.latest().map(|(at, _)| at), last);
    }

    #[test]
    fn what_changed_is_told_with_its_reason() {
        let idle = || Reason::Idle {
            since: Duration::from_secs(60),
        };
        check(&[], &[]);
        check(&[(Reason::Called, [1, 0, 0, 0])], &[]);
        check(
            &[
                (Reason::Called, [1, 0, 0, 1]),
                (Reason::Initial, [1, 2, 0, 0]),
                (idle(), [3, 0, 2, 0]),
            ],
            &[
                (2, 1, 0, 2, "no call for 60 s"),
                (1, 3, 2, 0, "a new pool begins with `initial`"),
                (0, 1, 1, 0, "calls found no free slot"),
            ],
        );
        let told = "2 crashes in a row (exit code 1): the next start is in 0.2 s";
        check(
            &[(crashes(2), [0, 0, 0, 0]), (crashes(2), [0, 0, 0, 0])],
            &[(0, 0, 0, 0, told)],
        );
    }

    #[test]
    fn only_the_last_changes_are_remembered() {
        let mut history = History::default();
        for second in 0..100 {
            history.note(&scaled(Reason::Called, [1, 1, 0, 0]), Duration::from_secs(second));
        }
        let seconds: Vec<_> = history.changes().map(|change| change.at.as_secs()).collect();
        assert_eq!(seconds, (68..100).rev().collect::<Vec<_>>());
    }
}
