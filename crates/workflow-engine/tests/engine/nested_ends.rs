//! Nested runs whose end came before the crash, and that of which the run around them had not heard.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_types::{NodeKey, RunId, RunStatus};
use weft_workflow::Event;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::journal::Entry;
use weft_workflow_engine::{Engine, Error};

use crate::fakes::journal::FakeJournal;
use crate::world::{World, chain, project, sample, until};

const AROUND: &str = r"
workflow: main
input: { n: u64 }
nodes: { inner: { call: inner, with: { n: $input.n } } }
output: $inner
";

/// What is on the disk where a run around another came to its end, up to the end of the nested one.
async fn up_to_nested_end(world: &World) -> (RunId, Vec<Entry>) {
    let handle = world.start("main", &json!({ "n": 3 })).await;
    handle.ended().await.unwrap();
    (handle.id(), cut_behind_nested_end(world, handle.id()))
}

/// The same of a run that has ended.
fn cut_behind_nested_end(world: &World, run: RunId) -> Vec<Entry> {
    let nested = world.nested(run)[0];
    let mut entries = world.journal.on_disk();
    let end = entries.iter().rposition(|entry| entry.run == nested).unwrap();
    assert!(entries[end].closes);
    entries.truncate(end + 1);
    let open = FakeJournal::events_in(&entries, run);
    assert!(
        open.iter()
            .all(|stamped| !matches!(stamped.event, Event::NodeSucceeded { .. }))
    );
    entries
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_that_ended_is_not_deleted_while_the_one_around_it_may_ask_for_it() {
    let world = World::new().await;
    world.define("inner", &chain("pay", 1));
    world.define(
        "main",
        "workflow: main\ninput: { n: u64 }\nnodes:\n  inner: { call: inner, with: { n: $input.n } }\n  \
         held: { call: held-pay, with: { n: $inner } }\noutput: $held\n",
    );
    let handle = world.start_for_id("main", &json!({ "n": 3 })).await;
    until("the call behind", || world.calls.under_way() == 1).await;
    let (run, nested) = (handle.id(), world.nested(handle.id())[0]);
    let refused = world.engine.delete(&project(), nested).await;
    assert_eq!(refused, Err(Error::StillNeeded { run: nested, by: run }));
    let unknown = Engine::run_on_behalf(run, &NodeKey::new(run, "held", None), 1);
    assert_eq!(world.engine.delete(&project(), unknown).await, Ok(false));
    world.release(1);
    world.answer(&handle).await;
    assert_eq!(world.engine.delete(&project(), nested).await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn what_was_cancelled_while_it_had_effects_is_not_known_after_a_crash_either() {
    for (inner, code) in [
        ("held-pay", ErrorCode::OutcomeUnknown),
        ("held", ErrorCode::Cancelled),
    ] {
        let mut world = World::new().await;
        world.define("inner", &chain(inner, 1));
        world.define("main", AROUND);
        let handle = world.start_for_id("main", &json!({ "n": 3 })).await;
        until("the call", || world.calls.under_way() == 1).await;
        let run = handle.id();
        world.cancel(world.nested(run)[0]).await.unwrap();
        handle.ended().await.unwrap();
        assert_eq!(world.failures(run, 0)[0].0, code);
        let entries = cut_behind_nested_end(&world, run);
        world.after_crash(entries).await;
        let handle = world.engine.handle(&project(), run).await.unwrap();
        assert_eq!(handle.ended().await.unwrap().status, RunStatus::Failed);
        assert_eq!(world.failures(run, 0)[0].0, code);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_for_a_while_is_not_done_again() {
    // A clock that is set meanwhile changes nothing.
    for set in [0, -3600] {
        let mut world = World::new().await;
        world.define("inner", &chain("pay", 1));
        world.define("main", AROUND);
        let (run, entries) = up_to_nested_end(&world).await;
        let recovered = world.opened_after_crash(entries).await;
        world.records.failing.store(true, SeqCst);
        recovered.take_up();
        tokio::time::sleep(Duration::from_secs(60)).await;
        world.clock.set_forward(set);
        world.records.failing.store(false, SeqCst);
        let handle = world.engine.handle(&project(), run).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(&handle));
        assert_eq!(answer.await, Ok(json!(4)), "set by {set} s");
        assert_eq!(world.calls.count("pay"), 0, "it was paid before");
        assert!(world.failures(run, 0).is_empty());
        assert_eq!(world.nested(run).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nor_is_what_there_would_be_no_room_for() {
    let mut world = World::new().await;
    world.define("inner", &chain("pay", 1));
    world.define("main", AROUND);
    let (run, entries) = up_to_nested_end(&world).await;
    world.configure(|config| config.open_runs = 1);
    world.after_crash(entries).await;
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(4));
    assert_eq!((world.calls.count("pay"), world.nested(run).len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn nor_is_what_came_to_a_result_that_is_damaged() {
    for (inner, code) in [
        ("pay", ErrorCode::OutcomeUnknown),
        ("double", ErrorCode::Evaluation),
    ] {
        let mut world = World::new().await;
        world.define("inner", &chain(inner, 1));
        world.define("main", AROUND);
        let (run, entries) = up_to_nested_end(&world).await;
        let nested = world.nested(run)[0];
        let recovered = world.opened_after_crash(entries).await;
        world.records.damage(nested);
        recovered.take_up();
        let handle = world.engine.handle(&project(), run).await.unwrap();
        assert_eq!(handle.ended().await.unwrap().status, RunStatus::Failed);
        let failures = world.failures(run, 0);
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!(failures[0].0, code, "{failures:?}");
        assert_eq!((world.calls.count(inner), world.nested(run).len()), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_comes_too_late_for_what_had_ended() {
    let mut world = World::new().await;
    world.define("inner", &chain("pay", 1));
    world.define("main", AROUND);
    let (run, entries) = up_to_nested_end(&world).await;
    let recovered = world.opened_after_crash(entries).await;
    world.records.stuck.store(true, SeqCst);
    recovered.take_up();
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.cancel(run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.records.stuck.store(false, SeqCst);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Cancelled);
    let succeeded = |event: &Event| matches!(event, Event::NodeSucceeded { .. });
    assert!(world.events(run).iter().any(succeeded), "{:?}", world.events(run));
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_what_never_began_says_so() {
    let mut world = World::new().await;
    world.define("inner", &chain("pay", 1));
    world.define("main", AROUND);
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the payment", || world.calls.count("pay") == 1).await;
    let mut entries = world.journal.appended();
    let began = entries.iter().position(|entry| entry.run != run).unwrap();
    entries.truncate(began);
    let recovered = world.opened_after_crash(entries).await;
    world.records.stuck.store(true, SeqCst);
    recovered.take_up();
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.cancel(run).await.unwrap();
    world.records.stuck.store(false, SeqCst);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    handle.ended().await.unwrap();
    assert_eq!(world.failures(run, 0)[0].0, ErrorCode::Cancelled);
    assert_eq!((world.calls.count("pay"), world.nested(run).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_taken_up_is_waited_for_until_somebody_ends_it() {
    let mut world = World::new().await;
    world.define("inner", &chain("held-pay", 1));
    world.define("main", AROUND);
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the payment", || world.calls.under_way() == 1).await;
    world.journal.sync();
    let nested = world.nested(run)[0];
    world.workflows.set_plannable("inner", false);
    world.crash().await;
    world.workflows.set_plannable("inner", true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.journal.sync();
    assert_eq!(world.status(run).await, RunStatus::Running);
    assert_eq!(world.nested(run), [nested], "it does not begin anew");
    assert_eq!(world.calls.count("held-pay"), 0);
    world.cancel(nested).await.unwrap();
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Failed);
    assert_eq!(world.failures(run, 0)[0].0, ErrorCode::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_had_effects_is_not_repeated_where_its_result_cannot_be_kept() {
    let world = World::new().await;
    world
        .calls
        .add("long", "record { n: u64 }", "string", false, |_| async {
            Ok(json!("x".repeat(100_000)))
        });
    world.define(
        "inner",
        r"
        workflow: inner
        input: { n: u64 }
        nodes: { long: { call: long, with: { n: $input.n } } }
        output-type: result<string, string>
        output: { ok: $long }
        ",
    );
    world.define("main", AROUND);
    // What the function answers and what the nested run does are kept; what the node has of that is not.
    world.blobs.broken_from.store(3, SeqCst);
    let handle = world.start("main", &json!({ "n": 3 })).await;
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Failed);
    let failures = world.failures(handle.id(), 0);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].0, ErrorCode::OutcomeUnknown);
    assert_eq!(
        (world.calls.count("long"), world.nested(handle.id()).len()),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_is_not_open_while_the_one_around_it_waits() {
    let world = World::new().await;
    world.define("inner", &chain("double", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          inner: { call: inner, with: { n: $input.n } }
          approval: { wait: null, after: [inner] }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    let waits = |event: &Event| matches!(event, Event::Suspended { .. });
    until("the wait", || world.events(run).iter().any(waits)).await;
    // Written a little later, as nobody waits for it.
    world.journal.sync();
    let open = || sample(&world.engine, "weft_workflow_runs_in_memory");
    tokio::time::timeout(Duration::from_secs(10), until("the end of one", || open() == 1.0))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_nested_attempt_is_as_old_as_the_nested_run() {
    let mut world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          pause: { sleep: 1h }
          inner: { call: inner, with: { n: $input.n }, after: [pause] }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    handle.ended().await.unwrap();
    let took = world.events(run).into_iter().find_map(|event| match event {
        Event::NodeSucceeded { place, usage, .. } if place.node.0 == 1 => Some(usage.wall_us),
        _ => None,
    });
    assert!(took.is_some_and(|took| took < 60_000_000), "{took:?}");
}
