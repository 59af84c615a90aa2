//! The records of nodes.

use jiff::SignedDuration;
use weft_types::NodeStatus;

use crate::event::{ErrorCode, Event, Given, Origin, Stored};
use crate::plan::{ItemFailure, Plan};
use crate::record::{AttemptRecord, MAX_ATTEMPTS, NodeRecord, Nodes, node_records};
use crate::state::tests::live::{Live, accepted, cancelled, failed, succeeded};
use crate::state::tests::sketch::{call, lenient, plan, seven, wait};
use crate::state::tests::{at, item, n};
use crate::state::{ItemCounts, Reason};

fn records(run: &Live<'_>) -> Vec<NodeRecord> {
    node_records(run.plan, &run.events).unwrap()
}

fn output() -> Option<Stored> {
    Some(Stored::Direct(seven().as_bytes().clone()))
}

#[test]
fn attempts_are_told_with_their_times() {
    let plan = plan([call("a").attempts(2)]);
    let (mut run, _) = Live::started(&plan);
    run.take(Event::NodeStarted {
        place: at(0),
        attempt: 1,
    });
    let first = run.now;
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let failed = run.now;
    run.take(succeeded(at(0), 2));
    let [record] = &records(&run)[..] else {
        panic!("one node")
    };
    assert_eq!((&*record.name, record.status), ("a", NodeStatus::Succeeded));
    assert_eq!(
        (record.started_at, record.finished_at),
        (Some(first), Some(run.now))
    );
    assert_eq!((record.attempt, record.usage.wall_us), (2, 200));
    assert_eq!((&record.output, &record.error), (&output(), &None));
    let [one, two] = &record.attempts[..] else {
        panic!("two attempts")
    };
    assert_eq!((one.started_at, one.finished_at), (Some(first), Some(failed)));
    assert_eq!(one.error.as_ref().unwrap().code, ErrorCode::Trap);
    // That it began was left out: it is reckoned from what the attempt took.
    let began = run.now.checked_sub(SignedDuration::from_micros(100)).unwrap();
    let expected = AttemptRecord {
        number: 2,
        started_at: Some(began),
        finished_at: Some(run.now),
        usage: one.usage,
        error: None,
    };
    assert_eq!(two, &expected);
}

#[test]
fn what_was_never_executed_is_told_with_its_reason() {
    let plan = lenient([call("a"), call("b").needs(["a"]), call("c").when(), call("d")]);
    let mut accepted = accepted(&plan);
    accepted.given.push(Given {
        node: n(3),
        origin: Origin::Stub,
        output: output(),
        skipped: false,
    });
    let mut run = Live::with(&plan, accepted);
    let given = run.now;
    run.take(Event::Started);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    let failed = run.now;
    run.take(Event::NodeSkipped { node: n(2) });
    let records = records(&run);
    let told = |at: usize| {
        let record: &NodeRecord = &records[at];
        (record.status, record.reason, record.finished_at)
    };
    let upstream = Some(Reason::FailedUpstream(n(0)));
    assert_eq!(told(0), (NodeStatus::Failed, None, Some(failed)));
    assert_eq!(told(1), (NodeStatus::Failed, upstream, Some(failed)));
    let skipped = Some(Reason::Condition);
    assert_eq!(told(2), (NodeStatus::Skipped, skipped, Some(run.now)));
    let stub = Some(Reason::Given(Origin::Stub));
    assert_eq!(told(3), (NodeStatus::Succeeded, stub, Some(given)));
    assert_eq!(records[3].output, output());
    assert!(records.iter().skip(1).all(|record| record.attempts.is_empty()));
}

#[test]
fn an_open_node_is_told_as_it_stands() {
    let plan = plan([wait("a"), call("b").attempts(2), call("c").needs(["b"])]);
    let (mut run, _) = Live::started(&plan);
    let due = Some(run.now);
    run.take(Event::Suspended { node: n(0), due });
    run.take(failed(at(1), 1, ErrorCode::Trap));
    let records = records(&run);
    assert_eq!((records[0].status, records[0].due), (NodeStatus::Running, due));
    assert_eq!(records[0].attempts.len(), 1);
    assert_eq!((records[1].status, records[1].attempt), (NodeStatus::Retrying, 2));
    assert!(records[1].due.is_some() && records[1].error.is_some());
    assert_eq!(records[2].status, NodeStatus::Waiting);
    assert_eq!((records[2].started_at, records[2].finished_at), (None, None));
}

