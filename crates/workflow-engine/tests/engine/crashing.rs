//! Crashes at every point of a run: what is on the disk is any prefix of what was appended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use weft_types::{NodeKey, RunId, RunStatus};
use weft_workflow::Event;
use weft_workflow::frame::Reader;
use weft_workflow::state::RunState;
use weft_workflow_engine::Error;
use weft_workflow_engine::port::journal::Entry;

use crate::fakes::journal::FakeJournal;
use crate::world::{World, chain, project, until};

/// The same entries, each frame by itself.
pub(crate) fn split(entries: Vec<Entry>) -> Vec<Entry> {
    let mut all = Vec::new();
    for entry in entries {
        let mut reader = Reader::new(entry.frames.clone());
        let frames: Vec<Bytes> = std::iter::from_fn(|| reader.next_raw())
            .map(|frame| frame.unwrap().bytes)
            .collect();
        let last = frames.len() - 1;
        for (at, frames) in frames.into_iter().enumerate() {
            all.push(Entry {
                frames,
                count: 1,
                closes: entry.closes && at == last,
                key: entry.key.clone().filter(|_| at == 0),
                ..entry
            });
        }
    }
    all
}

/// Each run with its events, and whether everything about them is as it must be.
fn check_journal(world: &World) -> BTreeMap<RunId, Vec<Event>> {
    let entries = world.journal.on_disk();
    let mut runs = BTreeMap::new();
    for run in world.journal.committed_runs() {
        let events = FakeJournal::events_in(&entries, run);
        let Event::Accepted(accepted) = &events[0].event else {
            panic!("{run} does not begin with its acceptance");
        };
        let plan = {
            use weft_workflow_engine::port::workflows::Workflows;
            let found = world
                .workflows
                .plan(&project(), &accepted.workflow, Some(accepted.version));
            found.unwrap().1
        };
        let state = RunState::fold(&plan, &events).unwrap();
        assert!(state.status().is_closed(), "{run} is {:?}", state.status());
        let mut succeeded = BTreeSet::new();
        for stamped in &events {
            if let Event::NodeSucceeded { place, .. } = &stamped.event {
                assert!(succeeded.insert(*place), "two results at {place:?} of {run}");
            }
        }
        runs.insert(run, events.into_iter().map(|stamped| stamped.event).collect());
    }
    runs
}

/// Runs a workflow, then crashes it behind each of its frames and sees that it comes to the same end.
async fn check(define: impl Fn(&World), arguments: Json, expected: Json) {
    let mut world = World::new().await;
    define(&world);
    let handle = world.start("main", &arguments).await;
    let run = handle.id();
    assert_eq!(world.answer(&handle).await, expected);
    world.journal.sync();
    let frames = split(world.journal.appended());
    let before = check_journal(&world);
    let charged = charges(&world);
    for crash in 1..=frames.len() {
        let prefix = frames[..crash].to_vec();
        let seen: BTreeMap<RunId, usize> = before
            .keys()
            .map(|run| (*run, FakeJournal::events_in(&prefix, *run).len()))
            .collect();
        world.after_crash(prefix).await;
        let engine = world.engine.clone();
        until("the end of every run", || open_runs(&engine) == 0).await;
        world.journal.sync();
        let after = check_journal(&world);
        let handle = world.engine.handle(&project(), run).await.unwrap();
        assert_eq!(
            world.answer(&handle).await,
            expected,
            "after a crash behind frame {crash}"
        );
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
        for (run, seen) in seen {
            assert_eq!(
                after[&run][..seen],
                before[&run][..seen],
                "the past of {run} has changed"
            );
        }
        assert!(
            charges(&world).is_subset(&charged),
            "another charge behind frame {crash}"
        );
    }
}

/// What a payee that deduplicates has seen.
fn charges(world: &World) -> BTreeSet<([u8; 16], String)> {
    let called = world.called();
    let pays = called.iter().filter(|called| called.function == "pay");
    pays.map(|called| (*NodeKey::as_bytes(&called.key), called.arguments.to_string()))
        .collect()
}

