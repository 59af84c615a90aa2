//! Runs that functions start on behalf of nodes.

use serde_json::json;
use weft_types::{NodeKey, RunId, VersionNumber};
use weft_workflow_engine::{Answer, Engine, RunHandle, StartRun};

use crate::fakes::calls::name;
use crate::world::{World, chain, project, until};

async fn before(world: &World, run: RunId) -> Option<RunHandle> {
    let workflow = (&name("main"), VersionNumber(1));
    world
        .engine
        .started_before(&project(), workflow, run)
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn whoever_is_executed_again_finds_the_run_that_it_started() {
    let mut world = World::new().await;
    world.define("main", &chain("held-pay", 1));
    let around = RunId::at("2026-01-01T00:00:00Z".parse().unwrap(), [7; 10]);
    let key = NodeKey::new(around, "step", None).of_call(0, "main");
    let run = Engine::run_on_behalf(around, &key, 1);
    assert_eq!(run, Engine::run_on_behalf(around, &key, 1));
    assert_ne!(run, Engine::run_on_behalf(around, &key, 2));
    assert!(before(&world, run).await.is_none());
    let request = StartRun {
        run: Some(run),
        answer: Answer::Id,
        ..world.request("main", &json!({ "n": 3 }))
    };
    let first = world.engine.start(request).await.unwrap();
    assert_eq!(first.id(), run);
    until("the payment", || world.calls.under_way() == 1).await;
    assert!(before(&world, run).await.is_some_and(|found| !found.is_closed()));
    world.crash().await;
    let again = before(&world, run).await.unwrap();
    assert_eq!((again.id(), again.is_closed()), (run, false));
    world.release(1);
    assert_eq!(world.answer(&again).await, json!(3));
    let over = before(&world, run).await.unwrap();
    assert!(over.is_closed());
    assert_eq!(world.answer(&over).await, json!(3));
    assert_eq!(world.calls.count("held-pay"), 1);
}
