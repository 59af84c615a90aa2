//! Results that are reused for equal arguments.

use std::time::Duration;

use serde_json::json;

use crate::world::{World, sample};

const TEXT: &str = r"
    workflow: main
    input: { n: u64 }
    nodes:
      drawn: { call: draw, with: { n: $input.n }, cache: 1m }
    output: $drawn
    ";

async fn world() -> World {
    let world = World::new().await;
    world
        .calls
        .add("draw", "record { n: u64 }", "u64", true, |asked| async move {
            // As a guest's randomness does, it follows from the seed.
            Ok(json!(u64::from(asked.seed[0]) * 256 + u64::from(asked.seed[1])))
        });
    world.define("main", TEXT);
    world
}

#[tokio::test(start_paused = true)]
async fn equal_arguments_are_answered_once() {
    let world = world().await;
    let first = world.run("main", &json!({ "n": 1 })).await;
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, first);
    assert_eq!(world.calls.count("draw"), 1);
    world.run("main", &json!({ "n": 2 })).await;
    assert_eq!(world.calls.count("draw"), 2);
    assert_eq!(sample(&world.engine, "weft_workflow_cache_hits_total"), 1.0);
    assert_eq!(sample(&world.engine, "weft_workflow_cache_misses_total"), 2.0);
}

/// It may have got the name, and the number of the version, of one that was deleted.
#[tokio::test(start_paused = true)]
async fn a_result_of_another_function_is_not_reused() {
    let world = world().await;
    world.run("main", &json!({ "n": 1 })).await;
    world
        .calls
        .add("draw", "record { n: u64 }", "u64", true, |_| async {
            Ok(json!(70_000))
        });
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, json!(70_000));
}

#[tokio::test(start_paused = true)]
async fn a_result_expires_and_comes_out_the_same_again() {
    let world = world().await;
    let first = world.run("main", &json!({ "n": 1 })).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, first);
    assert_eq!(world.calls.count("draw"), 2);
}

#[tokio::test(start_paused = true)]
async fn without_that_setting_each_run_draws_for_itself() {
    let world = world().await;
    world.define("main", &TEXT.replace(", cache: 1m", ""));
    let mut drawn = Vec::new();
    for _ in 0..4 {
        drawn.push(world.run("main", &json!({ "n": 1 })).await);
    }
    drawn.dedup();
    assert!(drawn.len() > 1, "{drawn:?}");
    assert_eq!(world.calls.count("draw"), 4);
}

#[tokio::test(start_paused = true)]
async fn attempts_and_items_draw_differently_and_repetitions_alike() {
    let world = world().await;
    world.define(
        "items",
        r"
        workflow: items
        nodes: { each: { call: draw, for-each: [1, 1, 1], with: { n: $item } } }
        output: $each
        ",
    );
    let request = |seed| weft_workflow_engine::StartRun {
        seed: Some(seed),
        ..world.request("items", &json!({}))
    };
    let mut answers = Vec::new();
    for seed in [[7; 32], [8; 32]] {
        let handle = world.engine.start(request(seed)).await.unwrap();
        answers.push(world.answer(&handle).await);
    }
    assert_ne!(answers[0], answers[1]);
    let items = answers[0].as_array().unwrap();
    assert!(items[0] != items[1] || items[1] != items[2], "{items:?}");
}