/// How many runs an engine has open, as its metrics tell.
fn open_runs(engine: &weft_workflow_engine::Engine) -> u64 {
    crate::world::sample(engine, "weft_workflow_runs_in_memory") as u64
}

#[tokio::test(start_paused = true)]
async fn a_chain_without_effects() {
    let define = |world: &World| drop(world.define("main", &chain("double", 4)));
    check(define, json!({ "n": 1 }), json!(16)).await;
}

#[tokio::test(start_paused = true)]
async fn a_chain_with_effects() {
    let define = |world: &World| drop(world.define("main", &chain("pay", 3)));
    check(define, json!({ "n": 1 }), json!(4)).await;
}

#[tokio::test(start_paused = true)]
async fn branches_conditions_and_fallbacks() {
    let define = |world: &World| {
        drop(world.define(
            "main",
            r"
            workflow: main
            input: { n: u64 }
            nodes:
              a: { call: double, with: { n: $input.n } }
              b: { call: pay, with: { n: $input.n } }
              skipped: { call: double, with: { n: $a }, when: $a > 100 }
              even: { call: odd, with: { n: $a }, catch: { value: 5 } }
              bad: { call: trap, with: { n: $b }, catch: { node: instead } }
              instead: { call: pay, with: { n: $even } }
              sum: { call: add, with: { a: $bad, b: $even } }
            output: $sum
            ",
        ));
    };
    check(define, json!({ "n": 1 }), json!(11)).await;
}

#[tokio::test(start_paused = true)]
async fn lists_retries_and_pauses() {
    let define = |world: &World| {
        world
            .calls
            .add("flaky", "record { n: u64 }", "u64", true, |asked| async move {
                match asked.attempt {
                    1 => Err(crate::fakes::calls::error(
                        weft_workflow::event::ErrorCode::Unavailable,
                        "later",
                    )),
                    _ => Ok(asked.arguments["n"].clone()),
                }
            });
        drop(world.define(
            "main",
            r"
            workflow: main
            input: { list: list<u64> }
            nodes:
              paid: { call: pay, for-each: $input.list, with: { n: $item }, concurrency: 2 }
              pause: { sleep: 50ms, after: [paid] }
              again: { call: flaky, for-each: $paid, with: { n: $item }, retry: 3, after: [pause] }
            output: $again
            ",
        ));
    };
    check(define, json!({ "list": [1, 2, 3] }), json!([2, 3, 4])).await;
}

