//! Nodes that await an outside event.

use std::time::Duration;

use serde_json::json;
use weft_types::{NodeStatus, Value};
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::Error;
use weft_workflow_engine::port::records::RunFilter;

use crate::fakes::calls::parsed;
use crate::fakes::journal::Disk;
use crate::world::{World, project, until};

const APPROVED: &str = r"
    workflow: main
    input: { n: u64 }
    nodes:
      doubled: { call: double, with: { n: $input.n } }
      approval: { wait: u64, after: [doubled], timeout: 1h }
      sum: { call: add, with: { a: $doubled, b: $approval } }
    output: $sum
    ";

/// A number as an event.
fn event(n: u64) -> Option<Value> {
    Some(Value::Direct(parsed(&"u64".parse().unwrap(), &json!(n))))
}

#[tokio::test(start_paused = true)]
async fn an_event_ends_the_wait() {
    let world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await;
    until("the wait", || world.calls.count("double") == 1).await;
    let engine = &world.engine;
    engine
        .complete(&project(), run.id(), "approval", event(38), "bea")
        .await
        .unwrap();
    assert_eq!(world.answer(&run).await, json!(42));
    let detail = world.engine.detail(&project(), run.id()).await.unwrap();
    let by: Vec<_> = detail
        .nodes
        .iter()
        .map(|node| node.completed_by.as_deref())
        .collect();
    assert_eq!(by, [None, Some("bea"), None]);
}

#[tokio::test(start_paused = true)]
async fn runs_that_await_something_are_listed() {
    let mut world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    let listed = async |world: &World| {
        let all = world
            .engine
            .list_awaiting(&project(), &RunFilter::default(), None, 9)
            .await;
        all.unwrap()
            .into_iter()
            .map(|record| record.run)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&world).await, []);
    until("the wait", || world.calls.count("double") == 1).await;
    world.journal.sync();
    assert_eq!(listed(&world).await, [run]);
    let approval = world.engine.awaiting(&project(), run).await.unwrap();
    assert_eq!(approval.len(), 1);
    world.crash().await;
    assert_eq!(listed(&world).await, [run], "also after a crash");
    let engine = world.engine.clone();
    engine
        .complete(&project(), run, "approval", event(38), "bea")
        .await
        .unwrap();
    assert_eq!(listed(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_committed_before_it_is_acknowledged() {
    let (mut world, project) = (World::new().await, project());
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    until("the wait", || world.calls.count("double") == 1).await;
    world.journal.sync();
    world.journal.set_disk(Disk::Held);
    let complete = world.engine.complete(&project, run, "approval", event(38), "bea");
    let complete = tokio::time::timeout(Duration::from_secs(1), complete);
    assert!(complete.await.is_err());
    world.crash().await;
    let engine = world.engine.clone();
    engine
        .complete(&project, run, "approval", event(1), "bea")
        .await
        .unwrap();
    let handle = engine.handle(&project, run).await.unwrap();
    assert_eq!(
        world.answer(&handle).await,
        json!(5),
        "the first was never acknowledged"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_survives_a_crash_and_so_does_its_patience() {
    let mut world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    until("the wait", || world.calls.count("double") == 1).await;
    tokio::time::sleep(Duration::from_secs(3_000)).await;
    world.journal.sync();
    world.crash().await;
    let handle = world.engine.handle(&project(), run).await.unwrap();
    let outcome = handle.ended();
    let outcome = tokio::time::timeout(Duration::from_secs(601), outcome)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(World::failure(&outcome).0, ErrorCode::WaitTimeout);
}

#[tokio::test(start_paused = true)]
async fn an_event_comes_once_and_in_time_and_fits() {
    let world = World::new().await;
    world
        .calls
        .add("slow", "record { n: u64 }", "u64", true, |asked| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(asked.arguments["n"].clone())
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          first: { call: slow, with: { n: $input.n } }
          approval: { wait: u64, after: [first] }
          last: { call: held, with: { n: $approval } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    let engine = &world.engine;
    let refused = async |node: &str, value| {
        engine
            .complete(&project(), run, node, value, "bea")
            .await
            .unwrap_err()
    };
    let not_waiting = |node: &str, status| Error::NotWaiting {
        run,
        node: node.into(),
        status,
    };
    let early = refused("approval", event(1)).await;
    assert_eq!(early, not_waiting("approval", NodeStatus::Waiting));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(matches!(refused("nobody", event(1)).await, Error::NoNode { .. }));
    assert!(matches!(refused("approval", None).await, Error::WrongType { .. }));
    let text = Value::Direct(parsed(&"string".parse().unwrap(), &json!("yes")));
    let wrong = refused("approval", Some(text)).await;
    assert_eq!(wrong.to_string(), "the event must be of type `u64`");
    let no_wait = refused("first", event(1)).await;
    assert_eq!(no_wait, not_waiting("first", NodeStatus::Succeeded));
    engine
        .complete(&project(), run, "approval", event(1), "bea")
        .await
        .unwrap();
    let twice = refused("approval", event(2)).await;
    assert_eq!(twice, not_waiting("approval", NodeStatus::Succeeded));
    world.release(1);
    let handle = engine.handle(&project(), run).await.unwrap();
    handle.ended().await.unwrap();
    assert!(matches!(refused("approval", event(2)).await, Error::Over { .. }));
}
