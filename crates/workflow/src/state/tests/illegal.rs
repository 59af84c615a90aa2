//! Events that cannot be: each is refused, and leaves the state as it was.

use weft_types::RunStatus;

use super::live::{Live, accepted, cancelled, failed, paused, resumed, succeeded};
use super::sketch::{call, plan, sleep, wait};
use super::{at, item, n};
use crate::event::{ErrorCode, Event, Finished, Given, Origin, Place};
use crate::plan::ItemFailure;
use crate::state::{RunState, decide};

fn check(run: &mut Live<'_>, event: &Event, expected: &str) {
    assert_eq!(run.refuse(event).to_string(), expected);
}

fn started(place: Place, attempt: u32) -> Event {
    Event::NodeStarted { place, attempt }
}

#[test]
fn nothing_precedes_the_acceptance_and_nothing_follows_the_end() {
    let plan = plan([call("a")]);
    let mut state = RunState::new(&plan);
    let refused = decide(
        &plan,
        &mut state,
        jiff::Timestamp::UNIX_EPOCH,
        &Event::Started,
        &mut Vec::new(),
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the start of the run cannot be: the run was not accepted yet"
    );
    assert_eq!(state, RunState::new(&plan));

    let mut run = Live::accepted(&plan);
    let again = Event::Accepted(Box::new(accepted(&plan)));
    check(
        &mut run,
        &again,
        "the acceptance of the run cannot be: the run was accepted before",
    );
    run.take(cancelled());
    run.take(run.finished());
    for event in [cancelled(), again, Event::Started, succeeded(at(0), 1)] {
        assert_eq!(run.refuse(&event).why, "the run has ended");
    }
}

#[test]
fn a_run_is_accepted_with_the_plan_that_it_names() {
    let plan = plan([call("a")]);
    let refused = |change: &dyn Fn(&mut crate::event::Accepted)| {
        let mut accepted = accepted(&plan);
        change(&mut accepted);
        let mut state = RunState::new(&plan);
        let event = Event::Accepted(Box::new(accepted));
        let now = jiff::Timestamp::UNIX_EPOCH;
        let refused = decide(&plan, &mut state, now, &event, &mut Vec::new());
        assert_eq!(state, RunState::new(&plan));
        refused.unwrap_err().why
    };
    let given = |node| Given {
        node: n(node),
        origin: Origin::Stub,
        output: None,
        skipped: false,
    };
    let other = weft_types::Digest::of(b"other");
    assert_eq!(
        refused(&|accepted| accepted.plan = other),
        format!("it names plan {other}, this is {}", plan.digest)
    );
    assert_eq!(
        refused(&|accepted| accepted.nodes = 2),
        "it counts 2 nodes, the plan has 1"
    );
    assert_eq!(
        refused(&|accepted| accepted.given.push(given(1))),
        "the plan has no node 1"
    );
    let twice = |accepted: &mut crate::event::Accepted| {
        accepted.given.push(given(0));
        accepted.left_out.push(n(0));
    };
    assert_eq!(refused(&twice), "`a` is given twice");
}

#[test]
fn only_what_was_dispatched_has_an_outcome() {
    let plan = plan([call("a"), call("b").needs(["a"])]);
    let (mut run, _) = Live::started(&plan);
    let cases = [
        (
            succeeded(at(1), 1),
            "the success of attempt 1 of `b` cannot be: it was not dispatched",
        ),
        (
            succeeded(at(0), 2),
            "the success of attempt 2 of `a` cannot be: attempt 1 is under way, not 2",
        ),
        (
            failed(at(0), 0, ErrorCode::Trap),
            "the failure of attempt 0 of `a` cannot be: attempt 1 is under way, not 0",
        ),
        (
            started(at(1), 1),
            "the start of attempt 1 of `b` cannot be: it was not dispatched",
        ),
        (
            succeeded(at(7), 1),
            "the success of attempt 1 of node 7 cannot be: the plan has no such node",
        ),
        (
            succeeded(item(0, 3), 1),
            "the success of attempt 1 of item 3 of `a` cannot be: the node has no items",
        ),
        (
            Event::NodeSkipped { node: n(0) },
            "the skipping of `a` cannot be: the node has no condition",
        ),
        (
            Event::Expanded { node: n(0), items: 3 },
            "the expansion of `a` to 3 items cannot be: the node goes over no list",
        ),
        (
            Event::Suspended {
                node: n(0),
                due: None,
            },
            "the suspension of `a` cannot be: the node neither sleeps nor waits",
        ),
    ];
    for (event, expected) in cases {
        check(&mut run, &event, expected);
    }
    run.take(succeeded(at(0), 1));
    assert_eq!(run.refuse(&succeeded(at(0), 1)).why, "the node is over");
    assert_eq!(
        run.refuse(&failed(at(0), 1, ErrorCode::Trap)).why,
        "the node is over"
    );
    assert_eq!(run.refuse(&started(at(0), 1)).why, "the node is over");
}

