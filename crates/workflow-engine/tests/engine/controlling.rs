//! Cancelling, pausing and resuming runs.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_types::{NodeStatus, RunStatus};
use weft_workflow::Event;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::Error;

use crate::crashing::split;
use crate::fakes::journal::Disk;
use crate::world::{World, chain, project, until};

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_stops_what_executes() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.cancel(handle.id()).await.unwrap();
    assert_eq!(world.calls.under_way(), 0);
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, RunStatus::Cancelled);
    assert_eq!((outcome.counts.cancelled, outcome.result.clone()), (2, None));
    assert_eq!(
        World::failure(&outcome),
        (ErrorCode::Cancelled, "cancelled by ann: enough")
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_committed_before_it_is_answered() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    world.journal.set_disk(Disk::Held);
    let cancel = tokio::time::timeout(Duration::from_secs(1), world.cancel(run));
    assert!(cancel.await.is_err(), "it was answered too early");
    world.journal.set_disk(Disk::Fast);
    assert!(matches!(world.cancel(run).await, Err(Error::Over { .. })));
    world.crash().await;
    assert_eq!(world.status(run).await, RunStatus::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_had_effects_and_was_stopped_is_not_known() {
    let world = World::new().await;
    world.define("main", &chain("held-pay", 1));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the payment", || world.calls.under_way() == 1).await;
    world.cancel(handle.id()).await.unwrap();
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    let node = &detail.nodes[0];
    assert_eq!(node.status, NodeStatus::Cancelled);
    let (_, error) = node.error.as_ref().unwrap();
    assert_eq!(error.code, ErrorCode::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn what_had_effects_and_had_not_begun_did_not_happen() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    world.journal.set_disk(Disk::Held);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the commit before the payment", || world.journal.waits() == 1).await;
    let cancel = world.cancel(handle.id());
    let release = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        world.journal.set_disk(Disk::Fast);
    };
    let (cancelled, ()) = futures_util::future::join(cancel, release).await;
    cancelled.unwrap();
    assert_eq!(world.calls.count("pay"), 0);
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    let (_, error) = detail.nodes[0].error.as_ref().unwrap();
    assert_eq!(error.code, ErrorCode::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn cancelling_reaches_nested_runs() {
    let world = World::new().await;
    world.define("leaf", &chain("held", 1));
    world.define(
        "middle",
        r"
        workflow: middle
        input: { n: u64 }
        nodes: { leaf: { call: leaf, with: { n: $input.n } } }
        ",
    );
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { middle: { call: middle, with: { n: $input.n } } }
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the leaf", || world.calls.under_way() == 1).await;
    world.cancel(handle.id()).await.unwrap();
    assert_eq!(world.calls.under_way(), 0);
    let middle = world.nested(handle.id())[0];
    let leaf = world.nested(middle)[0];
    for run in [handle.id(), middle, leaf] {
        assert_eq!(world.status(run).await, RunStatus::Cancelled, "{run}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_can_be_cancelled_by_itself() {
    let world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n }, catch: { value: 9 } } }
        output: $inner
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    world.cancel(world.nested(handle.id())[0]).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(9));
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_starts_nothing_new() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    let (engine, run) = (&world.engine, handle.id());
    engine.pause(&project(), run, "ann").await.unwrap();
    assert_eq!(world.status(run).await, RunStatus::Paused);
    world.release(2);
    until("the first result", || world.calls.under_way() == 0).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.calls.count("held"), 1);
    engine.resume(&project(), run, "ann").await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn pausing_reaches_nested_runs_and_so_does_resuming() {
    let mut world = World::new().await;
    world.define("inner", &chain("held", 2));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    world.engine.pause(&project(), run, "ann").await.unwrap();
    let inner = world.nested(run)[0];
    assert_eq!(world.status(inner).await, RunStatus::Paused);
    world.crash().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.calls.count("held"), 0, "a pause outlives a crash");
    world.engine.resume(&project(), run, "ann").await.unwrap();
    assert_eq!(world.status(inner).await, RunStatus::Running);
    world.release(2);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(3));
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    let (engine, run) = (&world.engine, handle.id());
    let refused = engine.resume(&project(), run, "ann").await.unwrap_err();
    assert_eq!(refused, Error::Pausing { run, paused: false });
    engine.pause(&project(), run, "ann").await.unwrap();
    let refused = engine.pause(&project(), run, "ann").await.unwrap_err();
    assert_eq!(refused, Error::Pausing { run, paused: true });
    world.cancel(run).await.unwrap();
    let status = RunStatus::Cancelled;
    assert_eq!(world.cancel(run).await, Err(Error::Over { run, status }));
    let refused = engine.pause(&project(), run, "ann").await;
    assert_eq!(refused, Err(Error::Over { run, status }));
    let other = "other".parse().unwrap();
    let refused = engine.cancel(&other, run, "ann", "").await;
    assert_eq!(refused, Err(Error::NoRun(run)));
    let refused = engine.cancel(&project(), run, "ann", &"x".repeat(5_000)).await;
    assert!(
        matches!(refused, Err(Error::Invalid { what: "reason", .. })),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_can_be_cancelled() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.engine.pause(&project(), handle.id(), "ann").await.unwrap();
    world.cancel(handle.id()).await.unwrap();
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Cancelled);
    assert_eq!(world.calls.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_caller_where_that_was_asked_for() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let kept = world.start("main", &json!({ "n": 1 })).await;
    let mut dropped = world.start("main", &json!({ "n": 2 })).await;
    dropped.cancel_on_drop();
    until("both calls", || world.calls.under_way() == 2).await;
    let run = dropped.id();
    drop(dropped);
    until("the end of one", || world.calls.under_way() == 1).await;
    let ended = world
        .events(run)
        .into_iter()
        .any(|event| matches!(event, Event::Finished(finished) if finished.status == RunStatus::Cancelled));
    assert!(ended);
    world.release(1);
    assert_eq!(world.answer(&kept).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_caller_took_its_id_outlives_the_call() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let mut told = world.start("main", &json!({ "n": 1 })).await;
    told.cancel_on_drop();
    until("the call", || world.calls.under_way() == 1).await;
    told.keep_on_drop();
    let run = told.id();
    drop(told);
    let again = world.engine.handle(&project(), run).await.unwrap();
    world.release(1);
    assert_eq!(world.answer(&again).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_says_what_it_was_doing() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        nodes:
          pause: { sleep: 1h }
          approval: { wait: u64 }
          later: { call: double, with: { n: $approval } }
        ",
    );
    let run = world.start_for_id("main", &json!({})).await.id();
    until("both wait", || {
        let suspended = |event: &Event| matches!(event, Event::Suspended { .. });
        world.events(run).iter().filter(|event| suspended(event)).count() == 2
    })
    .await;
    world.cancel(run).await.unwrap();
    let told: Vec<_> = world
        .events(run)
        .into_iter()
        .filter_map(|event| match event {
            Event::NodeFailed { place, error, .. } => Some((place.node.0, error.message)),
            _ => None,
        })
        .collect();
    let slept = (0, "it was stopped while it slept".to_owned());
    let awaited = (1, "it was stopped while it awaited an event".to_owned());
    assert!(told.contains(&slept) && told.contains(&awaited), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_express_run_within_a_run_did_before_it_was_stopped_is_not_known() {
    let world = World::new().await;
    world.define("paid", &format!("{}durability: express\n", chain("held-pay", 1)));
    world.define("free", &format!("{}durability: express\n", chain("held", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          paid: { call: paid, with: { n: $input.n } }
          free: { call: free, with: { n: $input.n } }
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("both calls", || world.calls.under_way() == 2).await;
    world.cancel(handle.id()).await.unwrap();
    let codes = [0, 1].map(|node| world.failures(handle.id(), node)[0].0);
    assert_eq!(codes, [ErrorCode::OutcomeUnknown, ErrorCode::Cancelled]);
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_journal_had_no_room_for_did_not_begin() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    world.journal.set_room(0);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    let run = handle.id();
    // It would have begun by now.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cancel = world.cancel(run);
    let release = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.journal.set_room(usize::MAX);
    };
    let (cancelled, ()) = futures_util::future::join(cancel, release).await;
    cancelled.unwrap();
    assert_eq!(world.calls.count("pay"), 0);
    assert_eq!(world.failures(run, 0)[0].0, ErrorCode::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_begins_within_a_paused_one_is_paused() {
    let mut world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    // Of the run around it, that it started; of the nested one, nothing.
    let mut frames = split(world.journal.appended());
    frames.truncate(2);
    let recovered = world.opened_after_crash(frames).await;
    // What precedes the nested run takes its time.
    world.records.stuck.store(true, SeqCst);
    recovered.take_up();
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.engine.pause(&project(), run, "ann").await.unwrap();
    world.records.stuck.store(false, SeqCst);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.calls.count("held"), 0);
    world.engine.resume(&project(), run, "ann").await.unwrap();
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(3));
}

#[tokio::test(start_paused = true)]
async fn so_is_one_that_what_led_to_it_was_still_to_be_committed_for() {
    let world = World::new().await;
    let paid = format!("{}durability: express\n", chain("held-pay", 1));
    world.define("inner", &paid);
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    world.journal.set_disk(Disk::Held);
    let handle = world.start("main", &json!({ "n": 3 })).await;
    let run = handle.id();
    until("the commit before the nested run", || world.journal.waits() == 1).await;
    let project = project();
    let pause = world.engine.pause(&project, run, "ann");
    let release = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        world.journal.set_disk(Disk::Fast);
    };
    let (paused, ()) = futures_util::future::join(pause, release).await;
    paused.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.calls.count("held-pay"), 0);
    world.engine.resume(&project, run, "ann").await.unwrap();
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(3));
}
