//! What holds whatever the settings and the load.

use std::time::Duration;

use proptest::prelude::*;

use super::{Observed, State, Surge, decide};
use crate::profile::{Level, Profile, Scaling};

const NOW: Duration = Duration::from_secs(10_000);

prop_compose! {
    fn profile()(
        max in 1_u32..300,
        min in 0_u32..300,
        initial in 0_u32..300,
        slots in 1_u32..20,
        target_percent in 1_u32..=100,
        up_factor in 2_u32..20,
        down_factor in 2_u32..20,
    ) -> Profile {
        let scaling = Scaling {
            max,
            min: min.min(max),
            initial: initial.min(max),
            target_percent,
            up_factor,
            down_factor,
            ..Scaling::default()
        };
        Profile { level: Level::Process, slots, scaling, ..Profile::default() }
    }
}

prop_compose! {
    fn observed()(
        stable in 0.0..2_000.0,
        panic in 0.0..2_000.0,
        instances in 0_u32..400,
        idle in 0_u64..100,
    ) -> Observed {
        Observed { stable, panic, calls: 0, instances, idle: Duration::from_secs(idle) }
    }
}

prop_compose! {
    fn state()(since in 9_900_u64..10_000, seen in 9_900_u64..10_000, peak in 0_u32..400, surge in any::<bool>()) -> State {
        let surge = surge.then_some(Surge { seen: Duration::from_secs(seen), peak });
        State { since: Duration::from_secs(since), surge, ..State::default() }
    }
}

/// Applies decisions every interval while `load` says how many calls there are on average; answers the instances after
/// each.
fn follow(profile: &Profile, instances: u32, rounds: u32, load: impl Fn(u32) -> f64) -> Vec<u32> {
    let (mut state, mut instances) = (State::default(), instances);
    (0..rounds)
        .map(|round| {
            let calls = load(round);
            let seen = Observed {
                stable: calls,
                panic: calls,
                calls: 0,
                instances,
                idle: Duration::ZERO,
            };
            let (decision, next) = decide(profile, &seen, &state, NOW + profile.scaling.interval() * round);
            state = next;
            instances = instances + decision.start - decision.end;
            instances
        })
        .collect()
}

proptest! {
    #[test]
    fn desired_lies_between_min_and_max(profile in profile(), observed in observed(), state in state()) {
        let (decision, _) = decide(&profile, &observed, &state, NOW);
        prop_assert!((profile.scaling.min..=profile.scaling.max).contains(&decision.desired));
        prop_assert_eq!(observed.instances + decision.start, decision.desired + decision.end);
        prop_assert!(decision.start == 0 || decision.end == 0);
    }

    #[test]
    fn more_load_never_wants_less(
        profile in profile(), observed in observed(), state in state(), stable in 0.0..500.0, panic in 0.0..500.0,
    ) {
        let more = Observed { stable: observed.stable + stable, panic: observed.panic + panic, ..observed };
        let (less, _) = decide(&profile, &observed, &state, NOW);
        let (more, _) = decide(&profile, &more, &state, NOW);
        prop_assert!(more.desired >= less.desired, "{:?} and {:?}", less, more);
    }

    #[test]
    fn load_that_wavers_a_little_changes_nothing(
        profile in profile(), load in 0.1..500.0, instances in 0_u32..300, seed in any::<u64>(),
    ) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let wavering: Vec<f64> = (0..400).map(|_| load * (0.95 + 0.1 * rng.f64())).collect();
        let counts = follow(&profile, instances, 400, |round| wavering[round as usize]);
        // A surge at first is remembered for a stable window. After that it goes one way only, and soon nowhere.
        let settled = &counts[100..];
        prop_assert!(settled.is_sorted() || settled.is_sorted_by(|a, b| a >= b), "{:?}", settled);
        let needed: f64 = load * 100.0 / f64::from(profile.slots * profile.scaling.target_percent);
        let most = (needed * 1.05 / 0.9).ceil() as u32;
        let last = settled[settled.len() - 1];
        prop_assert!(last <= most.clamp(profile.scaling.min.max(1), profile.scaling.max), "{} of {}", last, most);
        prop_assert!(last >= ((needed * 0.95).ceil() as u32).clamp(profile.scaling.min, profile.scaling.max));
    }

    #[test]
    fn nobody_calls_and_nothing_is_left_but_min(
        profile in profile(), observed in observed(), state in state(), later in 0_u64..1_000_000,
    ) {
        let idle = profile.scaling.grace() + Duration::from_millis(later);
        let (decision, next) = decide(&profile, &Observed { idle, ..observed }, &state, NOW + idle);
        prop_assert_eq!(decision.desired, profile.scaling.min);
        prop_assert_eq!(next.surge, None);
    }
}