#[test]
fn a_node_goes_over_its_list_before_it_is_over() {
    let plan = plan([call("a").each(1, ItemFailure::End).when()]);
    let (mut run, _) = Live::started(&plan);
    let expanded = Event::Expanded { node: n(0), items: 2 };
    assert_eq!(run.refuse(&succeeded(at(0), 1)).why, "its list was not expanded");
    run.take(expanded.clone());
    let cases = [
        (expanded.clone(), "its items are under way"),
        (Event::NodeSkipped { node: n(0) }, "its items are under way"),
        (succeeded(at(0), 1), "its items are under way"),
        (succeeded(item(0, 1), 1), "it was not dispatched"),
        (succeeded(item(0, 2), 1), "the node has no such item"),
    ];
    for (event, expected) in cases {
        assert_eq!(run.refuse(&event).why, expected);
    }
    run.take(succeeded(item(0, 0), 1));
    assert_eq!(run.refuse(&succeeded(item(0, 0), 1)).why, "the item is over");
    run.take(succeeded(item(0, 1), 1));
    assert_eq!(run.refuse(&expanded).why, "its items are over");
    assert_eq!(run.refuse(&started(at(0), 1)).why, "this attempt began before");
}

#[test]
fn a_node_begins_to_wait_once() {
    let plan = plan([sleep("a"), wait("b")]);
    let (mut run, _) = Live::started(&plan);
    let suspended = |node, due| Event::Suspended { node: n(node), due };
    let endless = suspended(0, None);
    assert_eq!(run.refuse(&endless).why, "a sleep ends at some time");
    run.take(suspended(1, None));
    assert_eq!(run.refuse(&suspended(1, None)).why, "it waits already");
    run.take(cancelled());
    let late = suspended(0, Some(jiff::Timestamp::MAX));
    assert_eq!(run.refuse(&late).why, "the run is ending");
}

#[test]
fn what_is_being_caught_has_one_outcome_more() {
    let plan = plan([call("a"), call("rescue").catches("a"), call("b").or_value()]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let late = run.refuse(&succeeded(at(0), 1));
    assert_eq!(late.why, "it failed, and its fallback is under way");
    run.take(failed(at(2), 1, ErrorCode::Trap));
    assert_eq!(run.refuse(&started(at(2), 1)).why, "this attempt began before");
}

#[test]
fn a_run_ends_as_it_was_decided() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    let end = |run: &Live<'_>, status, counted: u32| {
        let mut counts = run.state.counts();
        counts.succeeded += counted;
        Event::Finished(Box::new(Finished {
            status,
            result: None,
            failure: None,
            counts,
        }))
    };
    let early = end(&run, RunStatus::Succeeded, 0);
    check(
        &mut run,
        &early,
        "the end of the run cannot be: there is work left",
    );
    run.take(succeeded(at(0), 1));
    let (cancelled, miscounted, unexplained) = (
        end(&run, RunStatus::Cancelled, 0),
        end(&run, RunStatus::Succeeded, 1),
        end(&run, RunStatus::Failed, 0),
    );
    assert_eq!(run.refuse(&cancelled).why, "the run succeeded");
    assert_eq!(run.refuse(&unexplained).why, "the run succeeded");
    assert!(
        run.refuse(&miscounted)
            .why
            .starts_with("its nodes ended as Counts")
    );
    let started = run.refuse(&Event::Started);
    assert_eq!(started.why, "the run has started");
    run.refuse(&paused());
    run.refuse(&resumed());
}
