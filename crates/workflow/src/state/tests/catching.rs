//! Failures that are caught.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, accepted, cancelled, failed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event, Given, Origin};
use crate::state::{Action, Reason};

#[test]
fn a_value_takes_the_place_of_the_output() {
    let plan = plan([call("a").attempts(2).or_value(), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(run.take(failed(at(0), 2, ErrorCode::Trap)), [Action::Catch(n(0))]);
    assert_eq!(run.state.caught(n(0)).unwrap().1.code, ErrorCode::Trap);
    assert_eq!(run.take(succeeded(at(0), 2)), [Action::Dispatch(n(1))]);
    assert_eq!(run.status("a"), NodeStatus::Succeeded);
    assert_eq!(run.state.node(n(0)).reason, Some(Reason::Caught));
    assert_eq!(run.state.output_of(&plan, n(0)), Some(n(0)));
    assert_eq!(
        run.take(succeeded(at(1), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
    assert_eq!(run.state.failure(), None);
}

#[test]
fn a_value_that_is_not_to_be_had_catches_nothing() {
    let plan = plan([call("a").or_value()]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let actions = run.take(failed(at(0), 1, ErrorCode::Evaluation));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    let (place, error) = run.state.failure().unwrap();
    assert_eq!((*place, error.code), (Some(at(0)), ErrorCode::Trap));
    assert_eq!(error.message, "Trap; what was to catch it failed: Evaluation");
}

#[test]
fn a_fallback_takes_the_place_of_the_node() {
    let plan = plan([
        call("a"),
        call("x"),
        call("rescue").catches("a").needs(["x"]),
        call("b").needs(["a"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.take(failed(at(0), 1, ErrorCode::Trap)), []);
    assert_eq!(run.take(succeeded(at(1), 1)), [Action::Dispatch(n(2))]);
    assert_eq!(run.status("a"), NodeStatus::Running);
    assert_eq!(run.take(succeeded(at(2), 1)), [Action::Dispatch(n(3))]);
    assert_eq!(run.state.node(n(0)).reason, Some(Reason::Caught));
    assert_eq!(run.state.output_of(&plan, n(0)), Some(n(2)));
    run.take(succeeded(at(3), 1));
    assert_eq!(run.state.ending(), Some(RunStatus::Succeeded));
}

#[test]
fn a_fallback_that_is_not_needed_is_skipped() {
    let plan = plan([
        call("a"),
        call("x"),
        call("rescue").catches("a").needs(["x"]),
        call("b").needs(["rescue"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.take(succeeded(at(0), 1)), []);
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::NotNeeded));
    assert_eq!(run.state.node(n(3)).reason, Some(Reason::SkippedUpstream(n(2))));
    assert_eq!(run.state.output_of(&plan, n(0)), Some(n(0)));
}

#[test]
fn a_fallback_that_fails_is_the_failure_of_the_run() {
    let plan = lenient([call("a"), call("rescue").catches("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(
        run.take(failed(at(0), 1, ErrorCode::Trap)),
        [Action::Dispatch(n(1))]
    );
    let actions = run.take(failed(at(1), 1, ErrorCode::Limit));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.failure().unwrap().0, Some(at(1)));
    assert_eq!(run.status("a"), NodeStatus::Failed);
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::FailedUpstream(n(0))));
}

#[test]
fn a_fallback_whose_condition_is_false_catches_nothing() {
    let plan = plan([call("a"), call("rescue").catches("a").when()]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let actions = run.take(Event::NodeSkipped { node: n(1) });
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.failure().unwrap().0, Some(at(0)));
}

#[test]
fn a_fallback_whose_needs_failed_catches_nothing() {
    let plan = lenient([call("a"), call("x"), call("rescue").catches("a").needs(["x"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(1), 1, ErrorCode::Trap));
    assert_eq!(run.status("rescue"), NodeStatus::Waiting);
    let actions = run.take(failed(at(0), 1, ErrorCode::Limit));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::FailedUpstream(n(1))));
    assert_eq!(run.status("a"), NodeStatus::Failed);
}

#[test]
fn fallbacks_catch_for_each_other() {
    let plan = plan([
        call("a"),
        call("first").catches("a"),
        call("second").catches("first"),
        call("b").needs(["a"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(failed(at(1), 1, ErrorCode::Trap));
    assert_eq!(run.take(succeeded(at(2), 1)), [Action::Dispatch(n(3))]);
    assert_eq!(run.state.output_of(&plan, n(0)), Some(n(2)));
}

#[test]
fn what_fails_because_another_did_is_not_caught() {
    let plan = lenient([
        call("a"),
        call("b").needs(["a"]),
        call("rescue").catches("b"),
        call("c").needs(["a"]).or_value(),
    ]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::NotNeeded));
    assert_eq!(run.state.node(n(3)).reason, Some(Reason::FailedUpstream(n(0))));
}

#[test]
fn a_given_fallback_catches_at_once() {
    let plan = plan([call("a"), call("rescue").catches("a"), call("b").needs(["a"])]);
    let mut accepted = accepted(&plan);
    accepted.given.push(Given {
        node: n(1),
        origin: Origin::Stub,
        output: None,
        skipped: false,
    });
    let mut run = Live::with(&plan, accepted);
    run.take(Event::Started);
    assert_eq!(
        run.take(failed(at(0), 1, ErrorCode::Trap)),
        [Action::Dispatch(n(2))]
    );
    assert_eq!(run.state.output_of(&plan, n(0)), Some(n(1)));
}

#[test]
fn a_run_that_ends_catches_nothing_more() {
    let plan = plan([
        call("a").or_value(),
        call("b"),
        call("rescue").catches("b"),
        call("c").or_value(),
    ]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(failed(at(1), 1, ErrorCode::Trap));
    let actions = run.take(cancelled());
    let stops = [0, 2, 3].map(|node| Action::Stop(at(node)));
    assert_eq!(actions, stops);
    assert_eq!(run.status("b"), NodeStatus::Failed);
    run.take(failed(at(0), 1, ErrorCode::Cancelled));
    assert_eq!(run.status("a"), NodeStatus::Failed);
    run.take(succeeded(at(2), 1));
    let actions = run.take(failed(at(3), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("c"), NodeStatus::Failed);
}
