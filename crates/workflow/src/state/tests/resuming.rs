//! What is to be done about a run that was just folded from its events. That it is what was outstanding, `Live` checks after
//! every event of every test; here are the words for it.

use weft_types::RunStatus;

use super::live::{Live, cancelled, failed, paused, resumed, succeeded};
use super::sketch::{call, plan, wait};
use super::{at, item, n};
use crate::event::{ErrorCode, Event};
use crate::plan::ItemFailure;
use crate::state::{Action, RunState, resume};

#[test]
fn everything_that_was_given_and_not_answered_is_given_again() {
    let plan = plan([
        call("a").attempts(2),
        call("b").each(2, ItemFailure::End).attempts(2),
        wait("c"),
        call("d").or_value(),
        call("e"),
    ]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(Event::Expanded { node: n(1), items: 3 });
    run.take(failed(item(1, 0), 1, ErrorCode::Trap));
    run.take(Event::Suspended {
        node: n(2),
        due: None,
    });
    run.take(failed(at(3), 1, ErrorCode::Trap));
    let retry = |place| Action::Retry {
        place,
        attempt: 2,
        due: match place.item {
            None => run.state.node(place.node).due.unwrap(),
            Some(item) => run.state.item(place.node, item).unwrap().due.unwrap(),
        },
    };
    let expected = [
        retry(at(0)),
        retry(item(1, 0)),
        Action::DispatchItem(n(1), 1),
        Action::Await {
            node: n(2),
            due: None,
        },
        Action::Catch(n(3)),
        Action::Dispatch(n(4)),
    ];
    let folded = RunState::fold(&plan, &run.events).unwrap();
    assert_eq!(resume(&plan, &folded), expected);
}

#[test]
fn a_run_that_was_being_stopped_is_stopped() {
    let plan = plan([call("a"), call("b").each(2, ItemFailure::End)]);
    let (mut run, _) = Live::started(&plan);
    run.take(Event::Expanded { node: n(1), items: 3 });
    run.take(cancelled());
    let stops = [at(0), item(1, 0), item(1, 1)].map(Action::Stop);
    assert_eq!(resume(&plan, &run.state), stops);
}

#[test]
fn a_run_that_was_to_end_ends() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    run.take(succeeded(at(0), 1));
    assert_eq!(resume(&plan, &run.state), [Action::Finish(RunStatus::Succeeded)]);
    run.take(run.finished());
    assert_eq!(resume(&plan, &run.state), []);
}

#[test]
fn a_run_that_was_not_admitted_waits_for_that() {
    let plan = plan([call("a")]);
    assert_eq!(resume(&plan, &RunState::new(&plan)), []);
    assert_eq!(resume(&plan, &Live::accepted(&plan).state), []);
}

/// Who acts holds it until the run goes on, as it would have without the crash.
#[test]
fn what_was_given_before_a_pause_is_given_again_and_what_came_after_is_not() {
    let plan = plan([call("a"), call("b"), call("c").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(paused());
    run.take(succeeded(at(0), 1));
    assert_eq!(resume(&plan, &run.state), [Action::Dispatch(n(1))]);
    run.crash(run.events.len());
    assert_eq!(run.take(resumed()), [Action::Dispatch(n(2))]);
}
