//! Nodes follow each other.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, accepted, failed, succeeded};
use super::sketch::{call, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event, Given, Origin};
use crate::state::{Action, Reason};

#[test]
fn nothing_is_to_be_done_before_the_run_is_admitted() {
    let plan = plan([call("a")]);
    let mut run = Live::accepted(&plan);
    assert_eq!(run.state.status(), RunStatus::Waiting);
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(0))]);
    assert_eq!(run.state.status(), RunStatus::Running);
}

#[test]
fn a_node_starts_when_all_that_it_needs_is_over() {
    let plan = plan([
        call("a"),
        call("b"),
        call("c").needs(["a"]).after(["b"]),
        call("d").needs(["a"]),
    ]);
    let (mut run, first) = Live::started(&plan);
    assert_eq!(first, [Action::Dispatch(n(0)), Action::Dispatch(n(1))]);
    assert_eq!(run.take(succeeded(at(0), 1)), [Action::Dispatch(n(3))]);
    assert_eq!(run.take(succeeded(at(1), 1)), [Action::Dispatch(n(2))]);
    assert_eq!(run.take(succeeded(at(2), 1)), []);
    assert_eq!(
        run.take(succeeded(at(3), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
    assert_eq!(run.take(run.finished()), []);
    assert_eq!(run.state.status(), RunStatus::Succeeded);
    assert_eq!(run.state.counts().succeeded, 4);
    assert_eq!(run.state.progress(), 1.0);
}

#[test]
fn a_run_without_nodes_ends_as_it_starts() {
    let plan = plan([]);
    let (mut run, first) = Live::started(&plan);
    assert_eq!(first, [Action::Finish(RunStatus::Succeeded)]);
    assert_eq!(run.take(run.finished()), []);
    assert_eq!(run.state.progress(), 1.0);
}

#[test]
fn an_attempt_is_running_once_it_is_known_to_have_begun() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.status("a"), NodeStatus::Ready);
    assert!(run.state.is_executing());
    for _ in 0..2 {
        let began = Event::NodeStarted {
            place: at(0),
            attempt: 1,
        };
        assert_eq!(run.take(began), []);
        assert_eq!(run.status("a"), NodeStatus::Running);
    }
    run.take(succeeded(at(0), 1));
    assert!(!run.state.is_executing());
}

#[test]
fn given_outputs_stand_in_for_nodes() {
    let plan = plan([
        call("a"),
        call("b").needs(["a"]),
        call("c").needs(["b"]),
        call("d").needs(["c"]),
    ]);
    let mut accepted = accepted(&plan);
    for (node, skipped) in [(1, false), (2, true)] {
        accepted.given.push(Given {
            node: n(node),
            origin: Origin::Stub,
            output: None,
            skipped,
        });
    }
    let mut run = Live::with(&plan, accepted);
    assert_eq!(run.state.counts().succeeded, 1);
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(0))]);
    assert_eq!(run.state.node(n(1)).reason, Some(Reason::Given(Origin::Stub)));
    assert_eq!(run.status("c"), NodeStatus::Skipped);
    assert_eq!(run.state.node(n(3)).reason, Some(Reason::SkippedUpstream(n(2))));
    assert_eq!(
        run.take(succeeded(at(0), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
}

#[test]
fn a_run_of_given_outputs_alone_ends_as_it_starts() {
    let plan = plan([call("a")]);
    let mut accepted = accepted(&plan);
    accepted.given.push(Given {
        node: n(0),
        origin: Origin::Reused,
        output: None,
        skipped: false,
    });
    let mut run = Live::with(&plan, accepted);
    assert_eq!(run.take(Event::Started), [Action::Finish(RunStatus::Succeeded)]);
}

#[test]
fn nodes_that_are_left_out_are_skipped() {
    let plan = plan([call("a"), call("b").needs(["a"]), call("c").after(["a"])]);
    let mut accepted = accepted(&plan);
    accepted.left_out.push(n(0));
    let mut run = Live::with(&plan, accepted);
    assert!(run.state.leaves_out());
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(2))]);
    assert_eq!(run.state.node(n(0)).reason, Some(Reason::LeftOut));
    assert_eq!(run.state.node(n(1)).reason, Some(Reason::SkippedUpstream(n(0))));
}

#[test]
fn a_result_that_cannot_be_put_together_fails_the_run_after_all() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    run.take(succeeded(at(0), 1));
    let (Event::Finished(mut finished), Event::NodeFailed { error, .. }) =
        (run.finished(), failed(at(0), 1, ErrorCode::Evaluation))
    else {
        unreachable!()
    };
    finished.status = RunStatus::Failed;
    finished.failure = Some((None, error));
    run.take(Event::Finished(finished));
    assert_eq!(run.state.status(), RunStatus::Failed);
    assert_eq!(run.state.failure().unwrap().1.code, ErrorCode::Evaluation);
}
