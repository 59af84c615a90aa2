//! The record of a run.

use weft_types::RunStatus;

use crate::event::{Accepted, ErrorCode, Event, Given, Origin, Stamped};
use crate::plan::{ItemFailure, Plan};
use crate::record::RunRecord;
use crate::state::tests::live::{Live, accepted, cancelled, failed, paused, resumed, succeeded};
use crate::state::tests::sketch::{call, plan};
use crate::state::tests::{at, item, n};

fn record(run: &Live<'_>) -> RunRecord {
    RunRecord::fold(&run.events).unwrap()
}

fn one_node() -> Plan {
    plan([call("a")])
}

#[test]
fn items_that_are_reused_count_once_their_list_is_known() {
    let plan = plan([call("a").each(2, ItemFailure::End)]);
    let mut run = Live::accepted(&plan);
    for item in [0, 2] {
        run.take(Event::ItemReused {
            node: n(0),
            item,
            output: None,
        });
    }
    run.take(Event::Started);
    assert_eq!(record(&run).progress(), 0.0);
    run.take(Event::Expanded { node: n(0), items: 4 });
    assert_eq!(record(&run).progress(), 0.5);
    run.take(succeeded(item(0, 1), 1));
    assert_eq!(record(&run).progress(), 0.75);
    run.take(succeeded(item(0, 3), 1));
    run.take(succeeded(at(0), 1));
    assert_eq!(record(&run).expanded, []);
}

#[test]
fn a_record_begins_with_how_the_run_was_accepted() {
    let plan = one_node();
    let run = Live::accepted(&plan);
    let record = record(&run);
    let Accepted {
        run: id,
        project,
        workflow,
        submitter,
        deadline,
        trace,
        ..
    } = accepted(&plan);
    assert_eq!(
        (record.run, record.project, record.workflow),
        (id, project, workflow)
    );
    assert_eq!((record.submitter, record.deadline), (submitter, deadline));
    assert_eq!((record.status, record.nodes), (RunStatus::Waiting, 1));
    assert_eq!((record.trace, record.created_at), (trace.0, run.now));
    assert_eq!((record.started_at, record.finished_at), (None, None));
}

#[test]
fn a_run_that_was_not_accepted_has_no_record() {
    assert_eq!(RunRecord::fold([]), None);
    let started = Stamped::new(jiff::Timestamp::UNIX_EPOCH, Event::Started);
    assert_eq!(RunRecord::fold([&started]), None);
}

#[test]
fn a_record_follows_the_run_to_its_end() {
    let plan = one_node();
    let (mut run, _) = Live::started(&plan);
    let began = run.now;
    assert_eq!(record(&run).status, RunStatus::Running);
    run.take(succeeded(at(0), 1));
    assert_eq!(record(&run).progress(), 1.0);
    assert_eq!(record(&run).status, RunStatus::Running);
    run.take(run.finished());
    let record = record(&run);
    assert_eq!(record.status, RunStatus::Succeeded);
    assert_eq!(
        (record.started_at, record.finished_at),
        (Some(began), Some(run.now))
    );
    assert_eq!(record.updated_at, run.now);
    assert_eq!(record.counts, run.state.counts());
    assert_eq!((record.usage.wall_us, record.usage.cpu_us), (100, 10));
}

/// In every state of the run the record stands as the state does.
#[test]
fn a_record_tells_the_status_of_the_state() {
    let plan = plan([call("a"), call("b").needs(["a"])]);
    let mut run = Live::accepted(&plan);
    let events = [
        paused(),
        resumed(),
        Event::Started,
        paused(),
        succeeded(at(0), 1),
        resumed(),
        paused(),
        cancelled(),
        failed(at(1), 1, ErrorCode::Cancelled),
    ];
    for event in events {
        run.take(event.clone());
        assert_eq!(record(&run).status, run.state.status(), "{event:?}");
    }
    run.take(run.finished());
    assert_eq!(record(&run).status, RunStatus::Cancelled);
    assert_eq!(record(&run).failure.as_ref(), run.state.failure());
}

#[test]
fn a_run_that_was_paused_before_it_began_waits_again() {
    let plan = one_node();
    let mut run = Live::accepted(&plan);
    run.take(paused());
    assert_eq!(record(&run).status, RunStatus::Paused);
    run.take(cancelled());
    assert_eq!(record(&run).status, RunStatus::Waiting);
}

#[test]
fn progress_counts_items() {
    let plan = plan([call("a").each(4, ItemFailure::End), call("b")]);
    let (mut run, _) = Live::started(&plan);
    run.take(Event::Expanded { node: n(0), items: 4 });
    assert_eq!(record(&run).progress(), 0.0);
    run.take(succeeded(item(0, 0), 1));
    assert_eq!(record(&run).progress(), 0.125);
    (1..4).for_each(|at| drop(run.take(succeeded(item(0, at), 1))));
    assert_eq!(record(&run).progress(), 0.5);
    run.take(succeeded(at(0), 1));
    assert_eq!(record(&run).progress(), 0.5);
    assert_eq!(record(&run).expanded, []);
    run.take(succeeded(at(1), 1));
    run.take(run.finished());
    assert_eq!(record(&run).progress(), 1.0);
}

#[test]
fn given_nodes_are_over_from_the_start() {
    let plan = plan([call("a"), call("b"), call("c"), call("d")]);
    let mut accepted = accepted(&plan);
    for (node, skipped) in [(0, false), (1, true)] {
        accepted.given.push(Given {
            node: n(node),
            origin: Origin::Reused,
            output: None,
            skipped,
        });
    }
    accepted.left_out.push(n(2));
    let run = Live::with(&plan, accepted);
    let record = record(&run);
    assert_eq!(record.counts, run.state.counts());
    assert_eq!(record.progress(), 0.75);
}

/// The store keeps it in this form.
#[test]
fn a_record_survives_a_compact_format() {
    let plan = plan([call("a").each(4, ItemFailure::End)]);
    let (mut run, _) = Live::started(&plan);
    run.take(Event::Expanded { node: n(0), items: 4 });
    run.take(failed(item(0, 0), 1, ErrorCode::Trap));
    let record = record(&run);
    let bytes = postcard::to_allocvec(&record).unwrap();
    assert_eq!(postcard::from_bytes::<RunRecord>(&bytes), Ok(record));
}
