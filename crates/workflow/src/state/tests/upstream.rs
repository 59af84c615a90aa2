//! What the end of a node means for those that need it.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, failed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event};
use crate::state::{Action, Reason};

#[test]
fn a_false_condition_skips_those_that_need_the_value() {
    let plan = plan([
        call("a").when(),
        call("b").needs(["a"]),
        call("c").needs(["b"]),
        call("d").after(["a"]),
        call("e").after(["c"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(Event::NodeSkipped { node: n(0) });
    assert_eq!(actions, [Action::Dispatch(n(3)), Action::Dispatch(n(4))]);
    assert_eq!(run.state.node(n(0)).reason, Some(Reason::Condition));
    assert_eq!(run.state.node(n(1)).reason, Some(Reason::SkippedUpstream(n(0))));
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::SkippedUpstream(n(1))));
    assert_eq!(run.state.counts().skipped, 3);
}

#[test]
fn a_failure_ends_the_run() {
    let plan = plan([
        call("a"),
        call("b"),
        call("c").needs(["a"]),
        call("d").needs(["b"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(failed(at(0), 1, ErrorCode::FunctionError));
    assert_eq!(actions, [Action::Stop(at(1))]);
    assert_eq!(run.state.ending(), Some(RunStatus::Failed));
    assert_eq!(run.status("a"), NodeStatus::Failed);
    for late in ["c", "d"] {
        assert_eq!(run.status(late), NodeStatus::Cancelled);
    }
    let actions = run.take(failed(at(1), 1, ErrorCode::Cancelled));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.status("b"), NodeStatus::Cancelled);
    let ended = Some(Reason::RunEnded(RunStatus::Failed));
    assert_eq!(run.state.node(n(1)).reason, ended);
    assert_eq!(run.state.failure().unwrap().0, Some(at(0)));
}

#[test]
fn a_result_that_comes_before_the_stop_does_is_kept() {
    let plan = plan([call("a"), call("b"), call("c").needs(["b"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(run.take(succeeded(at(1), 1)), [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.status("b"), NodeStatus::Succeeded);
    assert_eq!(run.status("c"), NodeStatus::Cancelled);
}

#[test]
fn a_lenient_run_goes_on_with_what_does_not_depend_on_the_failure() {
    let plan = lenient([
        call("a"),
        call("b"),
        call("c").after(["a"]),
        call("d").needs(["b"]),
        call("e").needs(["c", "d"]),
    ]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.take(failed(at(0), 1, ErrorCode::Trap)), []);
    assert_eq!(run.state.node(n(2)).reason, Some(Reason::FailedUpstream(n(0))));
    assert_eq!(run.take(succeeded(at(1), 1)), [Action::Dispatch(n(3))]);
    assert_eq!(run.status("e"), NodeStatus::Waiting);
    assert_eq!(run.take(succeeded(at(3), 1)), [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.node(n(4)).reason, Some(Reason::FailedUpstream(n(0))));
    assert_eq!(run.state.counts().failed, 3);
}

/// Whichever ends first.
#[test]
fn a_failure_counts_more_than_a_skip() {
    let plan = lenient([call("a").when(), call("b"), call("c").needs(["a", "b"])]);
    let skip = || Event::NodeSkipped { node: n(0) };
    let fail = || failed(at(1), 1, ErrorCode::Trap);
    for order in [[skip(), fail()], [fail(), skip()]] {
        let (mut run, _) = Live::started(&plan);
        for event in order {
            run.take(event);
        }
        assert_eq!(run.state.node(n(2)).reason, Some(Reason::FailedUpstream(n(1))));
    }
}

#[test]
fn a_node_that_took_too_long_timed_out() {
    let plan = lenient([call("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(failed(at(0), 1, ErrorCode::Timeout));
    // It is attempted once only.
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.status("a"), NodeStatus::TimedOut);
    assert_eq!(run.state.node(n(1)).reason, Some(Reason::FailedUpstream(n(0))));
}
