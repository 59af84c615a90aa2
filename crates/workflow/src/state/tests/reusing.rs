//! Items whose outputs are reused from the run that this one repeats.

use weft_types::{NodeStatus, RunStatus};

use super::live::{Live, cancelled, failed, paused, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, item, n};
use crate::event::{ErrorCode, Event};
use crate::plan::{ItemFailure, Plan};
use crate::state::{Action, ItemCounts, MAX_ITEMS, Selection, rerun};

fn reused(item: u32) -> Event {
    Event::ItemReused {
        node: n(0),
        item,
        output: None,
    }
}

fn expanded(items: u32) -> Event {
    Event::Expanded { node: n(0), items }
}

/// A run of a node that goes over a list, two items at once, where these items are reused.
fn run<'a>(plan: &'a Plan, items: &[u32]) -> Live<'a> {
    let mut run = Live::accepted(plan);
    for item in items {
        assert_eq!(run.take(reused(*item)), []);
    }
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(0))]);
    run
}

/// Which items are dispatched in all, where `total` are there and these are reused.
fn check(total: u32, items: &[u32], expected: &[u32]) {
    let plan = plan([call("a").each(2, ItemFailure::End)]);
    let mut run = run(&plan, items);
    let mut actions = run.take(expanded(total));
    let mut dispatched = Vec::new();
    while let Some(action) = actions.pop() {
        match action {
            Action::DispatchItem(_, at) => {
                dispatched.push(at);
                // A crash forgets nothing of it.
                run.crash(run.events.len());
                actions.extend(run.take(succeeded(item(0, at), 1)));
            }
            Action::Gather(_) => assert!(actions.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    dispatched.sort_unstable();
    assert_eq!(dispatched, expected, "{total} items, reused {items:?}");
    let there = items.iter().filter(|item| **item < total).count() as u32;
    let counts = ItemCounts {
        total,
        succeeded: total,
        reused: there,
        ..ItemCounts::default()
    };
    assert_eq!(run.state.node(n(0)).items, Some(counts));
    run.take(succeeded(at(0), 1));
    assert_eq!(run.state.ending(), Some(RunStatus::Succeeded));
}

#[test]
fn only_the_others_are_dispatched() {
    check(4, &[], &[0, 1, 2, 3]);
    check(4, &[0], &[1, 2, 3]);
    check(4, &[1, 2], &[0, 3]);
    check(4, &[3], &[0, 1, 2]);
    check(5, &[0, 2, 4], &[1, 3]);
    check(3, &[0, 1, 2], &[]);
    check(0, &[0], &[]);
    check(2, &[1, 2, 7], &[0]);
}

#[test]
fn items_are_reused_before_the_start_in_their_order() {
    let plan = plan([call("a").each(2, ItemFailure::End), call("b")]);
    let mut run = Live::accepted(&plan);
    run.take(reused(3));
    for item in [3, 0] {
        let refused = run.refuse(&reused(item)).to_string();
        assert!(refused.ends_with("items are reused in their order"), "{refused}");
    }
    let refused = |run: &mut Live<'_>, node: u32, item: u32| {
        let event = Event::ItemReused {
            node: n(node),
            item,
            output: None,
        };
        run.refuse(&event).to_string()
    };
    for (node, item, expected) in [
        (0, MAX_ITEMS, "a node goes over 1048576 items at most"),
        (1, 0, "the node goes over no list"),
        (2, 0, "there is no such node"),
    ] {
        let told = refused(&mut run, node, item);
        assert!(told.ends_with(expected), "{told}");
    }
    run.take(paused());
    run.take(reused(4));
    run.take(super::live::resumed());
    run.take(Event::Started);
    assert_eq!(
        refused(&mut run, 0, 5),
        "the reuse of item 5 of `a` cannot be: the run has started"
    );
}

#[test]
fn a_node_that_is_skipped_or_cancelled_reuses_nothing() {
    let plan = plan([call("a").each(2, ItemFailure::End).when()]);
    let mut skipped = run(&plan, &[0, 1]);
    assert_eq!(
        skipped.take(Event::NodeSkipped { node: n(0) }),
        [Action::Finish(RunStatus::Succeeded)]
    );
    let mut ended = Live::accepted(&plan);
    ended.take(reused(0));
    assert_eq!(ended.take(cancelled()), [Action::Finish(RunStatus::Cancelled)]);
    assert_eq!(ended.state.node(n(0)).status, NodeStatus::Cancelled);
}

/// A run of `a`, `each` over it, and `last` after that, of which one of two items fails.
fn failed_in_part(plan: &Plan) -> Live<'_> {
    let (mut run, _) = Live::started(plan);
    run.take(succeeded(at(0), 1));
    run.take(Event::Expanded { node: n(1), items: 2 });
    run.take(succeeded(item(1, 0), 1));
    run.take(failed(item(1, 1), 1, ErrorCode::Trap));
    run.take(run.finished());
    run
}

#[test]
fn a_node_is_executed_in_part_where_what_it_goes_over_stays() {
    let plan = lenient([
        call("a"),
        call("each").needs(["a"]).each(2, ItemFailure::Continue),
        call("last").needs(["each"]),
    ]);
    let run = failed_in_part(&plan);
    let in_part = |selection: &Selection, changed: &[u32]| {
        let changed: Vec<_> = changed.iter().map(|&node| n(node)).collect();
        rerun(&plan, &run.state, selection, &changed).unwrap().in_part
    };
    assert_eq!(in_part(&Selection::Failed, &[]), [n(1)]);
    assert_eq!(
        in_part(&Selection::Failed, &[1]),
        [n(1)],
        "who asks looks at each item"
    );
    assert_eq!(in_part(&Selection::Failed, &[0]), [], "its list is another");
    assert_eq!(in_part(&Selection::Whole, &[]), []);
    assert_eq!(in_part(&Selection::From(vec![n(1)]), &[]), [], "it was asked for");
    assert_eq!(in_part(&Selection::Only(vec![n(1)]), &[]), []);
}

#[test]
fn a_node_with_results_is_executed_in_part_where_others_make_it_change() {
    let plan = lenient([call("each").each(2, ItemFailure::End), call("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(expanded(1));
    run.take(succeeded(item(0, 0), 1));
    run.take(succeeded(at(0), 1));
    run.take(failed(at(1), 1, ErrorCode::Trap));
    run.take(run.finished());
    let again = rerun(&plan, &run.state, &Selection::From(vec![n(1)]), &[n(0)]).unwrap();
    assert_eq!(again.in_part, [n(0)]);
    let again = rerun(&plan, &run.state, &Selection::Failed, &[]).unwrap();
    assert_eq!(again.in_part, []);
}
