use std::time::Duration;

use super::{Observed, Restarts, State, Surge, Windows, decide};
use crate::profile::Profile;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn profile(text: &str) -> Profile {
    Profile::parse("test", &format!("level = \"process\"\n{text}")).unwrap()
}

fn observed(stable: f64, panic: f64, instances: u32, idle: u64) -> Observed {
    Observed {
        stable,
        panic,
        calls: 0,
        instances,
        idle: s(idle),
    }
}

/// Checks what a pool made at 0 decides at 1,000 seconds.
fn check(settings: &str, observed: Observed, desired: u32, reason: &str) {
    check_after(settings, observed, &State::default(), desired, reason);
}

fn check_after(settings: &str, observed: Observed, state: &State, desired: u32, reason: &str) {
    let (decision, _) = decide(&profile(settings), &observed, state, s(1_000));
    assert_eq!(
        (decision.desired, decision.reason.to_string().as_str()),
        (desired, reason),
        "{settings:?}, {observed:?}"
    );
    assert_eq!(decision.end, observed.instances.saturating_sub(desired));
}

#[test]
fn load_over_the_stable_window_decides() {
    check(
        "",
        observed(7.0, 7.0, 10, 0),
        10,
        "7 calls at once over 60 s, 0.7 for each instance",
    );
    check(
        "",
        observed(7.1, 7.1, 10, 0),
        11,
        "7.1 calls at once over 60 s, 0.7 for each instance",
    );
    let eight = "slots = 10\n[scaling]\ntarget-percent = 80\nstable-ms = 30000";
    check(
        eight,
        observed(33.0, 0.0, 4, 0),
        5,
        "33 calls at once over 30 s, 8 for each instance",
    );
    check(
        "",
        observed(0.0, 0.0, 0, 0),
        0,
        "0 calls at once over 60 s, 0.7 for each instance",
    );
}

#[test]
fn a_little_less_load_ends_nothing() {
    check(
        "",
        observed(6.4, 6.4, 10, 0),
        10,
        "6.4 calls at once over 60 s, 0.7 for each instance",
    );
    check(
        "",
        observed(5.6, 5.6, 10, 0),
        9,
        "5.6 calls at once over 60 s, 0.7 for each instance",
    );
}

#[test]
fn a_surge_decides_at_once_and_ends_nothing_for_a_while() {
    let surge = observed(1.0, 14.0, 4, 0);
    check(
        "",
        surge,
        20,
        "a surge: 14 calls at once over 6 s met 4 instances",
    );
    let calm = "1.2 calls at once over 60 s, 0.7 for each instance";
    check(
        "[scaling]\npanic-percent = 600",
        observed(1.2, 14.0, 4, 0),
        2,
        calm,
    );
    let (_, state) = decide(&profile(""), &surge, &State::default(), s(1_000));
    assert_eq!(
        state.surge,
        Some(Surge {
            seen: s(1_000),
            peak: 20
        })
    );

    let remembered = State {
        surge: Some(Surge {
            seen: s(950),
            peak: 20,
        }),
        ..State::default()
    };
    let calm = observed(3.0, 3.0, 20, 0);
    check_after(
        "",
        calm,
        &remembered,
        20,
        "a surge was 50 s ago: nothing ends for 60 s after one",
    );
    let forgotten = State {
        surge: Some(Surge {
            seen: s(940),
            peak: 20,
        }),
        ..State::default()
    };
    check_after(
        "",
        calm,
        &forgotten,
        10,
        "5 are wanted: at least one in 2 stays at once",
    );
}

#[test]
fn rates_and_bounds_hold() {
    let slow = "[scaling]\nup-factor = 2\ndown-factor = 4";
    check(
        slow,
        observed(70.0, 70.0, 8, 0),
        16,
        "100 are wanted: at most 2 times as many at once",
    );
    check(
        slow,
        observed(70.0, 70.0, 0, 0),
        2,
        "100 are wanted: at most 2 times as many at once",
    );
    check(
        slow,
        observed(0.6, 0.6, 17, 0),
        4,
        "1 are wanted: at least one in 4 stays at once",
    );
    check(
        "[scaling]\nmax = 6",
        observed(7.0, 7.0, 5, 0),
        6,
        "10 are wanted: never more than `max`",
    );
    check(
        "[scaling]\nmax = 6",
        observed(7.0, 7.0, 9, 0),
        6,
        "10 are wanted: never more than `max`",
    );
    check(
        "[scaling]\nmin = 3",
        observed(0.6, 0.6, 3, 0),
        3,
        "1 are wanted: never fewer than `min`",
    );
    check(
        "concurrency = 15\nslots = 4",
        observed(99.0, 99.0, 4, 0),
        4,
        "36 are wanted: never more than `max`",
    );
}

#[test]
fn the_last_instance_stays_for_the_grace() {
    check(
        "",
        observed(0.0, 0.0, 1, 59),
        1,
        "no load: the last instance is kept for another 1 s",
    );
    check("", observed(3.0, 0.0, 9, 60), 0, "no call for 60 s");
    check(
        "[scaling]\nmin = 2",
        observed(0.0, 0.0, 9, 60),
        2,
        "0 are wanted: never fewer than `min`",
    );
    check(
        "[scaling]\ngrace-ms = 0",
        observed(0.6, 0.0, 9, 0),
        4,
        "1 are wanted: at least one in 2 stays at once",
    );
}

