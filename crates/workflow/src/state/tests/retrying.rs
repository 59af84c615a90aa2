//! Attempts follow attempts.

use jiff::SignedDuration;
use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, failed, succeeded};
use super::sketch::{call, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event};
use crate::state::Action;

fn retry(run: &Live<'_>, attempt: u32, seconds: i64) -> [Action; 1] {
    [Action::Retry {
        place: at(0),
        attempt,
        due: run.now.checked_add(SignedDuration::from_secs(seconds)).unwrap(),
    }]
}

#[test]
fn attempts_follow_each_other_until_none_is_left() {
    let plan = plan([call("a").attempts(3)]);
    let (mut run, _) = Live::started(&plan);
    let actions = run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(actions, retry(&run, 2, 1));
    assert_eq!(run.status("a"), NodeStatus::Retrying);
    let actions = run.take(failed(at(0), 2, ErrorCode::Trap));
    assert_eq!(actions, retry(&run, 3, 2));
    assert_eq!(run.state.node(n(0)).attempt, 3);
    let actions = run.take(failed(at(0), 3, ErrorCode::Trap));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.node(n(0)).due, None);
}

#[test]
fn a_later_attempt_may_succeed() {
    let plan = plan([call("a").attempts(2), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(Event::NodeStarted {
        place: at(0),
        attempt: 2,
    });
    assert_eq!(run.status("a"), NodeStatus::Running);
    assert_eq!(run.take(succeeded(at(0), 2)), [Action::Dispatch(n(1))]);
}

#[test]
fn only_listed_errors_are_worth_another_attempt() {
    let cases = [
        (ErrorCode::Trap, true),
        (ErrorCode::Timeout, true),
        (ErrorCode::OutcomeUnknown, true),
        (ErrorCode::FunctionError, false),
        (ErrorCode::Evaluation, false),
        (ErrorCode::Unavailable, false),
    ];
    for (code, expected) in cases {
        let plan = plan([call("a").attempts(2)]);
        let (mut run, _) = Live::started(&plan);
        run.take(failed(at(0), 1, code));
        let retries = run.status("a") == NodeStatus::Retrying;
        assert_eq!(retries, expected, "{code:?}");
    }
}

/// Two attempts more would double what the first may have done.
#[test]
fn an_unknown_outcome_is_retried_only_where_it_is_listed() {
    let default = crate::plan::Retry::default();
    assert!(!default.on.contains(&ErrorCode::OutcomeUnknown));
}

#[test]
fn a_condition_may_be_evaluated_by_a_later_attempt() {
    let plan = plan([call("a").when().attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let actions = run.take(Event::NodeSkipped { node: n(0) });
    assert_eq!(actions, [Action::Finish(RunStatus::Succeeded)]);
}
