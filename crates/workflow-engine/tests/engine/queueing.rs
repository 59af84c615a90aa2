//! More runs and calls than may be at once.

use std::time::Duration;

use serde_json::json;
use weft_types::{Priority, RunStatus, Value};
use weft_workflow_engine::{Answer, Error, RunHandle, StartRun};

use crate::fakes::calls::parsed;
use crate::world::{World, chain, project, sample, until};

async fn start(world: &World, n: u64, priority: Priority) -> RunHandle {
    let request = StartRun {
        priority: Some(priority),
        ..world.request("main", &json!({ "n": n }))
    };
    world.engine.start(request).await.unwrap()
}

/// The arguments of calls in their order.
fn order(world: &World) -> Vec<u64> {
    let called = world.called().into_iter();
    called
        .map(|called| called.arguments["n"].as_u64().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn urgent_runs_start_first() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("main", &chain("held", 1));
    let mut handles = vec![start(&world, 0, Priority::Medium).await];
    until("the first call", || world.calls.under_way() == 1).await;
    for (n, priority) in [
        (1, Priority::Lowest),
        (2, Priority::Medium),
        (3, Priority::Highest),
        (4, Priority::Medium),
    ] {
        handles.push(start(&world, n, priority).await);
    }
    world.release(5);
    for handle in &handles {
        world.answer(handle).await;
    }
    assert_eq!(order(&world), [0, 3, 2, 4, 1]);
}

#[tokio::test(start_paused = true)]
async fn nobody_starves() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("main", &chain("held", 1));
    let mut handles = vec![start(&world, 0, Priority::Medium).await];
    until("the first call", || world.calls.under_way() == 1).await;
    handles.push(start(&world, 1, Priority::Lowest).await);
    for n in 2..20 {
        handles.push(start(&world, n, Priority::Highest).await);
    }
    world.release(20);
    for handle in &handles {
        world.answer(handle).await;
    }
    let turn = order(&world).iter().position(|n| *n == 1).unwrap();
    assert!(turn <= 8, "it was called at turn {turn}");
}