#[test]
fn a_call_wakes_the_pool() {
    let called = Observed {
        calls: 1,
        ..observed(0.0, 0.0, 0, 0)
    };
    check("", called, 1, "somebody calls");
}

#[test]
fn a_new_pool_begins_with_initial() {
    let initial = profile("[scaling]\ninitial = 5\ngrace-ms = 10000");
    let new = State::default();
    let (first, _) = decide(&initial, &observed(0.0, 0.0, 0, 0), &new, s(0));
    assert_eq!((first.desired, first.start), (5, 5));
    assert_eq!(first.reason.to_string(), "a new pool begins with `initial`");
    let (later, _) = decide(&initial, &observed(0.0, 0.0, 5, 9), &new, s(9));
    assert_eq!(later.desired, 5);
    let (end, _) = decide(&initial, &observed(0.0, 0.0, 5, 10), &new, s(10));
    assert_eq!((end.desired, end.end), (0, 5));
}

#[test]
fn crashes_in_a_row_are_backed_off_from() {
    let pool = profile("[scaling]\nmin = 4\nrestart-ms = 1000\nrestart-most-ms = 3000");
    let mut state = State::default();
    let mut at = |crashes: u32, then: Duration| {
        while state.restarts.crashes() < crashes {
            state.restarts = state
                .restarts
                .crashed(&pool.scaling, "exit code 1", s(100), s(100));
        }
        let (decision, _) = decide(&pool, &observed(0.0, 0.0, 1, 0), &state, s(100) + then);
        assert_eq!(decision.desired, 4, "what is wanted does not change");
        (decision.start, decision.reason.to_string())
    };
    assert_eq!(at(1, s(0)).0, 3, "one crash is replaced at once");
    let waiting = "2 crashes in a row (exit code 1): the next start is in 1 s";
    assert_eq!(at(2, s(0)), (0, waiting.to_owned()));
    let trying = "2 crashes in a row (exit code 1): one start is tried";
    assert_eq!(at(2, s(1)), (1, trying.to_owned()));
    assert_eq!((at(3, Duration::from_millis(1_999)).0, at(3, s(2)).0), (0, 1));
    assert_eq!(
        (at(4, Duration::from_millis(2_999)).0, at(4, s(3)).0),
        (0, 1),
        "at most 3 s"
    );
    assert_eq!((at(90, Duration::from_millis(2_999)).0, at(90, s(3)).0), (0, 1));
    assert_eq!(Restarts::settled().allowed(s(0)), u32::MAX);
}

#[test]
fn one_incident_counts_once_however_many_it_takes_along() {
    /// Of instances that began at one second each, and crashed at another, in the order of their crashes.
    fn check(instances: &[(u64, u64)], crashes: u32) {
        let scaling = profile("").scaling;
        let crashed = |restarts: Restarts, &(began, crashed): &(u64, u64)| {
            restarts.crashed(&scaling, "exit code 1", s(began), s(crashed))
        };
        let restarts = instances.iter().fold(Restarts::default(), crashed);
        assert_eq!(restarts.crashes(), crashes, "{instances:?}");
    }
    check(&[(0, 1)], 1);
    check(&[(0, 1), (0, 1), (0, 2), (0, 3)], 1);
    check(&[(0, 1), (1, 2), (2, 3)], 3);
    // What was started after the first crash may have met another cause.
    check(&[(0, 1), (2, 4), (0, 5), (3, 6), (4, 7)], 3);
    check(&[(0, 9), (8, 10), (9, 11), (10, 12)], 2);
    // One that never served, and crashed long after its start, is no news either where others did so meanwhile.
    check(&[(5, 6), (7, 8), (0, 9)], 2);
}

#[test]
fn windows_average_what_they_cover() {
    let scaling = profile("").scaling;
    let mut windows = Windows::new(&scaling, s(100));
    let close = |windows: &mut Windows, now: u64, stable: f64, panic: f64, idle: u64| {
        let seen = windows.observe(7, s(now));
        let near = (seen.stable - stable).abs() < 1e-6 && (seen.panic - panic).abs() < 1e-6;
        assert!(
            near && seen.idle == s(idle) && seen.instances == 7,
            "at {now}: {seen:?}"
        );
    };
    close(&mut windows, 100, 0.0, 0.0, 0);
    windows.set(10, s(100));
    close(&mut windows, 100, 10.0, 10.0, 0);
    close(&mut windows, 103, 10.0, 10.0, 0);
    windows.set(0, s(103));
    close(&mut windows, 106, 5.0, 5.0, 3);
    close(&mut windows, 107, 30.0 / 7.0, 20.0 / 6.0, 4);
    windows.set(2, s(112));
    close(&mut windows, 118, (30.0 + 12.0) / 18.0, 2.0, 0);
    windows.set(0, s(118));
    windows.touch(s(118));
    close(&mut windows, 161, (20.0 + 12.0) / 60.0, 0.0, 43);
    close(&mut windows, 178, 0.0, 0.0, 60);
    close(&mut windows, 1_000_000, 0.0, 0.0, 999_882);
    windows.touch(s(999_990));
    close(&mut windows, 1_000_000, 0.0, 0.0, 0);
    windows.set(4, s(1_000_000));
    close(&mut windows, 1_000_003, 12.0 / 60.0, 2.0, 0);
}
