//! A version that executes elsewhere for a while because it traps: when it goes there, and when it comes back.

use std::time::Duration;

use crate::settings::Promotion;

/// What is known of a version at the moment of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed<'a> {
    /// For how long it has been promoted; none where it is not.
    pub promoted: Option<Duration>,
    /// How long ago its latest traps were, in any order; of at least [`Promotion::after`] of them where there were as many.
    pub ago: &'a [Duration],
}

/// What to do with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It stays where it is.
    Stay,
    /// To the stronger profile.
    Promote(String),
    /// Back to its own.
    Restore(String),
}

/// Decides where a version executes.
#[must_use]
pub fn decide(policy: &Promotion, observed: &Observed<'_>) -> Decision {
    let (window, quiet) = (
        Duration::from_millis(policy.window_ms),
        Duration::from_millis(policy.quiet_ms),
    );
    match observed.promoted {
        None => {
            let recent = observed.ago.iter().filter(|ago| **ago <= window).count();
            if recent < policy.after as usize {
                return Decision::Stay;
            }
            let times = if recent == 1 { "once" } else { "times" };
            let count = if recent == 1 {
                String::new()
            } else {
                format!("{recent} ")
            };
            Decision::Promote(format!(
                "it trapped or ran out of memory {count}{times} within {} s",
                window.as_secs_f32()
            ))
        }
        Some(since) => {
            let last = observed.ago.iter().min().copied().unwrap_or(since).min(since);
            if last < quiet {
                return Decision::Stay;
            }
            Decision::Restore(format!(
                "it neither trapped nor ran out of memory for {} s",
                quiet.as_secs_f32()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> Promotion {
        Promotion {
            after: 3,
            window_ms: 10_000,
            quiet_ms: 60_000,
            ..Promotion::default()
        }
    }

    /// What is decided of a version promoted so many seconds ago, or not, that trapped so many seconds ago.
    fn check(promoted: Option<u64>, ago: &[u64], expected: Result<(), &str>) {
        let ago: Vec<_> = ago.iter().map(|ago| Duration::from_secs(*ago)).collect();
        let observed = Observed {
            promoted: promoted.map(Duration::from_secs),
            ago: &ago,
        };
        let expected = match (expected, promoted) {
            (Ok(()), _) => Decision::Stay,
            (Err(why), None) => Decision::Promote(why.to_owned()),
            (Err(why), Some(_)) => Decision::Restore(why.to_owned()),
        };
        assert_eq!(decide(&policy(), &observed), expected, "{observed:?}");
    }

    #[test]
    fn a_version_is_promoted_when_it_trapped_often_enough_in_the_window() {
        check(None, &[], Ok(()));
        check(None, &[0, 0], Ok(()));
        check(None, &[0, 5, 11], Ok(()));
        let why = "it trapped or ran out of memory 3 times within 10 s";
        check(None, &[0, 5, 10], Err(why));
        check(None, &[10, 0, 5, 100], Err(why));
    }

    #[test]
    fn it_comes_back_when_it_was_quiet_for_long_enough() {
        let why = "it neither trapped nor ran out of memory for 60 s";
        check(Some(0), &[], Ok(()));
        check(Some(59), &[70, 80], Ok(()));
        check(Some(60), &[70, 80], Err(why));
        check(Some(60), &[], Err(why));
        check(Some(500), &[59, 70], Ok(()));
        check(Some(500), &[60, 70], Err(why));
    }

    proptest! {
        /// Nothing that promotes a version brings it back as well, so it does not waver at one moment.
        #[test]
        fn what_promotes_does_not_restore(
            after in 1_u32..5, window_ms in 1_u64..1_000, quiet_ms in 1_u64..1_000,
            ago in prop::collection::vec(0_u64..2_000, 0..8),
        ) {
            let policy = Promotion { after, window_ms, quiet_ms, ..Promotion::default() };
            let ago: Vec<_> = ago.into_iter().map(Duration::from_millis).collect();
            let before = Observed { promoted: None, ago: &ago };
            if let Decision::Promote(_) = decide(&policy, &before) {
                let after = Observed { promoted: Some(Duration::ZERO), ago: &ago };
                prop_assert_eq!(decide(&policy, &after), Decision::Stay);
            }
        }
    }
}
