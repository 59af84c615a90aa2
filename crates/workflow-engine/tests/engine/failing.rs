//! Failures, what follows them, and what catches them.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use weft_types::RunStatus;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::calls::CallError;

use crate::fakes::calls::error;
use crate::world::{World, chain};

/// Adds a function that fails so often before it succeeds.
fn flaky(world: &World, name: &str, effect_free: bool, times: u32, code: ErrorCode) {
    world.calls.add(
        name,
        "record { n: u64 }",
        "u64",
        effect_free,
        move |asked| async move {
            if asked.attempt <= times {
                Err(error(code, "not yet"))
            } else {
                Ok(asked.arguments["n"].clone())
            }
        },
    );
}

#[tokio::test(start_paused = true)]
async fn a_trap_ends_the_run() {
    let world = World::new().await;
    world.define("main", &chain("trap", 3));
    let outcome = world.outcome("main", &json!({ "n": 1 })).await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(World::failure(&outcome), (ErrorCode::Trap, "unreachable"));
    let (place, _) = outcome.failure.clone().unwrap();
    assert_eq!(place.unwrap().node.0, 0);
    assert_eq!(
        world.calls.count("trap"),
        1,
        "a trap is not worth another attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn the_platforms_faults_are_tried_again() {
    let world = World::new().await;
    flaky(&world, "flaky", true, 2, ErrorCode::Unavailable);
    world.define("main", &chain("flaky", 1));
    let start = Instant::now();
    assert_eq!(world.run("main", &json!({ "n": 5 })).await, json!(5));
    let attempts: Vec<_> = world.called().iter().map(|called| called.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    // 100 ms, then 200 ms, each give or take a fifth.
    let took = start.elapsed().as_millis();
    assert!((240..=362).contains(&took), "{took}");
    let keys: Vec<_> = world.called().iter().map(|called| called.key).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_says_what_is_tried_again() {
    let world = World::new().await;
    flaky(&world, "flaky", true, 3, ErrorCode::Trap);
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          a: { call: flaky, with: { n: $input.n }, retry: { attempts: 4, backoff: 1s, jitter: 0, on: [trap] } }
        output: $a
        ",
    );
    let start = Instant::now();
    assert_eq!(world.run("main", &json!({ "n": 5 })).await, json!(5));
    assert_eq!(start.elapsed().as_millis(), 1_000 + 2_000 + 4_000);
}

#[tokio::test(start_paused = true)]
async fn a_retry_outlives_a_crash() {
    let mut world = World::new().await;
    flaky(&world, "flaky", false, 1, ErrorCode::Unavailable);
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { a: { call: flaky, with: { n: $input.n }, retry: { attempts: 2, backoff: 1h, jitter: 0, on: [outcome-unknown] } } }
        output: $a
        ",
    );
    let start = Instant::now();
    let run = world.start_for_id("main", &json!({ "n": 5 })).await.id();
    tokio::time::sleep(Duration::from_secs(1_800)).await;
    world.journal.sync();
    world.crash().await;
    let handle = world.engine.handle(&crate::world::project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(5));
    assert_eq!(start.elapsed().as_secs(), 3_600);
    assert_eq!(world.called()[0].attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_functions_own_error_is_told_and_kept() {
    let world = World::new().await;
    world.define("main", &chain("odd", 1));
    assert_eq!(world.run("main", &json!({ "n": 3 })).await, json!(3));
    let outcome = world.outcome("main", &json!({ "n": 4 })).await;
    assert_eq!(
        World::failure(&outcome),
        (
            ErrorCode::FunctionError,
            "the function answered an error: \"4 is even\""
        )
    );
    let (_, error) = outcome.failure.as_ref().unwrap();
    assert!(error.value.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_with_effects_is_not_said_to_have_failed() {
    let world = World::new().await;
    flaky(&world, "lost", false, 9, ErrorCode::Platform);
    world
        .calls
        .add("refused", "record { n: u64 }", "u64", false, |_| async {
            Err(CallError {
                code: ErrorCode::Unavailable,
                message: "full".into(),
                begun: false,
                cpu_time: Duration::ZERO,
            })
        });
    for (function, code, attempts) in [
        ("lost", ErrorCode::OutcomeUnknown, 1),
        ("refused", ErrorCode::Unavailable, 3),
    ] {
        world.define("main", &chain(function, 1));
        let outcome = world.outcome("main", &json!({ "n": 1 })).await;
        assert_eq!(World::failure(&outcome).0, code);
        assert_eq!(world.calls.count(function), attempts, "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_caught() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          value: { call: trap, with: { n: $input.n }, catch: { value: $input.n } }
          node: { call: trap, with: { n: $value }, catch: { node: fallback } }
          fallback: { call: double, with: { n: $input.n } }
          unused: { call: double, with: { n: 1 }, catch: { node: never } }
          never: { call: pay, with: { n: 1 } }
          sum: { call: add, with: { a: $value, b: $node } }
        output: $sum
        ",
    );
    assert_eq!(world.run("main", &json!({ "n": 3 })).await, json!(9));
    assert_eq!(world.calls.count("pay"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_executed_where_that_is_the_policy() {
    let world = World::new().await;
    let text = r"
        workflow: main
        input: { n: u64 }
        nodes:
          bad: { call: trap, with: { n: $input.n } }
          needs-bad: { call: double, with: { n: $bad } }
          other: { call: held, with: { n: $input.n } }
        ";
    world.define("end", text);
    world.define(
        "continue",
        &format!("{text}\n        defaults: {{ on-failure: continue }}\n"),
    );
    let ended = world.outcome("end", &json!({ "n": 1 })).await;
    assert_eq!((ended.counts.failed, ended.counts.cancelled), (1, 2));
    let handle = world.start("continue", &json!({ "n": 1 })).await;
    world.release(1);
    let ended = handle.ended().await.unwrap();
    assert_eq!((ended.counts.failed, ended.counts.succeeded), (2, 1));
    assert_eq!(ended.status, RunStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_put_together_fails() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes: { third: { call: double, with: { n: '$input.list[2]' } } }
        output: $third
        ",
    );
    assert_eq!(world.run("main", &json!({ "list": [1, 2, 3] })).await, json!(6));
    let outcome = world.outcome("main", &json!({ "list": [1, 2] })).await;
    let (code, message) = World::failure(&outcome);
    assert_eq!(code, ErrorCode::Evaluation);
    assert!(message.contains("no element 2"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_gone_is_not_available() {
    let world = World::new().await;
    world.define("main", &chain("double", 1));
    world.calls.remove("double");
    let outcome = world.outcome("main", &json!({ "n": 1 })).await;
    assert_eq!(
        World::failure(&outcome),
        (ErrorCode::Unavailable, "there is no function `double`")
    );
}

#[tokio::test(start_paused = true)]
async fn a_callee_that_has_effects_now_is_treated_so() {
    let world = World::new().await;
    world.define("main", &chain("double", 2));
    world
        .calls
        .add("double", "record { n: u64 }", "u64", false, |asked| async move {
            Ok(asked.arguments["n"].clone())
        });
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, json!(1));
    assert!(world.called().iter().all(|called| called.committed));
    assert_eq!(world.journal.waits(), 3);
}
