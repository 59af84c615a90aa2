//! Functions without effects that answer differently every time: what was lost with a crash may come out differently, and
//! nobody can tell.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::json;
use weft_workflow::event::Stored;
use weft_workflow::{Event, Place};

use crate::fakes::journal::{Disk, FakeJournal};
use crate::world::{World, project, until};

const TEXT: &str = r"
    workflow: main
    input: { n: u64 }
    nodes:
      drawn: { call: draw, with: { n: $input.n } }
      sum: { call: add, with: { a: $drawn, b: $input.n } }
      paid: { call: held-pay, with: { n: $sum } }
      again: { call: draw, with: { n: $paid } }
    output: { paid: $paid, again: $again }
    ";

async fn world() -> World {
    let world = World::new().await;
    let drawn = Arc::new(AtomicU64::new(100));
    world
        .calls
        .add("draw", "record { n: u64 }", "u64", true, move |_| {
            let drawn = drawn.fetch_add(1, SeqCst);
            async move { Ok(json!(drawn)) }
        });
    world.define("main", TEXT);
    world
}

/// The output of a node as it was journalled.
fn output(world: &World, run: weft_types::RunId, node: u32) -> Option<Stored> {
    let events = FakeJournal::events_in(&world.journal.on_disk(), run);
    events.into_iter().find_map(|stamped| match stamped.event {
        Event::NodeSucceeded { place, output, .. } if place == Place::of(weft_workflow::NodeIndex(node)) => {
            output
        }
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_stays_what_was_paid() {
    let mut world = world().await;
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the payment", || world.calls.count("held-pay") == 1).await;
    let paid = world.called().last().unwrap().clone();
    for _ in 0..3 {
        world.crash().await;
        until("the payment again", || world.calls.count("held-pay") == 1).await;
        let again = world.called().last().unwrap().clone();
        assert_eq!((again.key, &again.arguments), (paid.key, &paid.arguments));
        assert_eq!(
            world.calls.count("draw"),
            0,
            "what was drawn was committed before"
        );
    }
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await["paid"], paid.arguments["n"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_saw_may_change() {
    let mut world = world().await;
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the payment", || world.calls.count("held-pay") == 1).await;
    world.journal.set_disk(Disk::Held);
    world.release(1);
    until("the second draw", || world.calls.count("draw") == 2).await;
    let drawn = output(&world, run, 3);
    assert_eq!(drawn, None, "it was not committed, so nobody saw it");
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    let answer = world.answer(&handle).await;
    assert_eq!(answer["paid"], json!(101));
    assert_eq!(answer["again"], json!(102), "drawn anew, after 101 was lost");
}
