//! Which attempts are over.

use weft_types::RunStatus;

use super::live::{Live, cancelled, failed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, item, n};
use crate::event::{ErrorCode, Event, Place};
use crate::plan::ItemFailure;

/// Which of the first three attempts at a place are over.
fn over(run: &Live<'_>, place: Place) -> [bool; 3] {
    [1, 2, 3].map(|attempt| run.state.is_attempt_over(place, attempt))
}

#[test]
fn an_attempt_is_over_once_it_ended() {
    let plan = plan([call("a").attempts(3), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(over(&run, at(0)), [false; 3]);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(over(&run, at(0)), [true, false, false]);
    run.take(succeeded(at(0), 2));
    assert_eq!(over(&run, at(0)), [true; 3]);
    assert_eq!(over(&run, at(1)), [false; 3]);
    assert_eq!(over(&run, at(9)), [false; 3], "there is no such node");
}

#[test]
fn so_is_that_of_an_item() {
    let plan = plan([call("a").each(2, ItemFailure::End).attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(over(&run, item(0, 1)), [false; 3]);
    run.take(Event::Expanded { node: n(0), items: 2 });
    run.take(failed(item(0, 1), 1, ErrorCode::Trap));
    assert_eq!(over(&run, item(0, 0)), [false; 3]);
    assert_eq!(over(&run, item(0, 1)), [true, false, false]);
    run.take(succeeded(item(0, 1), 2));
    run.take(succeeded(item(0, 0), 1));
    run.take(succeeded(at(0), 1));
    assert_eq!(
        over(&run, item(0, 0)),
        [true; 3],
        "items of a node that is over are not kept"
    );
}

#[test]
fn a_failure_that_is_being_caught_was_the_end_of_its_attempt() {
    let plan = lenient([call("a").or_value()]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert!(run.state.is_attempt_over(at(0), 1));
}

#[test]
fn nothing_is_under_way_once_the_run_has_ended() {
    let plan = plan([call("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(cancelled());
    run.take(failed(at(0), 1, ErrorCode::Cancelled));
    run.take(run.finished());
    assert_eq!(run.state.status(), RunStatus::Cancelled);
    assert_eq!(over(&run, at(1)), [true; 3]);
}

#[test]
fn what_was_given_and_has_not_ended_may_execute() {
    let plan = plan([
        call("a").attempts(2),
        call("b").needs(["a"]).each(2, ItemFailure::End),
    ]);
    let places = [at(0), at(1), item(1, 0), item(1, 1), at(9)];
    let may = |run: &Live<'_>| places.map(|place| run.state.may_execute(place));
    let (mut run, _) = Live::started(&plan);
    assert_eq!(may(&run), [true, false, false, false, false]);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert!(may(&run)[0], "its time may have come");
    run.take(succeeded(at(0), 2));
    assert_eq!(may(&run), [false, true, false, false, false]);
    run.take(Event::Expanded { node: n(1), items: 2 });
    assert_eq!(may(&run), [false, false, true, true, false]);
    run.take(succeeded(item(1, 0), 1));
    run.take(cancelled());
    assert_eq!(
        may(&run),
        [false, false, false, true, false],
        "it is being stopped"
    );
}

#[test]
fn what_is_known_to_have_begun_has_started() {
    let plan = plan([
        call("a").attempts(2).each(2, ItemFailure::End),
        call("b").attempts(2),
    ]);
    let places = [item(0, 0), item(0, 1), at(1), at(9)];
    let has = |run: &Live<'_>| places.map(|place| run.state.has_started(place));
    let (mut run, _) = Live::started(&plan);
    run.take(Event::Expanded { node: n(0), items: 2 });
    assert_eq!(has(&run), [false; 4]);
    let begun = |place, attempt| Event::NodeStarted { place, attempt };
    run.take(begun(item(0, 1), 1));
    run.take(begun(at(1), 1));
    assert_eq!(has(&run), [false, true, true, false]);
    run.take(failed(item(0, 1), 1, ErrorCode::Trap));
    run.take(failed(at(1), 1, ErrorCode::Trap));
    assert_eq!(has(&run), [false; 4], "their time has not come");
    run.take(begun(at(1), 2));
    assert_eq!(has(&run), [false, false, true, false]);
}
