//! A disk that is full, or fails.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_workflow_engine::{Error, Waited};

use crate::fakes::calls::parsed;
use crate::fakes::journal::Disk;
use crate::world::{World, chain, project, sample, until};

#[tokio::test(start_paused = true)]
async fn runs_hold_while_the_disk_is_full_and_go_on_by_themselves() {
    let world = World::new().await;
    world.define("main", &chain("held-pay", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the first payment", || world.calls.under_way() == 1).await;
    world.journal.set_disk(Disk::Full);
    world.release(2);
    until("the alarm", || {
        sample(&world.engine, "weft_workflow_disk_full") == 1.0
    })
    .await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.calls.count("held-pay"), 1, "nothing begins");
    let refused = world
        .engine
        .start(world.request("main", &json!({ "n": 2 })))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::OnHold { .. }), "{refused}");
    let refused = world.cancel(handle.id()).await.unwrap_err();
    assert!(matches!(refused, Error::OnHold { .. }), "{refused}");
    world.journal.set_disk(Disk::Fast);
    assert_eq!(world.answer(&handle).await, json!(1));
    assert_eq!(world.calls.count("held-pay"), 2, "nothing is executed twice");
    assert_eq!(sample(&world.engine, "weft_workflow_disk_full"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_known_before_a_run_meets_it() {
    let world = World::new().await;
    world.define("main", &chain("double", 1));
    assert!(world.engine.check_store().is_ok());
    world.journal.set_disk(Disk::Full);
    let told = world.engine.check_store().unwrap_err();
    assert!(matches!(told, Error::OnHold { .. }), "{told}");
    let refused = world
        .engine
        .start(world.request("main", &json!({ "n": 1 })))
        .await;
    assert!(matches!(refused, Err(Error::OnHold { .. })));
    assert_eq!(world.calls.count("double"), 0);
    world.journal.set_disk(Disk::Fast);
    assert!(world.engine.check_store().is_ok());
    let handle = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(world.answer(&handle).await, json!(2));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_written_is_not_told() {
    let world = World::new().await;
    world.define("main", &chain("double", 2));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    // Before its driver had its first turn.
    world.journal.set_disk(Disk::Full);
    let waited = handle.wait(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(waited, Error::OnHold { .. }), "{waited}");
    world.journal.set_disk(Disk::Fast);
    assert!(matches!(
        handle.wait(Duration::from_secs(5)).await,
        Ok(Waited::Ended(_))
    ));
    assert_eq!(world.calls.count("double"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_finds_no_space_is_not_lost() {
    let world = World::new().await;
    world
        .calls
        .add("long", "record { n: u64 }", "string", false, |_| async {
            Ok(json!("x".repeat(100_000)))
        });
    world.define("main", &chain("long", 1));
    world.blobs.full.store(true, SeqCst);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.count("long") == 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.blobs.full.store(false, SeqCst);
    let answer = world.answer(&handle).await;
    assert_eq!(answer.as_str().map(str::len), Some(100_000));
    assert_eq!(world.calls.count("long"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_finds_no_space_holds_its_run_alone() {
    let world = World::new().await;
    let calls = &world.calls;
    calls.add("long", "record { n: u64 }", "string", false, |_| async {
        Ok(json!("x".repeat(100_000)))
    });
    world.define("main", &chain("long", 1));
    world.define("other", &chain("double", 1));
    world.blobs.full.store(true, SeqCst);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.count("long") == 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(world.engine.check_store().is_ok());
    assert_eq!(world.run("other", &json!({ "n": 2 })).await, json!(4));
    world.cancel(handle.id()).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, weft_types::RunStatus::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_value_finds_no_space_is_refused_at_once() {
    let world = World::new().await;
    let calls = &world.calls;
    calls.add(
        "size",
        "record { text: string }",
        "u64",
        true,
        |asked| async move { Ok(json!(asked.arguments["text"].as_str().unwrap().len())) },
    );
    world.define(
        "main",
        "workflow: main
input: { text: string }
nodes:
  more: { wait: string }
  size: { call: size, with: { text: $more } }
output: $size
",
    );
    let large = json!({ "text": "x".repeat(100_000) });
    let waiting = world.start_for_id("main", &json!({ "text": "" })).await.id();
    world.blobs.full.store(true, SeqCst);
    let refused = world.engine.start(world.request("main", &large)).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::OnHold { .. }), "{refused}");
    let text = "string".parse().unwrap();
    let event = || Some(weft_types::Value::Direct(parsed(&text, &large["text"])));
    let engine = &world.engine;
    let refused = engine.complete(&project(), waiting, "more", event(), "bea").await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::OnHold { .. }), "{refused}");
    world.blobs.full.store(false, SeqCst);
    engine
        .complete(&project(), waiting, "more", event(), "bea")
        .await
        .unwrap();
    let handle = engine.handle(&project(), waiting).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(100_000));
}

#[tokio::test(start_paused = true)]
async fn a_broken_journal_stops_everything_and_what_was_committed_goes_on_later() {
    let mut world = World::new().await;
    world.define("main", &chain("held-pay", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    until("the payment", || world.calls.under_way() == 1).await;
    world.journal.set_disk(Disk::Broken);
    world.release(1);
    let lost = handle.ended().await.unwrap_err();
    assert!(matches!(lost, Error::Broken(_)), "{lost}");
    let refused = world
        .engine
        .start(world.request("main", &json!({ "n": 2 })))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Broken(_)), "{refused}");
    assert_eq!(sample(&world.engine, "weft_workflow_journal_broken"), 1.0);
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), handle.id()).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_journal_without_room_is_tried_again() {
    let world = World::new().await;
    world.define("free", &chain("double", 2));
    world.define("paid", &chain("pay", 2));
    world.journal.set_room(0);
    let free = world.start("free", &json!({ "n": 1 })).await;
    let paid = world.start("paid", &json!({ "n": 1 })).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.count("pay"), 0);
    world.journal.set_room(usize::MAX);
    assert_eq!(world.answer(&free).await, json!(4));
    assert_eq!(world.answer(&paid).await, json!(3));
    assert_eq!((world.calls.count("double"), world.calls.count("pay")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_journal_has_no_room_for_is_not_told() {
    let mut world = World::new().await;
    world.define("main", &chain("double", 2));
    world.journal.set_room(0);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the last call", || world.calls.count("double") == 2).await;
    let early = tokio::time::timeout(Duration::from_secs(1), handle.ended());
    assert!(early.await.is_err(), "it was told before the journal had it");
    world.journal.set_room(usize::MAX);
    assert_eq!(world.answer(&handle).await, json!(4));
    world.crash().await;
    let again = world.engine.handle(&project(), handle.id()).await.unwrap();
    assert_eq!(world.answer(&again).await, json!(4));
    assert_eq!(world.calls.count("double"), 0, "nothing of it was lost");
}

#[tokio::test(start_paused = true)]
async fn nor_is_that_of_a_run_that_was_taken_up() {
    let mut world = World::new().await;
    world.define("main", &chain("double", 2));
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    let accepted = world.journal.on_disk();
    let recovered = world.opened_after_crash(accepted).await;
    world.journal.set_room(0);
    recovered.take_up();
    let handle = world.engine.handle(&project(), run).await.unwrap();
    until("the last call", || world.calls.count("double") == 2).await;
    let early = tokio::time::timeout(Duration::from_secs(1), handle.ended());
    assert!(early.await.is_err(), "it was told before the journal had it");
    world.journal.set_room(usize::MAX);
    assert_eq!(world.answer(&handle).await, json!(4));
    world.crash().await;
    assert_eq!(world.status(run).await, weft_types::RunStatus::Succeeded);
}
