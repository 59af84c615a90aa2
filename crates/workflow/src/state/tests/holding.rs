//! Pauses.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, cancelled, failed, paused, resumed, succeeded};
use super::sketch::{call, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event};
use crate::plan::ItemFailure;
use crate::state::Action;

#[test]
fn a_pause_holds_back_what_becomes_ready() {
    let plan = plan([call("a"), call("b").needs(["a"]), call("c").needs(["b"])]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.take(paused()), []);
    assert_eq!(run.state.status(), RunStatus::Paused);
    assert_eq!(run.take(succeeded(at(0), 1)), []);
    assert_eq!(run.status("b"), NodeStatus::Ready);
    assert_eq!(run.state.node(n(1)).attempt, 0);
    assert_eq!(run.take(resumed()), [Action::Dispatch(n(1))]);
    assert_eq!(run.state.status(), RunStatus::Running);
}

#[test]
fn what_was_given_before_a_pause_is_not_given_again() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    run.take(paused());
    assert_eq!(run.take(resumed()), []);
}

#[test]
fn a_pause_holds_back_retries() {
    let plan = plan([call("a").attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(paused());
    assert_eq!(run.take(failed(at(0), 1, ErrorCode::Trap)), []);
    assert_eq!(run.status("a"), NodeStatus::Retrying);
    let due = run.state.node(n(0)).due.unwrap();
    let retry = Action::Retry {
        place: at(0),
        attempt: 2,
        due,
    };
    assert_eq!(run.take(resumed()), [retry]);
}

#[test]
fn books_are_kept_during_a_pause() {
    let plan = plan([call("a").each(1, ItemFailure::End), call("b").or_value()]);
    let (mut run, _) = Live::started(&plan);
    run.take(paused());
    let actions = run.take(Event::Expanded { node: n(0), items: 0 });
    assert_eq!(actions, [Action::Gather(n(0))]);
    assert_eq!(run.take(failed(at(1), 1, ErrorCode::Trap)), [Action::Catch(n(1))]);
    run.take(succeeded(at(0), 1));
    assert_eq!(
        run.take(succeeded(at(1), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
    assert_eq!(run.state.status(), RunStatus::Running);
}

#[test]
fn a_run_may_be_paused_before_it_is_admitted() {
    let plan = plan([call("a")]);
    let mut run = Live::accepted(&plan);
    run.take(paused());
    assert_eq!(run.state.status(), RunStatus::Paused);
    run.refuse(&Event::Started);
    assert_eq!(run.take(resumed()), []);
    assert_eq!(run.state.status(), RunStatus::Waiting);
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(0))]);
}

#[test]
fn a_paused_run_can_be_cancelled() {
    let plan = plan([call("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(paused());
    run.take(succeeded(at(0), 1));
    assert_eq!(run.take(cancelled()), [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("b"), NodeStatus::Cancelled);
}

#[test]
fn pauses_do_not_nest() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    run.refuse(&resumed());
    run.take(paused());
    run.refuse(&paused());
    run.take(resumed());
    run.take(cancelled());
    run.refuse(&paused());
    run.refuse(&resumed());
}
