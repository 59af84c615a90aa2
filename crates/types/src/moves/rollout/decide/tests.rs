//! Tables of decisions, and what holds whatever is counted.

use proptest::prelude::*;

use super::*;

fn policy() -> Policy {
    Policy {
        stages: vec![10, 50, 100],
        stage_ms: 60_000,
        min_calls: 20,
        error_bound_percent: 5,
        limit_ms: 3_600_000,
    }
}

fn counts((calls, errors): (u64, u64)) -> Counts {
    Counts { calls, errors }
}

/// A decision in a word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Keep => "keep",
        Decision::Advance(_) => "advance",
        Decision::Return(_) => "return",
        Decision::Finish(_) => "finish",
    }
}

/// What is decided in a stage after so many seconds, with so many calls and errors of the new version and the one before.
fn check(stage: usize, seconds: u64, new: (u64, u64), old: (u64, u64), expected: &str) {
    let observed = Observed {
        stage,
        in_stage: Duration::from_secs(seconds),
        in_all: Duration::from_secs(seconds),
        old: counts(old),
        new: counts(new),
    };
    let decision = decide(&policy(), &observed);
    assert_eq!(word(&decision), expected, "{observed:?}: {decision:?}");
}

#[test]
fn a_new_version_goes_on_when_it_was_long_enough_as_good() {
    check(0, 0, (0, 0), (0, 0), "keep");
    check(0, 59, (1_000, 0), (9_000, 0), "keep");
    check(0, 60, (19, 0), (200, 0), "keep");
    check(0, 60, (20, 0), (200, 0), "advance");
    check(1, 60, (20, 0), (200, 0), "advance");
    check(2, 60, (20, 0), (200, 0), "finish");
    check(2, 59, (20, 0), (200, 0), "keep");
    check(7, 60, (20, 0), (200, 0), "finish");
}

#[test]
fn one_that_fails_more_goes_back_at_once() {
    check(0, 0, (19, 19), (200, 0), "keep");
    check(0, 0, (20, 20), (200, 0), "return");
    check(0, 0, (20, 1), (200, 0), "keep");
    check(0, 0, (20, 2), (200, 0), "return");
    check(2, 60, (20, 2), (200, 0), "return");
    check(0, 60, (100, 25), (1_000, 200), "advance");
    check(0, 60, (100, 26), (1_000, 200), "return");
    check(0, 0, (20, 2), (0, 0), "return");
    check(0, 60, (20, 1), (0, 0), "advance");
    check(0, 60, (100, 50), (100, 100), "advance");
    check(0, 60, (u64::MAX, u64::MAX), (u64::MAX, u64::MAX), "advance");
    check(0, 0, (u64::MAX, u64::MAX), (u64::MAX, 0), "return");
}

#[test]
fn one_that_is_hardly_called_goes_back_in_the_end() {
    check(0, 3_599, (3, 0), (9, 0), "keep");
    check(0, 3_600, (3, 0), (9, 0), "return");
    check(0, 3_600, (30, 0), (9, 0), "advance");
}

#[test]
fn reasons_have_the_counts() {
    let observed = Observed {
        stage: 0,
        in_stage: Duration::from_millis(60_400),
        in_all: Duration::from_secs(61),
        old: counts((900, 9)),
        new: counts((100, 0)),
    };
    let expected = "0 of 100 calls failed in 60 s, 9 of 900 before";
    assert_eq!(
        decide(&policy(), &observed),
        Decision::Advance(expected.to_owned())
    );
    let failing = Observed {
        new: counts((100, 50)),
        ..observed
    };
    let expected = "50 of its 100 calls failed, 9 of 900 before: more than 5 percent more";
    assert_eq!(decide(&policy(), &failing), Decision::Return(expected.to_owned()));
}

/// What is counted between two looks: time, and calls and errors of both.
type Step = (u64, (u64, u64), (u64, u64));

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sides = || (0_u64..40).prop_flat_map(|calls| (Just(calls), 0..=calls));
    prop::collection::vec((0_u64..40_000, sides(), sides()), 0..200)
}

/// Follows a rollout through what is counted; answers the stages it was in, and how it ended.
fn follow(policy: &Policy, steps: &[Step]) -> (Vec<usize>, Option<&'static str>) {
    let (mut stage, mut stages) = (0, vec![0]);
    let (mut in_stage, mut in_all) = (Duration::ZERO, Duration::ZERO);
    let (mut old, mut new) = (Counts::default(), Counts::default());
    for (ms, of_old, of_new) in steps {
        in_stage += Duration::from_millis(*ms);
        in_all += Duration::from_millis(*ms);
        old = counts((old.calls + of_old.0, old.errors + of_old.1));
        new = counts((new.calls + of_new.0, new.errors + of_new.1));
        let decision = decide(
            policy,
            &Observed {
                stage,
                in_stage,
                in_all,
                old,
                new,
            },
        );
        match decision {
            Decision::Keep => {}
            Decision::Advance(_) => {
                stage += 1;
                (in_stage, new) = (Duration::ZERO, Counts::default());
                stages.push(stage);
            }
            ended @ (Decision::Return(_) | Decision::Finish(_)) => return (stages, Some(word(&ended))),
        }
    }
    (stages, None)
}

proptest! {
    #[test]
    fn a_rollout_never_goes_back_and_forth(steps in steps()) {
        let policy = policy();
        let (stages, ended) = follow(&policy, &steps);
        let shares: Vec<u8> = stages.iter().map(|stage| policy.stages[*stage]).collect();
        prop_assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");
        if ended == Some("finish") {
            prop_assert_eq!(shares.last(), Some(&100));
        }
    }

    #[test]
    fn what_is_returned_stays_so_as_time_passes_and_errors_are_added(
        (calls, errors) in (0_u64..500).prop_flat_map(|calls| (Just(calls), 0..=calls)),
        (old_calls, old_errors) in (0_u64..500).prop_flat_map(|calls| (Just(calls), 0..=calls)),
        seconds in 0_u64..5_000, later in 0_u64..5_000, more in 0_u64..100, stage in 0_usize..3,
    ) {
        let observed = Observed {
            stage,
            in_stage: Duration::from_secs(seconds),
            in_all: Duration::from_secs(seconds),
            old: counts((old_calls, old_errors)),
            new: counts((calls, errors)),
        };
        // Given up for its time, it may still be found good enough when it is called at last.
        if matches!(decide(&policy(), &observed), Decision::Return(_)) && calls >= policy().min_calls {
            let after = Observed {
                in_stage: Duration::from_secs(seconds + later),
                in_all: Duration::from_secs(seconds + later),
                new: counts((calls + more, errors + more)),
                ..observed
            };
            prop_assert!(matches!(decide(&policy(), &after), Decision::Return(_)));
        }
    }
}
