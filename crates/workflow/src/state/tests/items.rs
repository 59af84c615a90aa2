//! Nodes that go over a list.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, cancelled, failed, paused, resumed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, item, n};
use crate::event::{ErrorCode, Event};
use crate::plan::{ItemFailure, Plan};
use crate::state::{Action, ItemCounts, MAX_ITEMS};

fn expanded(items: u32) -> Event {
    Event::Expanded { node: n(0), items }
}

/// A run whose only node goes over so many items, two at once.
fn run(plan: &Plan, items: u32) -> Live<'_> {
    let (mut run, _) = Live::started(plan);
    let actions = run.take(expanded(items));
    let first = (0..items.min(2)).map(|item| Action::DispatchItem(n(0), item));
    assert_eq!(actions, first.collect::<Vec<_>>());
    run
}

#[test]
fn items_are_dispatched_as_places_become_free() {
    let plan = plan([call("a").each(2, ItemFailure::End), call("b").needs(["a"])]);
    let mut run = run(&plan, 4);
    assert_eq!(run.status("a"), NodeStatus::Running);
    assert_eq!(
        run.take(succeeded(item(0, 1), 1)),
        [Action::DispatchItem(n(0), 2)]
    );
    assert_eq!(run.state.progress(), 0.125);
    assert_eq!(
        run.take(succeeded(item(0, 2), 1)),
        [Action::DispatchItem(n(0), 3)]
    );
    assert_eq!(run.take(succeeded(item(0, 0), 1)), []);
    assert_eq!(run.take(succeeded(item(0, 3), 1)), [Action::Gather(n(0))]);
    assert_eq!(run.take(succeeded(at(0), 1)), [Action::Dispatch(n(1))]);
    let counts = ItemCounts {
        total: 4,
        succeeded: 4,
        ..ItemCounts::default()
    };
    assert_eq!(run.state.node(n(0)).items, Some(counts));
}

#[test]
fn an_empty_list_is_gathered_at_once() {
    let plan = plan([call("a").each(2, ItemFailure::End)]);
    let (mut run, _) = Live::started(&plan);
    assert_eq!(run.take(expanded(0)), [Action::Gather(n(0))]);
    assert_eq!(
        run.take(succeeded(at(0), 1)),
        [Action::Finish(RunStatus::Succeeded)]
    );
}

#[test]
fn an_item_keeps_its_place_until_its_last_attempt() {
    let plan = plan([call("a").each(2, ItemFailure::End).attempts(2)]);
    let mut run = run(&plan, 3);
    let actions = run.take(failed(item(0, 0), 1, ErrorCode::Trap));
    assert!(matches!(
        actions[..],
        [Action::Retry { place, attempt: 2, .. }] if place == item(0, 0)
    ));
    let view = run.state.item(n(0), 0).unwrap();
    assert_eq!((view.status, view.attempt), (NodeStatus::Retrying, 2));
    assert!(view.due.is_some());
    assert_eq!(
        run.take(succeeded(item(0, 1), 1)),
        [Action::DispatchItem(n(0), 2)]
    );
    assert_eq!(run.take(succeeded(item(0, 2), 1)), []);
    assert_eq!(run.take(succeeded(item(0, 0), 2)), [Action::Gather(n(0))]);
}

#[test]
fn a_failed_item_stops_the_others() {
    let plan = plan([call("a").each(2, ItemFailure::End)]);
    let mut run = run(&plan, 4);
    let actions = run.take(failed(item(0, 1), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Stop(item(0, 0))]);
    let actions = run.take(failed(item(0, 0), 1, ErrorCode::Cancelled));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    assert_eq!(run.state.failure().unwrap().0, Some(item(0, 1)));
    let counts = run.state.node(n(0)).items.unwrap();
    assert_eq!((counts.failed, counts.cancelled, counts.total), (1, 1, 4));
}

#[test]
fn a_failed_item_may_leave_the_others_alone() {
    let plan = plan([call("a").each(2, ItemFailure::Continue)]);
    let mut run = run(&plan, 3);
    let actions = run.take(failed(item(0, 0), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::DispatchItem(n(0), 2)]);
    run.take(failed(item(0, 1), 1, ErrorCode::Limit));
    let actions = run.take(succeeded(item(0, 2), 1));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
    let (place, error) = run.state.failure().unwrap();
    assert_eq!((*place, error.code), (Some(item(0, 0)), ErrorCode::Trap));
}

#[test]
fn failures_of_items_may_be_part_of_the_output() {
    let plan = plan([call("a").each(2, ItemFailure::Collect)]);
    let mut run = run(&plan, 2);
    assert_eq!(run.take(failed(item(0, 0), 1, ErrorCode::Trap)), []);
    let actions = run.take(failed(item(0, 1), 1, ErrorCode::Timeout));
    assert_eq!(actions, [Action::Gather(n(0))]);
    run.take(succeeded(at(0), 1));
    assert_eq!(run.status("a"), NodeStatus::Succeeded);
    assert_eq!(run.state.node(n(0)).items.unwrap().failed, 2);
    assert_eq!(run.state.failure(), None);
}

#[test]
fn a_node_whose_items_failed_may_be_caught() {
    let plan = plan([call("a").each(2, ItemFailure::End).or_value()]);
    let mut run = run(&plan, 1);
    let actions = run.take(failed(item(0, 0), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Catch(n(0))]);
    assert_eq!(run.state.caught(n(0)).unwrap().0, item(0, 0));
    run.take(succeeded(at(0), 1));
    assert_eq!(run.state.ending(), Some(RunStatus::Succeeded));
}

