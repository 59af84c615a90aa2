//! What a rerun reuses, and what it leaves out.

use weft_types::RunStatus;

use super::live::{Live, accepted, cancelled, failed, succeeded};
use super::sketch::{call, lenient, plan};
use super::{at, n};
use crate::event::{ErrorCode, Event, Given, Origin};
use crate::plan::Plan;
use crate::state::{Action, Rerun, RerunError, Reused, Selection, rerun, rerun_whole};

/// What is reused, as pairs of a node and the one whose output it takes, and what is left out.
type Expected<'a> = (&'a [(u32, Option<u32>)], &'a [u32]);

fn check(plan: &Plan, run: &Live<'_>, selection: &Selection, (reused, left_out): Expected<'_>) {
    let reused = reused.iter().map(|&(node, output_of)| Reused {
        node: n(node),
        output_of: output_of.map(n),
        origin: Origin::Reused,
    });
    let expected = Rerun {
        reused: reused.collect(),
        left_out: left_out.iter().map(|&node| n(node)).collect(),
        in_part: Vec::new(),
    };
    assert_eq!(
        rerun(plan, &run.state, selection, &[]),
        Ok(expected),
        "{selection:?}"
    );
}

fn from(node: u32) -> Selection {
    Selection::From(vec![n(node)])
}

fn only(node: u32) -> Selection {
    Selection::Only(vec![n(node)])
}

/// `a` ── `b` (fails) ── `c`, and `d` ── `e` beside them.
fn failed_run(plan: &Plan) -> Live<'_> {
    let (mut run, _) = Live::started(plan);
    run.take(succeeded(at(0), 1));
    run.take(succeeded(at(3), 1));
    run.take(failed(at(1), 1, ErrorCode::Trap));
    run.take(succeeded(at(4), 1));
    run.take(run.finished());
    run
}

fn two_ways() -> Plan {
    lenient([
        call("a"),
        call("b").needs(["a"]),
        call("c").needs(["b"]),
        call("d"),
        call("e").needs(["d"]),
    ])
}

#[test]
fn results_outside_the_selection_are_reused() {
    let plan = two_ways();
    let run = failed_run(&plan);
    let [a, d, e] = [0, 3, 4].map(|node| (node, Some(node)));
    check(&plan, &run, &Selection::Whole, (&[], &[]));
    check(&plan, &run, &Selection::Failed, (&[a, d, e], &[]));
    check(&plan, &run, &from(0), (&[d, e], &[]));
    check(&plan, &run, &from(3), (&[a], &[1, 2]));
    check(&plan, &run, &only(3), (&[a, e], &[1, 2]));
    check(&plan, &run, &only(1), (&[a, d, e], &[2]));
}

#[test]
fn what_cannot_be_run_again_is_told() {
    let plan = two_ways();
    let (open, _) = Live::started(&plan);
    let refused =
        |run: &Live<'_>, selection: Selection| rerun(&plan, &run.state, &selection, &[]).unwrap_err();
    assert_eq!(refused(&open, Selection::Whole), RerunError::Open);
    let run = failed_run(&plan);
    assert_eq!(refused(&run, from(5)), RerunError::NoNode(5));
    assert_eq!(
        refused(&run, Selection::Only(vec![])),
        RerunError::NothingSelected
    );
    assert_eq!(
        refused(&run, only(2)).to_string(),
        "node `c` needs the value of `b`, which has no result: select `b` as well"
    );
}

#[test]
fn a_run_that_succeeded_has_nothing_that_failed() {
    let plan = plan([call("a")]);
    let (mut run, _) = Live::started(&plan);
    run.take(succeeded(at(0), 1));
    run.take(run.finished());
    assert_eq!(
        rerun(&plan, &run.state, &Selection::Failed, &[]),
        Err(RerunError::NothingFailed)
    );
    check(&plan, &run, &only(0), (&[], &[]));
}

#[test]
fn what_was_skipped_is_skipped_again() {
    let plan = plan([call("a").when(), call("b").needs(["a"]), call("c")]);
    let (mut run, _) = Live::started(&plan);
    run.take(Event::NodeSkipped { node: n(0) });
    run.take(failed(at(2), 1, ErrorCode::Trap));
    run.take(run.finished());
    check(&plan, &run, &Selection::Failed, (&[(0, None), (1, None)], &[]));
}

#[test]
fn what_was_cancelled_is_executed_again() {
    let plan = plan([call("a"), call("b").needs(["a"]), call("c").needs(["b"])]);
    let (mut run, _) = Live::started(&plan);
    run.take(succeeded(at(0), 1));
    run.take(cancelled());
    run.take(failed(at(1), 1, ErrorCode::Cancelled));
    run.take(run.finished());
    check(&plan, &run, &Selection::Failed, (&[(0, Some(0))], &[]));
}

