//! Sleeps, and waits for outside events.

use jiff::{SignedDuration, Timestamp};
use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, cancelled, failed, paused, resumed, succeeded};
use super::sketch::{call, plan, sleep, wait};
use super::{at, n};
use crate::event::{ErrorCode, Event};
use crate::state::Action;

fn due() -> Option<Timestamp> {
    Some(Timestamp::from_second(1_850_000_000).unwrap())
}

fn suspended(due: Option<Timestamp>) -> Event {
    Event::Suspended { node: n(0), due }
}

#[test]
fn a_sleep_ends_by_itself() {
    let plan = plan([sleep("a"), call("b").after(["a"])]);
    let (mut run, _) = Live::started(&plan);
    let awaits = Action::Await {
        node: n(0),
        due: due(),
    };
    assert_eq!(run.take(suspended(due())), [awaits]);
    assert!(run.state.is_suspended(n(0)));
    assert!(!run.state.is_executing());
    assert_eq!(run.status("a"), NodeStatus::Running);
    assert_eq!(run.state.node(n(0)).due, due());
    assert_eq!(run.take(succeeded(at(0), 1)), [Action::Dispatch(n(1))]);
    assert_eq!(run.state.node(n(0)).due, None);
}

#[test]
fn a_wait_may_last_for_ever() {
    let plan = plan([wait("a")]);
    let (mut run, _) = Live::started(&plan);
    let awaits = Action::Await {
        node: n(0),
        due: None,
    };
    assert_eq!(run.take(suspended(None)), [awaits]);
    assert_eq!(
        run.take(succeeded(at(0), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
    run.refuse(&succeeded(at(0), 1));
}

#[test]
fn a_wait_that_nobody_answers_times_out() {
    let plan = plan([wait("a")]);
    let (mut run, _) = Live::started(&plan);
    run.take(suspended(due()));
    let actions = run.take(failed(at(0), 1, ErrorCode::WaitTimeout));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.status("a"), NodeStatus::TimedOut);
}

#[test]
fn a_wait_may_be_tried_again() {
    let plan = plan([wait("a").attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(suspended(due()));
    run.take(failed(at(0), 1, ErrorCode::Timeout));
    assert_eq!(run.status("a"), NodeStatus::Retrying);
    let awaits = Action::Await {
        node: n(0),
        due: None,
    };
    assert_eq!(run.take(suspended(None)), [awaits]);
    assert_eq!(run.state.node(n(0)).due, None);
    run.take(succeeded(at(0), 2));
}

#[test]
fn timers_run_on_during_a_pause_and_what_becomes_due_is_held() {
    let plan = plan([sleep("a"), call("b").after(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(suspended(due()));
    run.take(paused());
    assert_eq!(run.take(succeeded(at(0), 1)), []);
    assert_eq!(run.take(resumed()), [Action::Dispatch(n(1))]);
}

#[test]
fn every_sleep_and_wait_can_be_cancelled() {
    let plan = plan([sleep("a"), wait("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(suspended(due()));
    run.take(Event::Suspended {
        node: n(1),
        due: None,
    });
    let actions = run.take(cancelled());
    assert_eq!(actions, [Action::Stop(at(0)), Action::Stop(at(1))]);
    run.take(failed(at(0), 1, ErrorCode::Cancelled));
    // Somebody answered it just before.
    let actions = run.take(succeeded(at(1), 1));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("a"), NodeStatus::Cancelled);
    assert_eq!(run.status("b"), NodeStatus::Succeeded);
}

/// Frames hold whole microseconds: a state that did not would be another one after a crash.
#[test]
fn times_are_taken_to_the_microsecond() {
    let plan = plan([sleep("a")]);
    let (mut run, _) = Live::started(&plan);
    let exact = due().unwrap();
    let finer = exact.checked_add(SignedDuration::from_nanos(999)).unwrap();
    run.take(suspended(Some(finer)));
    assert_eq!(run.state.node(n(0)).due, Some(exact));
}

#[test]
fn who_completes_a_wait_is_told_before_its_success() {
    let plan = plan([wait("a"), sleep("b")]);
    let (mut run, _) = Live::started(&plan);
    let completed = |node| Event::Completed {
        node: n(node),
        by: "ann".into(),
    };
    assert_eq!(run.refuse(&completed(0)).why, "it awaits nothing");
    run.take(suspended(None));
    assert_eq!(run.take(completed(0)), []);
    run.take(Event::Suspended {
        node: n(1),
        due: due(),
    });
    for node in [1, 2] {
        assert_eq!(run.refuse(&completed(node)).why, "it awaits nothing");
    }
    run.take(succeeded(at(0), 1));
    assert_eq!(run.refuse(&completed(0)).why, "it awaits nothing");
}