#[tokio::test(start_paused = true)]
async fn workflows_take_turns() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("main", &chain("held", 1));
    world.define("other", &chain("held", 1));
    let mut handles = vec![start(&world, 0, Priority::Medium).await];
    until("the first call", || world.calls.under_way() == 1).await;
    for n in 1..=3 {
        handles.push(start(&world, n, Priority::Medium).await);
    }
    handles.push(world.start("other", &json!({ "n": 9 })).await);
    world.release(5);
    for handle in &handles {
        world.answer(handle).await;
    }
    assert_eq!(order(&world), [0, 1, 9, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_workflow_says_how_many_of_its_runs_there_are_at_once() {
    let world = World::new().await;
    world.define(
        "main",
        &format!("{}defaults: {{ concurrency: 2 }}\n", chain("held", 1)),
    );
    world.define("other", &chain("double", 1));
    let mut handles = Vec::new();
    for n in 0..5 {
        handles.push(world.start_for_id("main", &json!({ "n": n })).await);
    }
    until("two calls", || world.calls.under_way() == 2).await;
    assert_eq!(world.status(handles[4].id()).await, RunStatus::Waiting);
    assert_eq!(world.run("other", &json!({ "n": 1 })).await, json!(2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.count("held"), 2);
    world.release(5);
    for handle in &handles {
        world.answer(handle).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_a_workflow_holds_for_nested_runs() {
    let world = World::new().await;
    world.define(
        "inner",
        &format!("{}defaults: {{ concurrency: 2 }}\n", chain("held", 1)),
    );
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes: { each: { call: inner, for-each: $input.list, with: { n: $item }, concurrency: 9 } }
        output: $each
        ",
    );
    let handle = world.start("main", &json!({ "list": [1, 2, 3, 4, 5] })).await;
    until("two calls", || world.calls.under_way() == 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.calls.under_way(), 2);
    world.release(5);
    assert_eq!(world.answer(&handle).await, json!([1, 2, 3, 4, 5]));
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_a_workflow_holds_for_runs_that_wait_as_the_server_is_started_anew() {
    let mut world = World::new().await;
    let waits = "workflow: inner\nnodes:\n  go: { wait: u64 }\ndefaults: { concurrency: 1 }\noutput: $go\n";
    let calls = "workflow: main\nnodes:\n  inner: { call: inner }\noutput: $inner\n";
    world.define("inner", waits);
    world.define("main", calls);
    // By itself, and within another run, which counts at a depth of its own.
    let first = world.start_for_id("inner", &json!({})).await.id();
    let second = world.start_for_id("inner", &json!({})).await.id();
    let outer = world.start_for_id("main", &json!({})).await.id();
    until("the nested run", || world.nested(outer).len() == 1).await;
    let nested = world.nested(outer)[0];
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.journal.sync();
        world.crash().await;
        assert_eq!(world.status(first).await, RunStatus::Running);
        assert_eq!(world.status(second).await, RunStatus::Waiting);
    }
    let third = world.start_for_id("inner", &json!({})).await.id();
    let engine = world.engine.clone();
    let mut open = vec![first, second, nested, third];
    while !open.is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.journal.sync();
        let mut running = Vec::new();
        for run in &open {
            if world.status(*run).await == RunStatus::Running {
                running.push(*run);
            }
        }
        let [run] = running[..] else {
            panic!("{} of {} runs at once", running.len(), open.len());
        };
        let go = Value::Direct(parsed(&"u64".parse().unwrap(), &json!(1)));
        engine
            .complete(&project(), run, "go", Some(go), "bea")
            .await
            .unwrap();
        open.retain(|other| *other != run);
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_run_that_waits_does_not_take_the_place_of_a_younger_one_that_has_it() {
    let mut world = World::new().await;
    let waits = "workflow: inner\nnodes:\n  go: { wait: u64 }\ndefaults: { concurrency: 1 }\noutput: $go\n";
    let calls = "workflow: main\nnodes:\n  first: { call: held, with: { n: 1 } }\n  inner: { call: inner, after: [first] }\n";
    world.define("inner", waits);
    world.define("main", calls);
    let older = world.start_for_id("main", &json!({})).await.id();
    until("its call", || world.calls.under_way() == 1).await;
    let younger = world.start_for_id("inner", &json!({})).await.id();
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.release(1);
    until("the nested run", || world.nested(older).len() == 1).await;
    let nested = world.nested(older)[0];
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.journal.sync();
        assert_eq!(world.status(younger).await, RunStatus::Running);
        assert_eq!(world.status(nested).await, RunStatus::Waiting);
        world.crash().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_bounded_over_all_runs() {
    let world = World::with(|config| config.calls = 2).await;
    world.define("main", &chain("held", 1));
    let mut handles = Vec::new();
    for (n, priority) in [
        (0, Priority::Low),
        (1, Priority::Low),
        (2, Priority::Low),
        (3, Priority::High),
    ] {
        handles.push(start(&world, n, priority).await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(world.calls.under_way(), 2);
    assert_eq!(sample(&world.engine, "weft_workflow_calls_queued"), 2.0);
    world.release(4);
    for handle in &handles {
        world.answer(handle).await;
    }
    assert_eq!(order(&world), [0, 1, 3, 2]);
}

#[tokio::test(start_paused = true)]
async fn urgent_nodes_of_a_run_start_first() {
    let world = World::with(|config| config.run_parallelism = 1).await;
    world.define(
        "main",
        r"
        workflow: main
        nodes:
          a: { call: held, with: { n: 1 } }
          b: { call: held, with: { n: 2 }, priority: low }
          c: { call: held, with: { n: 3 }, priority: highest }
          d: { call: held, with: { n: 4 } }
        ",
    );
    let handle = world.start("main", &json!({})).await;
    world.release(4);
    world.answer(&handle).await;
    assert_eq!(order(&world), [3, 1, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn too_many_are_told_to_come_back() {
    let world = World::with(|config| {
        config.runs = 1;
        config.waiting_runs = 2;
    })
    .await;
    world.define("main", &chain("held", 1));
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(world.start("main", &json!({ "n": n })).await);
    }
    let refused = world
        .engine
        .start(world.request("main", &json!({ "n": 3 })))
        .await
        .unwrap_err();
    let Error::Overloaded { retry_after, .. } = refused else {
        panic!("{refused}");
    };
    assert!(!retry_after.is_zero());
    world.release(1);
    world.answer(&handles[0]).await;
    handles.push(world.start("main", &json!({ "n": 4 })).await);
    world.release(3);
    for handle in &handles {
        handle.ended().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn open_runs_are_bounded() {
    let world = World::with(|config| config.open_runs = 2).await;
    world.define("main", "workflow: main\nnodes: { long: { sleep: 1h } }");
    for _ in 0..2 {
        world.start("main", &json!({})).await;
    }
    let request = StartRun {
        answer: Answer::Id,
        ..world.request("main", &json!({}))
    };
    let refused = world.engine.start(request).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_can_be_cancelled() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("main", &chain("held", 1));
    let busy = world.start("main", &json!({ "n": 0 })).await;
    let waiting = world.start_for_id("main", &json!({ "n": 1 })).await;
    assert_eq!(world.status(waiting.id()).await, RunStatus::Waiting);
    world.cancel(waiting.id()).await.unwrap();
    world.release(1);
    world.answer(&busy).await;
    assert_eq!(world.calls.count("held"), 1);
    assert_eq!(sample(&world.engine, "weft_workflow_runs_admitted"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_bounded_workflow_does_not_hold_up_others() {
    let world = World::with(|config| config.runs = 2).await;
    world.define(
        "main",
        &format!("{}defaults: {{ concurrency: 1 }}\n", chain("held", 1)),
    );
    world.define("other", &chain("double", 1));
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(world.start("main", &json!({ "n": n })).await);
    }
    until("the first call", || world.calls.under_way() == 1).await;
    assert_eq!(world.run("other", &json!({ "n": 1 })).await, json!(2));
    world.release(3);
    for handle in &handles {
        world.answer(handle).await;
    }
}

#[tokio::test(start_paused = true)]
async fn runs_that_wait_for_each_others_places_do_not_block_each_other() {
    let world = World::with(|config| config.runs = 1).await;
    world.define(
        "inner",
        &format!("{}defaults: {{ concurrency: 1 }}\n", chain("held", 1)),
    );
    world.define(
        "outer",
        r"
        workflow: outer
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    // The first holds the only place among all runs; the second that among the inner ones, which the first then waits for.
    let outer = world.start("outer", &json!({ "n": 1 })).await;
    let inner = world.start("inner", &json!({ "n": 2 })).await;
    world.release(2);
    assert_eq!(world.answer(&outer).await, json!(1));
    assert_eq!(world.answer(&inner).await, json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_paused_in_line_lets_others_pass() {
    for bound in ["defaults: { concurrency: 1 }\n", ""] {
        let world = World::with(|config| config.runs = if bound.is_empty() { 1 } else { 100 }).await;
        world.define("main", &format!("{}{bound}", chain("held", 1)));
        let mut handles = Vec::new();
        for n in 0..3 {
            handles.push(world.start_for_id("main", &json!({ "n": n })).await);
        }
        until("the first call", || world.calls.under_way() == 1).await;
        let paused = handles[1].id();
        world.engine.pause(&project(), paused, "ann").await.unwrap();
        world.release(2);
        for n in [0, 2] {
            let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(&handles[n]));
            assert_eq!(answer.await, Ok(json!(n)), "{bound}");
        }
        world.engine.resume(&project(), paused, "ann").await.unwrap();
        world.release(1);
        assert_eq!(world.answer(&handles[1]).await, json!(1));
        assert_eq!(order(&world), [0, 2, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_for_runs_leave_those_their_places() {
    let world = World::with(|config| (config.calls, config.runs) = (1, 1)).await;
    world.define("inner", &chain("double", 1));
    let engine = world.engine.clone();
    let inner = world.request("inner", &json!({ "n": 4 }));
    world
        .calls
        .add("starts", "record { n: u64 }", "u64", false, move |_| {
            let (engine, request) = (
                engine.clone(),
                StartRun {
                    depth: 1,
                    ..inner.clone()
                },
            );
            async move {
                let handle = engine.start(request).await.unwrap();
                handle.ended().await.unwrap();
                Ok(json!(7))
            }
        });
    world.define("main", &chain("starts", 1));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(&handle));
    assert_eq!(answer.await, Ok(json!(7)));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_not_started_deeper_than_runs_nest() {
    let world = World::with(|config| config.depth = 2).await;
    world.define("main", &chain("double", 1));
    let request = |depth| StartRun {
        depth,
        ..world.request("main", &json!({ "n": 1 }))
    };
    let handle = world.engine.start(request(2)).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(2));
    assert_eq!(
        world.engine.record(&project(), handle.id()).await.unwrap().depth,
        2
    );
    let refused = world.engine.start(request(3)).await.unwrap_err();
    assert!(refused.to_string().contains("at most 2 deep"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_version_says_is_not_taken_back_by_a_run_of_an_older_one() {
    let world = World::new().await;
    let bounded = |most: u32| format!("{}defaults: {{ concurrency: {most} }}\n", chain("held", 1));
    world.define("main", &bounded(1));
    let mut handles = Vec::new();
    for n in 1..=3 {
        handles.push(start(&world, n, Priority::Medium).await);
    }
    until("the first call", || world.calls.under_way() == 1).await;
    world.define("main", &bounded(2));
    handles.push(start(&world, 4, Priority::Medium).await);
    until("the second call", || world.calls.under_way() == 2).await;
    // The older ones in line get their places, one after another.
    for calls in [3, 4] {
        world.release(1);
        until("another call", || world.calls.count("held") == calls).await;
        assert_eq!(world.calls.under_way(), 2);
    }
    world.release(2);
    for handle in &handles {
        world.answer(handle).await;
    }
}