#[test]
fn a_caught_failure_is_told_beside_what_took_its_place() {
    let plan = plan([call("a").or_value(), call("b"), call("rescue").catches("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(succeeded(at(0), 1));
    run.take(failed(at(1), 1, ErrorCode::Limit));
    run.take(succeeded(at(2), 1));
    let records = records(&run);
    for (at, code) in [(0, ErrorCode::Trap), (1, ErrorCode::Limit)] {
        let record = &records[at];
        assert_eq!(
            (record.status, record.reason),
            (NodeStatus::Succeeded, Some(Reason::Caught))
        );
        assert_eq!(record.error.as_ref().unwrap().1.code, code);
        assert_eq!(record.attempts.len(), 1);
        assert_eq!(record.output, output());
    }
}

#[test]
fn a_catch_that_fails_is_no_attempt() {
    let plan = plan([call("a").or_value()]);
    let (mut run, _) = Live::started(&plan);
    run.take(failed(at(0), 1, ErrorCode::Trap));
    run.take(failed(at(0), 1, ErrorCode::Evaluation));
    let record = &records(&run)[0];
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.error.as_ref().unwrap().1.code, ErrorCode::Trap);
}

fn over_items(on_failure: ItemFailure) -> Plan {
    plan([call("a").each(2, on_failure).attempts(2)])
}

fn expand(run: &mut Live<'_>, items: u32) {
    run.take(Event::Expanded { node: n(0), items });
}

#[test]
fn items_are_summed_up() {
    let plan = over_items(ItemFailure::Collect);
    let (mut run, _) = Live::started(&plan);
    expand(&mut run, 3);
    run.take(failed(item(0, 1), 1, ErrorCode::Trap));
    run.take(succeeded(item(0, 0), 1));
    run.take(failed(item(0, 1), 2, ErrorCode::Trap));
    run.take(succeeded(item(0, 2), 1));
    run.take(succeeded(at(0), 1));
    let record = &records(&run)[0];
    let items = record.items.as_ref().unwrap();
    let counts = ItemCounts {
        total: 3,
        succeeded: 2,
        failed: 1,
        cancelled: 0,
        reused: 0,
    };
    assert_eq!((items.counts, items.retried), (counts, 1));
    assert_eq!(
        items.failures.iter().map(|(item, _)| *item).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(
        (record.error.as_ref(), record.output.as_ref()),
        (None, output().as_ref())
    );
    assert_eq!((record.attempts.len(), record.usage.wall_us), (0, 500));
}

#[test]
fn the_first_item_that_failed_is_the_failure_of_the_node() {
    let plan = over_items(ItemFailure::End);
    let (mut run, _) = Live::started(&plan);
    expand(&mut run, 3);
    run.take(failed(item(0, 1), 1, ErrorCode::FunctionError));
    run.take(failed(item(0, 0), 1, ErrorCode::Cancelled));
    let record = &records(&run)[0];
    let (place, error) = record.error.as_ref().unwrap();
    assert_eq!((*place, error.code), (item(0, 1), ErrorCode::FunctionError));
    let items = record.items.as_ref().unwrap();
    assert_eq!((items.counts.cancelled, items.failures.len()), (1, 1));
}

#[test]
fn items_that_were_stopped_did_not_fail() {
    let plan = over_items(ItemFailure::End);
    let (mut run, _) = Live::started(&plan);
    expand(&mut run, 1);
    run.take(cancelled());
    run.take(failed(item(0, 0), 1, ErrorCode::Cancelled));
    let record = &records(&run)[0];
    assert_eq!(record.status, NodeStatus::Cancelled);
    assert_eq!(record.error, None);
    assert_eq!(record.items.as_ref().unwrap().failures, []);
}

#[test]
fn only_the_latest_attempts_are_kept() {
    let plan = plan([call("a").attempts(1_000)]);
    let (mut run, _) = Live::started(&plan);
    for attempt in 1..200 {
        run.take(failed(at(0), attempt, ErrorCode::Trap));
    }
    let record = &records(&run)[0];
    assert_eq!(record.attempts.len(), MAX_ATTEMPTS);
    assert_eq!(record.attempts.last().unwrap().number, 199);
    assert_eq!(record.usage.wall_us, 19_900);
}

#[test]
fn an_event_that_cannot_be_is_told() {
    let plan = plan([call("a")]);
    let run = Live::accepted(&plan);
    let mut nodes = Nodes::new(&plan);
    nodes.take(&run.events[0]).unwrap();
    let early = crate::Stamped::new(run.now, succeeded(at(0), 1));
    assert!(nodes.take(&early).is_err());
    assert_eq!(nodes.state(), &run.state);
}
