//! Shutting down.

use std::time::Duration;

use serde_json::json;
use weft_workflow_engine::Error;

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
