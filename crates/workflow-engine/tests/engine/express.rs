//! Runs that are not journalled.

use serde_json::json;
use weft_types::RunStatus;
use weft_workflow_engine::Error;

use crate::world::{World, chain, project, until};

fn express(text: &str) -> String {
    format!("{text}durability: express\n")
}

#[tokio::test(start_paused = true)]
async fn an_express_run_writes_nothing_but_its_record() {
    let world = World::new().await;
    world.define("main", &express(&chain("pay", 3)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(world.answer(&handle).await, json!(4));
    assert!(world.journal.appended().is_empty());
    assert_eq!(world.journal.waits(), 0);
    let kept = world.records.kept();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].express);
    assert_eq!(
        (kept[0].status, kept[0].counts.succeeded),
        (RunStatus::Succeeded, 3)
    );
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(detail.nodes.len(), 3);
    assert!((detail.progress - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn within_a_durable_run_it_is_one_step() {
    let world = World::new().await;
    world.define("inner", &express(&chain("pay", 3)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          before: { call: double, with: { n: $input.n } }
          inner: { call: inner, with: { n: $before } }
        output: $inner
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(world.answer(&handle).await, json!(5));
    assert_eq!(world.journal.waits(), 2, "before its effects, and at the end");
    let pays: Vec<_> = world
        .called()
        .into_iter()
        .filter(|called| called.function == "pay")
        .collect();
    assert!(pays[0].committed);
    let kept = world.records.kept();
    assert_eq!((kept.len(), kept[0].depth), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn its_record_is_kept_only_once_what_led_to_it_is_committed() {
    let world = World::new().await;
    world.define("inner", &express(&chain("double", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          inner: { call: inner, with: { n: $input.n } }
          last: { call: held, with: { n: $inner } }
        output: $last
        ",
    );
    world.journal.set_disk(crate::fakes::journal::Disk::Held);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the last call", || world.calls.count("held") == 1).await;
    assert!(world.records.kept().is_empty());
    world.journal.set_disk(crate::fakes::journal::Disk::Fast);
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(2));
    assert_eq!(world.records.kept().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_express_run_is_lost_with_the_server() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 1)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.engine.drain(std::time::Duration::ZERO).await;
    let run = handle.id();
    assert_eq!(handle.ended().await, Err(Error::Stopped { run, durable: false }));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_its_events_is_bounded() {
    let world = World::with(|config| config.express_bytes = 500).await;
    world.define("main", &express(&chain("double", 50)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    handle.ended().await.unwrap();
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    let mut count = 0;
    while events.next().await.unwrap().is_some() {
        count += 1;
    }
    assert!((2..52).contains(&count), "{count}");
    assert_eq!(world.records.kept()[0].counts.succeeded, 50);
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(
        (detail.record.status, detail.progress),
        (RunStatus::Succeeded, 1.0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_express_run_can_be_cancelled() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 1)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.cancel(handle.id()).await.unwrap();
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Cancelled);
    assert_eq!(world.calls.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_became_effectful_since_it_was_planned_waits_for_the_commit() {
    let world = World::new().await;
    world.define("inner", &express(&chain("double", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          before: { call: double, with: { n: $input.n } }
          inner: { call: inner, with: { n: $before } }
        output: $inner
        ",
    );
    world
        .calls
        .add("double", "record { n: u64 }", "u64", false, |asked| async move {
            Ok(json!(crate::world::number(&asked.arguments, "n") * 2))
        });
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, json!(4));
    let called = world.called();
    assert_eq!(called.len(), 2);
    assert!(called.iter().all(|called| called.committed), "{called:#?}");
}
