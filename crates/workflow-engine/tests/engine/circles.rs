//! Runs of bounded workflows that come to need each other's places.

use std::time::Duration;

use serde_json::json;
use weft_types::Value;
use weft_workflow_engine::{RunHandle, StartRun};

use crate::fakes::calls::{name, parsed};
use crate::world::{World, chain, project, until};

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_itself_through_another_version() {
    let world = World::new().await;
    let around = |inner: &str| {
        format!(
            "workflow: around\ninput: {{ n: u64 }}\nnodes: {{ inner: {{ call: {inner}, with: {{ n: $input.n }} }} }}\noutput: \
             $inner\ndefaults: {{ concurrency: 1 }}\n"
        )
    };
    world.define("main", &chain("double", 1));
    world.define("other", &around("main"));
    world.define("main", &around("other"));
    assert_eq!(world.run("main", &json!({ "n": 3 })).await, json!(6));
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_itself_through_a_function() {
    let world = World::new().await;
    let engine = world.engine.clone();
    world
        .calls
        .add("starts", "record { n: u64 }", "u64", false, move |asked| {
            let engine = engine.clone();
            let n = asked.arguments["n"].as_u64().unwrap();
            let arguments = parsed(&"record { n: u64 }".parse().unwrap(), &json!({ "n": n - 1 }));
            let request = StartRun {
                depth: 1,
                ..StartRun::new(project(), name("main"), Value::Direct(arguments))
            };
            async move {
                let handle = engine.start(request).await.unwrap();
                handle.ended().await.unwrap();
                Ok(json!(n))
            }
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          again: { call: starts, with: { n: $input.n }, when: $input.n > 0 }
          end: { call: held, with: { n: 4 }, after: [again] }
        output: $end
        defaults: { concurrency: 1 }
        ",
    );
    let first = world.start("main", &json!({ "n": 1 })).await;
    let second = world.start("main", &json!({ "n": 0 })).await;
    until("the call within", || world.calls.under_way() == 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.count("held"), 1, "the second waits for the first");
    world.release(3);
    for handle in [&first, &second] {
        let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(handle));
        assert_eq!(answer.await, Ok(json!(4)));
    }
}

/// A workflow of which one run may be at once: it calls `held`, then `callee`.
fn one_at_once(callee: &str) -> String {
    format!(
        r"
        workflow: one
        input: {{ n: u64 }}
        nodes:
          first: {{ call: held, with: {{ n: $input.n }} }}
          then: {{ call: {callee}, with: {{ n: $first }} }}
        output: $then
        defaults: {{ concurrency: 1 }}
        "
    )
}

/// Lets runs go on that each hold the place of their workflow: all come to their end, and the bound is there afterwards as before.
async fn cross(world: &World, runs: &[RunHandle], calls: usize) {
    until("the first calls", || world.calls.under_way() == runs.len()).await;
    world.release(calls);
    for run in runs {
        let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(run)).await;
        assert_eq!(answer, Ok(json!(6)));
    }
    world.start("x", &json!({ "n": 3 })).await;
    world.start("x", &json!({ "n": 3 })).await;
    until("the next call", || world.calls.under_way() == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.under_way(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_one_that_waits_for_it_through_another_version() {
    let world = World::new().await;
    for (workflow, callee) in [("x", "double"), ("y", "x"), ("x", "y")] {
        world.define(workflow, &one_at_once(callee));
    }
    let runs = [
        world.start("x", &json!({ "n": 3 })).await,
        world.start("y", &json!({ "n": 3 })).await,
    ];
    cross(&world, &runs, 5).await;
}

/// Here no version calls itself by way of others: that they do in a circle comes of runs of several versions at once.
#[tokio::test(start_paused = true)]
async fn nor_where_only_versions_together_call_each_other_in_a_circle() {
    let world = World::new().await;
    let define = |workflow, callee| drop(world.define(workflow, &one_at_once(callee)));
    let start = async |workflow| world.start(workflow, &json!({ "n": 3 })).await;
    define("z", "double");
    define("y", "z");
    define("x", "y");
    let x = start("x").await;
    define("x", "double");
    define("z", "x");
    let z = start("z").await;
    define("z", "double");
    define("y", "z");
    let y = start("y").await;
    cross(&world, &[x, y, z], 7).await;
}

#[tokio::test(start_paused = true)]
async fn nor_as_the_server_is_started_anew() {
    let mut world = World::new().await;
    for (workflow, callee) in [("x", "double"), ("y", "x"), ("x", "y")] {
        world.define(workflow, &one_at_once(callee));
    }
    let mut runs = Vec::new();
    for workflow in ["x", "y"] {
        runs.push(world.start_for_id(workflow, &json!({ "n": 3 })).await.id());
    }
    until("the first calls", || world.calls.under_way() == 2).await;
    world.journal.sync();
    world.crash().await;
    let mut handles = Vec::new();
    for run in runs {
        handles.push(world.engine.handle(&project(), run).await.unwrap());
    }
    cross(&world, &handles, 5).await;
}
