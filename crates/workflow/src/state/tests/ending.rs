//! Runs that end early.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, accepted, cancelled, failed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event};
use crate::state::{Action, Reason};

#[test]
fn cancelling_stops_what_executes_and_then_ends_the_run() {
    let plan = plan([call("a"), call("b"), call("c").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(cancelled());
    assert_eq!(actions, [Action::Stop(at(0)), Action::Stop(at(1))]);
    assert_eq!(run.state.status(), RunStatus::Running);
    assert_eq!(run.state.ending(), Some(RunStatus::Cancelled));
    assert_eq!(run.take(succeeded(at(0), 1)), []);
    let actions = run.take(failed(at(1), 1, ErrorCode::OutcomeUnknown));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("a"), NodeStatus::Succeeded);
    assert_eq!(run.status("b"), NodeStatus::Cancelled);
    assert_eq!(run.status("c"), NodeStatus::Cancelled);
    let (place, error) = run.state.failure().unwrap();
    assert_eq!((*place, error.code), (None, ErrorCode::Cancelled));
    assert_eq!(error.message, "cancelled by anna: enough");
}

#[test]
fn a_run_that_was_not_admitted_is_cancelled_at_once() {
    let plan = plan([call("a")]);
    let mut run = Live::accepted(&plan);
    assert_eq!(run.take(cancelled()), [Action::Finish(RunStatus::Cancelled)]);
    run.refuse(&Event::Started);
    run.take(run.finished());
    assert_eq!(run.state.status(), RunStatus::Cancelled);
}

#[test]
fn what_the_deadline_stops_is_timed_out() {
    let plan = plan([call("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    assert!(run.state.deadline().is_some());
    assert_eq!(run.take(Event::DeadlinePassed), [Action::Stop(at(0))]);
    assert_eq!(run.state.deadline(), None);
    let stopped = failed(at(0), 1, ErrorCode::Cancelled);
    assert_eq!(run.state.stopped_by(&stopped), Some(NodeStatus::TimedOut));
    let actions = run.take(stopped);
    assert_eq!(actions, [Action::Finish(RunStatus::TimedOut)]);
    assert_eq!(run.status("a"), NodeStatus::TimedOut);
    let reason = Some(Reason::RunEnded(RunStatus::TimedOut));
    assert_eq!(run.state.node(n(0)).reason, reason);
    assert_eq!(run.status("b"), NodeStatus::Cancelled);
    assert_eq!(run.state.failure().unwrap().1.code, ErrorCode::Timeout);
}

#[test]
fn a_run_without_a_deadline_does_not_pass_it() {
    let plan = plan([call("a")]);
    let mut accepted = accepted(&plan);
    accepted.deadline = None;
    let mut run = Live::with(&plan, accepted);
    run.refuse(&Event::DeadlinePassed);
}

#[test]
fn what_failed_by_itself_before_it_was_stopped_has_failed() {
    let plan = plan([call("a").attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(cancelled());
    let actions = run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("a"), NodeStatus::Failed);
}

#[test]
fn a_condition_that_turns_out_false_is_an_answer_to_a_stop() {
    let plan = plan([call("a").when()]);
    let (mut run, _) = Live::started(&plan);
    run.take(cancelled());
    run.take(Event::NodeSkipped { node: n(0) });
    assert_eq!(run.state.ending(), Some(RunStatus::Cancelled));
}

#[test]
fn the_first_reason_to_end_is_the_one_that_counts() {
    let plan = plan([call("a"), call("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(run.take(cancelled()), []);
    assert_eq!(run.take(Event::DeadlinePassed), []);
    let actions = run.take(failed(at(1), 1, ErrorCode::Cancelled));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.take(cancelled()), []);
}

#[test]
fn a_run_that_goes_on_after_a_failure_can_be_cancelled() {
    let plan = lenient([call("a"), call("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(run.take(cancelled()), [Action::Stop(at(1))]);
    run.take(succeeded(at(1), 1));
    assert_eq!(run.state.ending(), Some(RunStatus::Cancelled));
    assert_eq!(run.state.failure().unwrap().1.code, ErrorCode::Cancelled);
}
