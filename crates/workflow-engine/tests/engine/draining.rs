//! Shutting down.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;
use weft_types::RunStatus;
use weft_workflow::Event;
use weft_workflow_engine::{Engine, Error};

use crate::fakes::journal::Disk;
use crate::world::{World, chain, project, until};

#[tokio::test(start_paused = true)]
async fn what_executes_may_end() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    let drain = world.engine.drain(Duration::from_secs(60));
    let rest = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let refused = world
            .engine
            .start(world.request("main", &json!({ "n": 2 })))
            .await;
        assert!(matches!(refused, Err(Error::Draining)));
        world.release(2);
    };
    futures_util::future::join(drain, rest).await;
    assert_eq!(world.answer(&handle).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn durable_runs_go_on_at_the_next_start() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 2));
    world.define("sleeper", "workflow: sleeper\nnodes: { long: { sleep: 10h } }");
    let handle = world.start("main", &json!({ "n": 1 })).await;
    world.start("sleeper", &json!({})).await;
    until("the call", || world.calls.under_way() == 1).await;
    let start = tokio::time::Instant::now();
    world.engine.drain(Duration::from_secs(30)).await;
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(world.calls.under_way(), 0);
    let run = handle.id();
    assert_eq!(handle.ended().await, Err(Error::Stopped { run, durable: true }));
    world.crash().await;
    world.release(2);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn runs_that_only_sleep_are_not_waited_for() {
    let world = World::new().await;
    world.define("sleeper", "workflow: sleeper\nnodes: { long: { sleep: 10h } }");
    world.start("sleeper", &json!({})).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let start = tokio::time::Instant::now();
    world.engine.drain(Duration::from_secs(30)).await;
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn runs_that_wait_in_line_are_not_waited_for() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("main", &chain("held", 1));
    let busy = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    for n in 2..5 {
        world.start_for_id("main", &json!({ "n": n })).await;
    }
    let start = tokio::time::Instant::now();
    let drain = world.engine.drain(Duration::from_secs(30));
    let rest = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.release(1);
    };
    futures_util::future::join(drain, rest).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(world.answer(&busy).await, json!(1));
    assert_eq!(world.calls.count("held"), 1);
}

/// On two threads, as a driver that is told to stop leaves while others are still told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_functions_started_go_on_at_the_next_start() {
    const CALLERS: usize = 1_000;
    let world = World::new().await;
    world.define("inner", &chain("held", 1));
    let inner = world.request("inner", &json!({ "n": 1 }));
    let known = Arc::new(OnceLock::<Engine>::new());
    let engine = Arc::clone(&known);
    let calls = &world.calls;
    calls.add("starts", "record { n: u64 }", "u64", true, move |_| {
        let (engine, inner) = (Arc::clone(&engine), inner.clone());
        async move {
            let mut handle = engine.get().unwrap().start(inner).await.unwrap();
            handle.cancel_on_drop();
            drop(handle.ended().await);
            Ok(json!(1))
        }
    });
    known.set(world.engine.clone()).unwrap();
    world.define("outer", &chain("starts", 1));
    for _ in 0..CALLERS {
        world.start("outer", &json!({ "n": 1 })).await;
    }
    until("the calls", || world.calls.count("held") == CALLERS).await;
    world.engine.drain(Duration::ZERO).await;
    let entries = world.journal.appended();
    let mut runs: Vec<_> = entries.iter().map(|entry| entry.run).collect();
    runs.sort_unstable();
    runs.dedup();
    assert!(runs.len() >= CALLERS, "{}", runs.len());
    let ends = runs.into_iter().flat_map(|run| world.events(run));
    let ends: Vec<_> = ends
        .filter(|event| matches!(event, Event::CancelRequested { .. } | Event::Finished(_)))
        .collect();
    assert_eq!(ends, []);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_journal_has_is_told() {
    let world = World::new().await;
    world.define("main", &chain("double", 1));
    world.journal.set_disk(Disk::Held);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the end", || {
        let events = world.events(handle.id());
        events.iter().any(|event| matches!(event, Event::Finished(_)))
    })
    .await;
    world.engine.drain(Duration::ZERO).await;
    world.journal.set_disk(Disk::Fast);
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, RunStatus::Succeeded);
}