#[test]
fn a_list_that_cannot_be_put_together_fails_the_node() {
    let plan = plan([call("a").each(2, ItemFailure::End).attempts(2)]);
    let mut run = run(&plan, 1);
    run.take(succeeded(item(0, 0), 1));
    let actions = run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(actions, [Action::Finish(RunStatus::Failed)]);
}

#[test]
fn a_list_that_cannot_be_evaluated_is_a_failed_attempt() {
    let plan = plan([call("a").each(2, ItemFailure::End).attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    assert_eq!(run.take(expanded(0)), [Action::Gather(n(0))]);
    assert_eq!(
        run.take(succeeded(at(0), 2)),
        [Action::Finish(RunStatus::Succeeded)]
    );
}

#[test]
fn a_pause_holds_items_back() {
    let plan = plan([call("a").each(2, ItemFailure::End).attempts(2)]);
    let mut run = run(&plan, 4);
    run.take(paused());
    assert_eq!(run.take(succeeded(item(0, 0), 1)), []);
    assert_eq!(run.take(failed(item(0, 1), 1, ErrorCode::Trap)), []);
    let actions = run.take(resumed());
    assert!(matches!(
        actions[..],
        [Action::Retry { place, .. }, Action::DispatchItem(_, 2)] if place == item(0, 1)
    ));
}

#[test]
fn cancelling_stops_what_is_under_way_and_forgets_the_rest() {
    let plan = plan([call("a").each(3, ItemFailure::Collect).attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(expanded(10));
    run.take(paused());
    run.take(failed(item(0, 1), 1, ErrorCode::Trap));
    let actions = run.take(cancelled());
    assert_eq!(actions, [Action::Stop(item(0, 0)), Action::Stop(item(0, 2))]);
    run.take(succeeded(item(0, 2), 1));
    let actions = run.take(failed(item(0, 0), 1, ErrorCode::OutcomeUnknown));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("a"), NodeStatus::Cancelled);
    let counts = run.state.node(n(0)).items.unwrap();
    assert_eq!((counts.succeeded, counts.cancelled), (1, 2));
}

#[test]
fn items_that_are_stopped_are_cancelled_whatever_stops_them() {
    let plan = plan([call("a").each(3, ItemFailure::End).attempts(2)]);
    let counts = |end: Event| {
        let (mut run, _) = Live::started(&plan);
        run.take(expanded(3));
        // One waits for its next attempt, one is stopped, one fails by itself before it is stopped.
        run.take(paused());
        run.take(failed(item(0, 0), 1, ErrorCode::Trap));
        run.take(end);
        let stopped = failed(item(0, 1), 1, ErrorCode::OutcomeUnknown);
        assert_eq!(run.state.stopped_by(&stopped), Some(NodeStatus::Cancelled));
        run.take(stopped);
        let slow = failed(item(0, 2), 1, ErrorCode::Timeout);
        assert_eq!(run.state.stopped_by(&slow), None);
        run.take(slow);
        let counts = run.state.node(n(0)).items.unwrap();
        (run.status("a"), counts.failed, counts.cancelled)
    };
    assert_eq!(counts(cancelled()), (NodeStatus::Cancelled, 1, 2));
    assert_eq!(counts(Event::DeadlinePassed), (NodeStatus::TimedOut, 1, 2));
}

#[test]
fn a_failed_item_fails_its_node_also_where_the_run_ends_meanwhile() {
    let plan = lenient([call("a").each(2, ItemFailure::End)]);
    let mut run = run(&plan, 2);
    run.take(failed(item(0, 0), 1, ErrorCode::Timeout));
    assert_eq!(run.take(cancelled()), []);
    let actions = run.take(failed(item(0, 1), 1, ErrorCode::Cancelled));
    assert_eq!(actions, [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(run.status("a"), NodeStatus::TimedOut);
}

#[test]
fn a_hundred_thousand_items_take_four_bytes_each() {
    let items = 100_000;
    let plan = plan([call("a").each(8, ItemFailure::End)]);
    let mut state = crate::state::RunState::new(&plan);
    let mut actions = Vec::new();
    let mut take = |event: &Event| {
        actions.clear();
        let now = jiff::Timestamp::UNIX_EPOCH;
        crate::state::decide(&plan, &mut state, now, event, &mut actions).unwrap();
        actions.len()
    };
    take(&Event::Accepted(Box::new(super::live::accepted(&plan))));
    take(&Event::Started);
    assert_eq!(take(&expanded(items)), 8);
    for at in 0..items {
        assert_eq!(
            take(&succeeded(item(0, at), 1)),
            usize::from(at < items - 8 || at == items - 1)
        );
    }
    take(&succeeded(at(0), 1));
    assert_eq!(size_of::<crate::state::items::ItemCell>(), 4);
}

#[test]
fn a_list_that_is_too_long_is_refused() {
    let plan = plan([call("a").each(2, ItemFailure::End)]);
    let (mut run, _) = Live::started(&plan);
    let illegal = run.refuse(&expanded(MAX_ITEMS + 1));
    assert_eq!(
        illegal.to_string(),
        "the expansion of `a` to 1048577 items cannot be: a node goes over 1048576 items at most"
    );
}
