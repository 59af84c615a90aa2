//! Which blobs runs refer to.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value as Json, json};
use weft_types::Digest;
use weft_workflow::state::Selection;
use weft_workflow_engine::{Answer, CallerKey, StartRun};

use crate::fakes::journal::Disk;
use crate::repeating::again;
use crate::world::{World, project, until};

/// Its input is a blob, then so is its output, and in between it is held.
const WAITS: &str = r"
    workflow: waits
    input: { data: string }
    nodes:
      before: { call: held, with: { n: 1 } }
      copied: { call: copy, with: { data: $input.data }, after: [before] }
      held: { call: held, with: { n: 1 }, after: [copied] }
      again: { call: copy, with: { data: $copied }, after: [held] }
    output: $again
    ";

/// The same value each time it is asked.
const CACHED: &str = r"
    workflow: cached
    input: { n: u64 }
    nodes: { long: { call: long, with: { n: $input.n }, cache: 1h } }
    output: $long
    ";

const COPIES: &str = r"
    workflow: copies
    input: { data: string }
    nodes: { copied: { call: copy, with: { data: $input.data } } }
    output: $copied
    ";

async fn world() -> World {
    let world = World::new().await;
    let ty = "record { data: string }";
    world.calls.add("copy", ty, "string", true, |asked| async move {
        Ok(asked.arguments["data"].clone())
    });
    let ty = "record { n: u64 }";
    world.calls.add("long", ty, "string", true, |_| async move {
        Ok(Json::from("y".repeat(100_000)))
    });
    world.define("waits", WAITS);
    world.define("cached", CACHED);
    world.define("copies", COPIES);
    world
}

fn long() -> Json {
    json!({ "data": "x".repeat(100_000) })
}

fn express(world: &World, name: &str, text: &str) {
    world.define(name, &format!("{text}durability: express\n"));
}

/// Removes what nothing refers to. How many blobs are left.
async fn collect(world: &World) -> usize {
    world.engine.keep_referred().await.unwrap();
    world.blobs.collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_record_refers_to_stays_until_it_is_deleted() {
    let world = world().await;
    let handle = world.start("copies", &long()).await;
    assert_eq!(world.answer(&handle).await, long()["data"]);
    assert_eq!(collect(&world).await, 2, "the arguments, and the result");
    assert!(world.engine.delete(&project(), handle.id()).await.unwrap());
    assert_eq!(collect(&world).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_an_open_run_refers_to_stays_through_everything() {
    for disk in [Disk::Fast, Disk::Held] {
        let world = world().await;
        let handle = world.start("waits", &long()).await;
        until("the first call", || world.calls.count("held") == 1).await;
        world.journal.set_disk(disk);
        assert_eq!(collect(&world).await, 1, "{disk:?}: the arguments");
        world.release(1);
        until("the second call", || world.calls.count("held") == 2).await;
        assert_eq!(collect(&world).await, 2, "{disk:?}: a node's output as well");
        world.journal.set_disk(Disk::Fast);
        world.release(1);
        assert_eq!(world.answer(&handle).await, long()["data"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_recovered_run_refers_to_stays() {
    let mut world = world().await;
    let run = world.start_for_id("waits", &long()).await.id();
    world.release(1);
    until("the second call", || world.calls.count("held") == 2).await;
    world.journal.sync();
    world.crash().await;
    assert_eq!(collect(&world).await, 2);
    world.release(2);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, long()["data"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_open_express_run_refers_to_stays_though_nothing_of_it_is_written_down() {
    let world = world().await;
    express(&world, "waits", WAITS);
    world.records.dropping.store(true, SeqCst);
    let handle = world.start("waits", &long()).await;
    until("the first call", || world.calls.count("held") == 1).await;
    assert_eq!(collect(&world).await, 1);
    world.release(1);
    until("the second call", || world.calls.count("held") == 2).await;
    assert_eq!(collect(&world).await, 2);
    world.release(1);
    assert_eq!(world.answer(&handle).await, long()["data"]);
    assert_eq!(collect(&world).await, 0, "nothing is left of it");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_may_be_reused_stays() {
    let world = world().await;
    let first = world.start("cached", &json!({ "n": 1 })).await;
    let answer = world.answer(&first).await;
    assert!(world.engine.delete(&project(), first.id()).await.unwrap());
    assert_eq!(collect(&world).await, 1);
    assert_eq!(world.run("cached", &json!({ "n": 1 })).await, answer);
    assert_eq!(world.calls.count("long"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_a_key_stands_for_stays() {
    let world = world().await;
    express(&world, "copies", COPIES);
    world.records.dropping.store(true, SeqCst);
    let keyed = || StartRun {
        key: Some(CallerKey {
            key: "k".into(),
            request: Digest::of(b"request"),
        }),
        answer: Answer::End,
        ..world.request("copies", &long())
    };
    let first = world.engine.start(keyed()).await.unwrap();
    world.answer(&first).await;
    assert_eq!(collect(&world).await, 1);
    let again = world.engine.start(keyed()).await.unwrap();
    assert_eq!(world.answer(&again).await, long()["data"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_takes_over_by_address_is_kept_at_that_moment() {
    let world = world().await;
    let first = world.start("copies", &long()).await;
    world.answer(&first).await;
    let again = again(first.id(), Selection::Whole);
    let again = world.engine.rerun(again).await.unwrap();
    world.answer(&again).await;
    assert_eq!(world.blobs.collect(), 1, "the arguments");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_decided_where_the_records_are_behind() {
    let world = world().await;
    world.run("copies", &long()).await;
    world.records.stuck.store(true, SeqCst);
    world.engine.keep_referred().await.unwrap_err();
}