#[tokio::test(start_paused = true)]
async fn nested_runs() {
    let define = |world: &World| {
        world.define("inner", &chain("pay", 2));
        world.define(
            "middle",
            r"
            workflow: middle
            input: { n: u64 }
            nodes:
              inner: { call: inner, with: { n: $input.n } }
              after: { call: double, with: { n: $inner } }
            output: $after
            ",
        );
        drop(world.define(
            "main",
            r"
            workflow: main
            input: { list: list<u64> }
            nodes:
              each: { call: middle, for-each: $input.list, with: { n: $item }, concurrency: 2 }
            output: $each
            ",
        ));
    };
    check(define, json!({ "list": [1, 2] }), json!([6, 8])).await;
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_that_fails() {
    let define = |world: &World| {
        world.define("inner", &chain("trap", 1));
        drop(world.define(
            "main",
            r"
            workflow: main
            input: { n: u64 }
            nodes:
              bad: { call: inner, with: { n: $input.n }, catch: { value: 7 } }
              good: { call: pay, with: { n: $bad } }
            output: $good
            ",
        ));
    };
    check(define, json!({ "n": 1 }), json!(8)).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_with_effects_is_repeated_with_its_key_and_arguments() {
    let mut world = World::new().await;
    world.define("main", &chain("held-pay", 2));
    world.start_for_id("main", &json!({ "n": 1 })).await;
    world.release(1);
    until("the second payment", || world.calls.count("held-pay") == 2).await;
    let begun = world.called()[1].clone();
    world.crash().await;
    until("the second payment again", || world.calls.count("held-pay") == 1).await;
    let again = world.called()[0].clone();
    assert_eq!((again.key, again.attempt), (begun.key, begun.attempt));
    assert_eq!(again.arguments, begun.arguments);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_open_runs_are_taken_up() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    for n in 0..10_000 {
        world.start("main", &json!({ "n": n })).await;
    }
    until("all calls", || world.calls.under_way() == 4_096).await;
    world.journal.sync();
    world.crash().await;
    world.release(10_000);
    until("the end of all", || open_runs(&world.engine) == 0).await;
    world.journal.sync();
    assert_eq!(check_journal(&world).len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn places_of_a_nested_run_tell_it_apart() {
    let world = World::new().await;
    world.define("inner", &chain("double", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes:
          a: { call: inner, for-each: $input.list, with: { n: $item } }
          b: { call: inner, with: { n: 4 } }
        ",
    );
    let handle = world.start("main", &json!({ "list": [1, 2] })).await;
    handle.ended().await.unwrap();
    let nested: BTreeSet<_> = world.nested(handle.id()).into_iter().collect();
    assert_eq!(nested.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_goes_on_after_a_crash() {
    let mut world = World::new().await;
    world.define("inner", &chain("held-pay", 2));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes:
          each: { call: inner, for-each: $input.list, with: { n: $item } }
          pause: { sleep: 1h }
          beside: { call: held, with: { n: 1 } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "list": [1, 2] })).await.id();
    until("the calls", || world.calls.under_way() == 3).await;
    world.cancel(run).await.unwrap();
    let frames = split(world.journal.appended());
    let events: Vec<_> = frames
        .iter()
        .map(|entry| {
            Reader::new(entry.frames.clone())
                .next()
                .unwrap()
                .unwrap()
                .stamped
                .event
        })
        .collect();
    let asked = |event: &Event| matches!(event, Event::CancelRequested { .. });
    let first = events.iter().position(asked).unwrap();
    assert!(frames.len() > first + 10, "there is something to crash between");
    for crash in first + 1..=frames.len() {
        world.after_crash(frames[..crash].to_vec()).await;
        let engine = world.engine.clone();
        until("the end of every run", || open_runs(&engine) == 0).await;
        world.journal.sync();
        for (run, events) in check_journal(&world) {
            let Some(Event::Finished(finished)) = events.last() else {
                panic!("{run} has not ended");
            };
            assert_eq!(
                finished.status,
                RunStatus::Cancelled,
                "{run}, behind frame {crash}"
            );
        }
        assert!(world.called().is_empty(), "nothing begins any more");
    }
}

#[tokio::test(start_paused = true)]
async fn open_runs_go_on_once_they_are_taken_up() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    let entries = world.journal.on_disk();
    let recovered = world.opened_after_crash(entries).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.count("held"), 0);
    recovered.take_up();
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(3));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_left_as_it_is_where_records_do_not_tell_how_a_nested_one_ended() {
    let mut world = World::new().await;
    world.define("inner", &chain("double", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    let handle = world.start("main", &json!({ "n": 3 })).await;
    handle.ended().await.unwrap();
    let run = handle.id();
    // Of the run around it, that it started; of the nested one, nothing.
    let mut entries = split(world.journal.on_disk());
    entries.truncate(2);
    let recovered = world.opened_after_crash(entries).await;
    world.records.stuck.store(true, SeqCst);
    recovered.take_up();
    let handle = world.engine.handle(&project(), run).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(3600), handle.ended());
    assert!(matches!(ended.await, Ok(Err(Error::Broken(_)))));
    assert_eq!(world.calls.count("double"), 0);
}
