use super::{Balance, Calls, Report, Simulation, SimulationError, Trace, plot};
use crate::profile::Profile;

mod trace;

fn simulation(settings: &str) -> Simulation {
    Simulation::of(Profile::parse("test", &format!("level = \"process\"\n{settings}")).unwrap())
}

fn run(simulation: &Simulation, trace: &str) -> Report {
    simulation.run(&trace.parse().unwrap()).unwrap()
}

/// The moment at a second.
fn at(report: &Report, second: f64) -> super::Moment {
    *report
        .moments
        .iter()
        .find(|moment| moment.second >= second)
        .unwrap()
}

#[test]
fn a_lonely_call_pays_for_its_start() {
    let simulation = simulation("reuse = 1000\n[scaling]\ntarget-percent = 100");
    let report = run(&simulation, "0, 1 client, 10ms\n1, 0/s");
    assert_eq!((report.started, report.peak), (1, 1));
    assert_eq!(report.calls.made, 100);
    assert_eq!((report.calls.p50_ms, report.calls.max_ms), (10.0, 11.5));
}

#[test]
fn two_runs_with_one_seed_are_the_same() {
    let mut simulation = simulation("reuse = 1000");
    let trace = "0, 50/s, exponential 20ms\n20, 0/s";
    let (first, second) = (run(&simulation, trace), run(&simulation, trace));
    assert_eq!(first, second);
    simulation.seed = 2;
    assert_ne!(first, run(&simulation, trace));
    // 1,000 calls are expected, with a deviation of 32.
    assert!((850..1_150).contains(&first.calls.made), "{:?}", first.calls);
}

#[test]
fn a_step_of_load_wakes_a_pool_and_lets_it_sleep_again() {
    let simulation = simulation("reuse = 1000000\nslots = 10\n[scaling]\ngrace-ms = 5000");
    let report = run(&simulation, "5, 200 clients, 50ms\n75, 0/s");
    assert_eq!((report.calls.refused, report.calls.timed_out), (0, 0));
    assert_eq!(at(&report, 4.0).instances, 0, "nobody calls");
    assert_eq!(at(&report, 6.0).busy, 20, "as many as 200 calls need");
    let settled = at(&report, 74.0);
    // 200 calls on 10 slots used to 70 %.
    assert_eq!((settled.instances, settled.p99_ms), (29, 50.0));
    assert!(at(&report, 79.0).instances > 0, "the grace is not over");
    assert_eq!(at(&report, 81.0).instances, 0);
    let last = report.changes.last().unwrap();
    assert_eq!(last.desired, 0);
    assert!(last.reason.starts_with("no call for "), "{last:?}");
}

#[test]
fn where_calls_start_nothing_they_wait_for_decisions() {
    let settings = "reuse = 1000000\n[scaling]\non-demand = false\nup-factor = 2";
    let report = run(&simulation(settings), "0.5, 16 clients, 100ms\n30, 0/s");
    // One at once for the first call, then twice as many each second.
    let counts: Vec<_> = (0..6)
        .map(|second| at(&report, f64::from(second)).instances)
        .collect();
    assert_eq!(counts[..5], [0, 2, 4, 8, 16], "{counts:?}");
    assert!(report.calls.max_ms > 500.0);
    assert_eq!(at(&report, 20.0).queue, 0);
    assert_eq!(report.calls.timed_out + report.calls.refused, 0);
}

#[test]
fn queues_are_bounded_in_length_and_time() {
    let full = simulation("concurrency = 1\nreuse = 1000000\nqueue = { length = 3, wait-ms = 60000 }");
    let report = run(&full, "0, 10 clients, 1s\n0.05, 0/s");
    assert_eq!((report.calls.answered, report.calls.refused), (4, 6));
    let slow = simulation("concurrency = 1\nreuse = 1000000\nqueue = { length = 30, wait-ms = 1500 }");
    let report = run(&slow, "0, 10 clients, 1s\n0.05, 0/s");
    assert_eq!((report.calls.answered, report.calls.timed_out), (2, 8));
}

#[test]
fn a_flood_leaves_the_others_their_turns() {
    let simulation = simulation("concurrency = 10\nreuse = 1000000\n[queue]\nlength = 200");
    // 10 places at 10 ms each serve 1,000 calls a second.
    let quiet = run(&simulation, "0, 100/s, 10ms, small\n20, 0/s, -, small");
    let flooded = run(
        &simulation,
        "0, 100/s, 10ms, small\n0, 10000/s, 10ms, flood\n20, 0/s, -, small\n20, 0/s, -, flood",
    );
    let (quiet, small, flood) = (
        quiet.projects["small"],
        flooded.projects["small"],
        flooded.projects["flood"],
    );
    assert_eq!(small.answered, small.made);
    assert!(
        small.p99_ms <= 2.0 * quiet.p99_ms + 2.0,
        "{small:?} against {quiet:?}"
    );
    assert!(
        flood.refused * 2 > flood.made && flood.answered > 15_000,
        "{flood:?}"
    );
}

/// Twenty instances that work one call at a time, four fifths busy with calls of which some are long.
fn skewed(balance: Balance) -> Calls {
    let settings = "slots = 10000\nconcurrency = 100000\nreuse = 100000000\n[scaling]\nmin = 20\nmax = 20";
    let mut simulation = simulation(settings);
    simulation.at_once = 1;
    simulation.balance = balance;
    run(&simulation, "1, 1070/s, skewed 10ms 100ms 5%\n60, 0/s").calls
}

#[test]
fn two_choices_beat_chance_and_turns_under_skewed_service_times() {
    let by_two = skewed(Balance::TwoChoices);
    let (random, in_turn) = (skewed(Balance::Random), skewed(Balance::InTurn));
    assert!(
        by_two.made > 60_000 && by_two.answered == by_two.made,
        "{by_two:?}"
    );
    let all = format!(
        "{:.0}, {:.0} and {:.0} ms",
        by_two.p99_ms, random.p99_ms, in_turn.p99_ms
    );
    assert!(by_two.p99_ms * 2.0 < random.p99_ms, "{all}");
    assert!(by_two.p99_ms * 1.4 < in_turn.p99_ms, "{all}");
}

#[test]
fn too_many_calls_are_an_error() {
    let trace: Trace = "0, 1000000/s, 1us\n86400, 0/s".parse().unwrap();
    let settings = "concurrency = 1\n[queue]\nlength = 0";
    let error = simulation(settings).run(&trace).unwrap_err();
    assert!(
        matches!(error, SimulationError::TooManyCalls { second: 4 | 5 }),
        "{error}"
    );
}

#[test]
fn a_report_is_drawn() {
    let report = run(&simulation("reuse = 1000"), "0, 100/s, 20ms\n10, 0/s");
    let svg = plot(&report);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<polyline ").count(), 5);
    for name in [">instances<", ">queue<", ">latency p99, ms<"] {
        assert!(svg.contains(name), "{name}");
    }
    let first = svg
        .split("points=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    assert_eq!(first.split_whitespace().count(), report.moments.len());
    assert!(!svg.contains("NaN") && !plot(&Report::default()).contains("NaN"));
}

/// What `reuse` bounds is within a process, which goes on.
#[test]
fn a_process_outlives_the_instances_within_it() {
    let profile = Profile::parse("test", "level = \"process\"\nslots = 8\nreuse = 1").unwrap();
    let trace: Trace = "0, 200 clients, 50ms\n10, 0/s".parse().unwrap();
    let report = Simulation::of(profile).run(&trace).unwrap();
    // 25 have the slots that 200 calls need, 36 leave three tenths of them free.
    assert_eq!((report.peak, report.started), (36, 36));
}