#[test]
fn a_node_and_its_fallback_belong_together() {
    let plan = plan([call("a"), call("rescue").catches("a"), call("b").needs(["a"])]);
    let (mut caught, _) = Live::started(&plan);
    caught.take(failed(at(0), 1, ErrorCode::Trap));
    caught.take(succeeded(at(1), 1));
    caught.take(failed(at(2), 1, ErrorCode::Trap));
    caught.take(caught.finished());
    let rescued = [(0, Some(1)), (1, Some(1))];
    check(&plan, &caught, &Selection::Failed, (&rescued, &[]));
    check(&plan, &caught, &only(0), (&[], &[2]));
    check(&plan, &caught, &only(1), (&[], &[2]));

    let (mut fine, _) = Live::started(&plan);
    fine.take(succeeded(at(0), 1));
    fine.take(succeeded(at(2), 1));
    fine.take(fine.finished());
    let [a, b] = [0, 2].map(|node| (node, Some(node)));
    check(&plan, &fine, &only(1), (&[a, b], &[]));
    check(&plan, &fine, &only(0), (&[b], &[]));
    check(&plan, &fine, &from(2), (&[a, (1, None)], &[]));
}

#[test]
fn a_rerun_goes_on_where_the_first_run_failed() {
    let plan = two_ways();
    let first = failed_run(&plan);
    let Rerun { reused, left_out, .. } = rerun(&plan, &first.state, &Selection::Failed, &[]).unwrap();
    let mut accepted = accepted(&plan);
    accepted.left_out = left_out;
    accepted.given.extend(reused.iter().map(|reused| Given {
        node: reused.node,
        origin: Origin::Reused,
        output: None,
        skipped: reused.output_of.is_none(),
    }));
    let mut run = Live::with(&plan, accepted);
    assert_eq!(run.take(Event::Started), [Action::Dispatch(n(1))]);
    run.take(succeeded(at(1), 1));
    run.take(succeeded(at(2), 1));
    assert_eq!(run.state.ending(), Some(RunStatus::Succeeded));
}

#[test]
fn what_was_left_out_stays_so() {
    let plan = two_ways();
    let mut accepted = accepted(&plan);
    accepted.left_out = vec![n(1), n(2)];
    let mut run = Live::with(&plan, accepted);
    run.take(Event::Started);
    run.take(succeeded(at(0), 1));
    run.take(failed(at(3), 1, ErrorCode::Trap));
    run.take(run.finished());
    check(&plan, &run, &Selection::Failed, (&[(0, Some(0))], &[1, 2]));
}

/// Which nodes are executed again where some are called with something else.
fn executed(plan: &Plan, run: &Live<'_>, selection: &Selection, changed: &[u32]) -> Vec<u32> {
    let changed: Vec<_> = changed.iter().map(|&node| n(node)).collect();
    let Rerun { reused, left_out, .. } = rerun(plan, &run.state, selection, &changed).unwrap();
    let others: Vec<_> = reused.iter().map(|reused| reused.node).chain(left_out).collect();
    let nodes = plan.iter().map(|(node, _)| node);
    nodes
        .filter(|node| !others.contains(node))
        .map(|node| node.0)
        .collect()
}

#[test]
fn what_is_called_with_something_else_is_executed_again() {
    let plan = two_ways();
    let run = failed_run(&plan);
    assert_eq!(executed(&plan, &run, &Selection::Failed, &[]), [1, 2]);
    assert_eq!(executed(&plan, &run, &Selection::Failed, &[4]), [1, 2, 4]);
    assert_eq!(executed(&plan, &run, &Selection::Failed, &[3]), [1, 2, 3, 4]);
    assert_eq!(executed(&plan, &run, &Selection::Failed, &[1]), [1, 2]);
    assert_eq!(executed(&plan, &run, &Selection::Failed, &[0]), [0, 1, 2]);
    // What has no result is no reason to go on.
    assert_eq!(executed(&plan, &run, &from(4), &[1]), [4]);
    assert_eq!(executed(&plan, &run, &from(4), &[0]), [0, 4]);
    assert_eq!(executed(&plan, &run, &Selection::Whole, &[0]), [0, 1, 2, 3, 4]);
    assert_eq!(
        rerun(&plan, &run.state, &only(4), &[n(0)]),
        Err(RerunError::Changed("a".into()))
    );
    assert_eq!(executed(&plan, &run, &only(0), &[n(0).0]), [0]);
}

#[test]
fn what_was_given_in_place_of_a_node_is_given_again() {
    let plan = plan([call("a"), call("b").needs(["a"]), call("c").needs(["b"])]);
    let mut accepted = accepted(&plan);
    accepted.given.push(Given {
        node: n(1),
        origin: Origin::Stub,
        output: None,
        skipped: false,
    });
    let mut run = Live::with(&plan, accepted);
    run.take(Event::Started);
    run.take(succeeded(at(0), 1));
    run.take(failed(at(2), 1, ErrorCode::Trap));
    run.take(run.finished());
    for selection in [Selection::Whole, Selection::Failed, from(0), only(2)] {
        let Rerun { reused, .. } = rerun(&plan, &run.state, &selection, &[n(1)]).unwrap();
        let b = reused.iter().find(|reused| reused.node == n(1)).unwrap();
        assert_eq!(b.origin, Origin::Stub, "{selection:?}");
    }
    assert_eq!(executed(&plan, &run, &Selection::Whole, &[]), [0, 2]);
    for selection in [from(1), only(1)] {
        let refused = rerun(&plan, &run.state, &selection, &[]);
        assert_eq!(refused, Err(RerunError::Stubbed("b".into())));
    }
    // As a whole, the acceptance tells: of an express run nothing else may be left.
    let whole = rerun(&plan, &run.state, &Selection::Whole, &[]);
    run.crash(1);
    assert_eq!(rerun_whole(&plan, &run.state), whole);
}
