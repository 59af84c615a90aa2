//! Whether instances of a pool are warmed, and what is told of it. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// How long after a failure that may pass the next attempt is made, at first. Each further one doubles it.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest such time.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How the warming of a pool's instances goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Warming {
    stands: Stands,
    /// Attempts in a row that failed.
    failures: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stands {
    #[default]
    Idle,
    UnderWay,
    /// The last attempt failed; none is made before this.
    Resting(Instant),
    /// It would fail again, always.
    GivenUp,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every instance is there.
    Well,
    /// Not for now.
    MayPass,
    /// The guest itself failed.
    WillStay,
}

/// What somebody should hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It fails.
    Fails,
    /// It did, and does no longer.
    WellAgain,
}

impl Warming {
    /// Whether an attempt is made now; then it is under way.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let begins = match self.stands {
            Stands::Idle => true,
            Stands::Resting(until) => now >= until,
            Stands::UnderWay | Stands::GivenUp => false,
        };
        if begins {
            self.stands = Stands::UnderWay;
        }
        begins
    }

    /// The attempt ended. Of failures in a row only the first is told.
    pub(crate) fn end(&mut self, ended: Ended, now: Instant) -> Option<Told> {
        let failed_before = self.failures > 0;
        if ended == Ended::Well {
            *self = Self::default();
            return failed_before.then_some(Told::WellAgain);
        }
        self.failures = self.failures.saturating_add(1);
        self.stands = match ended {
            Ended::WillStay => Stands::GivenUp,
            Ended::MayPass | Ended::Well => Stands::Resting(now + rest(self.failures)),
        };
        // That it is given up is news, too.
        (!failed_before || ended == Ended::WillStay).then_some(Told::Fails)
    }
}

/// How long it rests after so many failures in a row.
fn rest(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_REST.saturating_mul(doubled).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rest_is_twice_as_long_up_to_a_minute() {
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)] {
            assert_eq!(rest(failures), Duration::from_secs(seconds), "{failures}");
        }
    }

    /// What is told, and at which second, where warming is tried every second and ends so.
    fn check(ends: &[Ended], expected: &[(u64, Told)]) {
        let start = Instant::now();
        let mut warming = Warming::default();
        let mut ends = ends.iter();
        let mut told = Vec::new();
        for second in 0.. {
            let now = start + Duration::from_secs(second);
            if !warming.begin(now) {
                if warming.stands == Stands::GivenUp {
                    break;
                }
                continue;
            }
            assert!(!warming.begin(now), "one at a time");
            let Some(end) = ends.next() else { break };
            told.extend(warming.end(*end, now).map(|told| (second, told)));
        }
        assert_eq!(told, expected);
        assert_eq!(ends.next(), None);
    }

    #[test]
    fn failures_in_a_row_are_told_once_and_so_is_their_end() {
        use Ended::{MayPass, Well, WillStay};
        check(&[Well, Well], &[]);
        check(&[MayPass, Well, Well], &[(0, Told::Fails), (1, Told::WellAgain)]);
        check(
            &[MayPass, MayPass, MayPass, Well],
            &[(0, Told::Fails), (7, Told::WellAgain)],
        );
        check(
            &[MayPass, Well, MayPass, Well],
            &[
                (0, Told::Fails),
                (1, Told::WellAgain),
                (2, Told::Fails),
                (3, Told::WellAgain),
            ],
        );
        check(&[WillStay], &[(0, Told::Fails)]);
        check(&[MayPass, WillStay], &[(0, Told::Fails), (1, Told::Fails)]);
    }
}
