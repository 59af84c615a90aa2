//! Sleeps, timeouts and deadlines.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use weft_types::RunStatus;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::StartRun;

use crate::fakes::journal::Disk;
use crate::world::{World, chain, until};

#[tokio::test(start_paused = true)]
async fn a_sleep_lasts_as_long_as_it_should() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { pause: u64 }
        nodes:
          fixed: { sleep: 90s }
          given: { sleep: $input.pause, after: [fixed] }
        ",
    );
    let start = Instant::now();
    world.run("main", &json!({ "pause": 1_500 })).await;
    let took = start.elapsed().as_millis();
    assert!((91_500..91_600).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_sleep_outlives_a_crash() {
    let mut world = World::new().await;
    world.define("main", "workflow: main\nnodes: { long: { sleep: 10h } }");
    let start = Instant::now();
    let run = world.start_for_id("main", &json!({})).await.id();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
        world.journal.sync();
        world.crash().await;
    }
    let handle = world.engine.handle(&crate::world::project(), run).await.unwrap();
    world.answer(&handle).await;
    assert_eq!(start.elapsed().as_secs() / 60, 600);
}

/// What is due is a time of day, which is kept through crashes: a clock that is set takes it along.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_is_followed() {
    for (set, hours) in [(8 * 3600, 2), (-3 * 3600, 13), (1_000_000 * 3600, 1)] {
        let world = World::new().await;
        world.define("main", "workflow: main\nnodes: { long: { sleep: 10h } }");
        let start = Instant::now();
        let run = world.start("main", &json!({})).await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        world.clock.set_forward(set);
        world.answer(&run).await;
        let took = start.elapsed().as_secs();
        assert!(
            (hours * 3600..=hours * 3600 + 30).contains(&took),
            "{took} s, set by {set} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_sleeps_takes_no_place_from_others() {
    let world = World::with(|config| config.runs = 1).await;
    world.define("sleeper", "workflow: sleeper\nnodes: { long: { sleep: 10h } }");
    world.define("main", &chain("double", 1));
    let sleepers = [
        world.start("sleeper", &json!({})).await,
        world.start("sleeper", &json!({})).await,
    ];
    assert_eq!(world.run("main", &json!({ "n": 2 })).await, json!(4));
    for sleeper in sleepers {
        world.answer(&sleeper).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_by_its_deadline() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let request = StartRun {
        timeout: Some(Duration::from_secs(5)),
        ..world.request("main", &json!({ "n": 1 }))
    };
    let start = Instant::now();
    let handle = world.engine.start(request).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, RunStatus::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(world.calls.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_outlives_a_crash_and_counts_while_paused() {
    let mut world = World::new().await;
    world.define(
        "main",
        &format!("{}defaults: {{ timeout: 1m }}\n", chain("held", 1)),
    );
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    let project = crate::world::project();
    world.engine.pause(&project, run, "ann").await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    world.crash().await;
    let handle = world.engine.handle(&project, run).await.unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(11), handle.ended()).await;
    assert_eq!(outcome.unwrap().unwrap().status, RunStatus::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_node_has_a_time_of_its_own() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { slow: { call: held, with: { n: $input.n }, timeout: 2s } }
        ",
    );
    let outcome = world.outcome("main", &json!({ "n": 1 })).await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(World::failure(&outcome).0, ErrorCode::Timeout);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_nested_run_is_bounded_by_its_node_and_its_parent() {
    let world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n }, timeout: 3s, catch: { value: 8 } } }
        output: $inner
        ",
    );
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, json!(8));
    let request = StartRun {
        timeout: Some(Duration::from_secs(1)),
        ..world.request("main", &json!({ "n": 1 }))
    };
    let handle = world.engine.start(request).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, RunStatus::TimedOut);
    until("the end of the guest", || world.calls.under_way() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_ends_together_with_the_run_is_no_trouble() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        nodes:
          caught: { wait: u64, timeout: 5s, catch: { value: 3 } }
          pause: { sleep: 5s }
          wait: { wait: u64, timeout: 5s }
        output: $caught
        ",
    );
    let request = StartRun {
        timeout: Some(Duration::from_secs(5)),
        ..world.request("main", &json!({}))
    };
    let handle = world.engine.start(request).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert!(outcome.status.is_closed() && outcome.status != RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn no_run_may_take_for_ever() {
    let world = World::new().await;
    world.define("main", &chain("double", 1));
    let request = |timeout| StartRun {
        timeout: Some(timeout),
        ..world.request("main", &json!({ "n": 1 }))
    };
    let longest = Duration::from_secs(366 * 86_400);
    for timeout in [Duration::MAX, longest + Duration::from_millis(1)] {
        let refused = world.engine.start(request(timeout)).await.unwrap_err();
        assert!(refused.to_string().contains("at most 366 days"), "{refused}");
    }
    let handle = world.engine.start(request(longest)).await.unwrap();
    world.answer(&handle).await;
}

#[tokio::test(start_paused = true)]
async fn a_sleep_that_is_too_long_fails_its_node() {
    let world = World::new().await;
    world.define(
        "main",
        "workflow: main\ninput: { ms: u64 }\nnodes: { a: { sleep: $input.ms } }",
    );
    for millis in [31_622_400_001_u64, 99_999_999_999_999_999, u64::MAX] {
        let outcome = world.outcome("main", &json!({ "ms": millis })).await;
        assert_eq!(outcome.status, RunStatus::Failed, "{millis}");
        let (code, message) = World::failure(&outcome);
        assert_eq!(code, ErrorCode::Evaluation);
        assert!(message.contains("at most 366 days"), "{message}");
    }
}

/// Pauses before another try have nothing to do with the time of day.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_holds_up_no_other_try() {
    type Step = fn(&World, bool);
    let disk: Step = |world, fails| {
        world
            .journal
            .set_disk(if fails { Disk::Full } else { Disk::Fast })
    };
    let queue: Step = |world, fails| world.journal.set_room(if fails { 0 } else { usize::MAX });
    let blobs: Step = |world, fails| world.blobs.full.store(fails, SeqCst);
    for (what, set) in [("disk", disk), ("queue", queue), ("blobs", blobs)] {
        let world = World::new().await;
        let calls = &world.calls;
        calls.add("long", "record { n: u64 }", "string", false, |_| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(json!("x".repeat(100_000)))
        });
        world.define("main", &chain("long", 1));
        let run = world.start("main", &json!({ "n": 1 })).await;
        until("the call", || world.calls.under_way() == 1).await;
        set(&world, true);
        tokio::time::sleep(Duration::from_secs(300)).await;
        world.clock.set_forward(-3600);
        tokio::time::sleep(Duration::from_secs(60)).await;
        set(&world, false);
        let answer = tokio::time::timeout(Duration::from_secs(60), world.answer(&run)).await;
        assert_eq!(
            answer.map(|answer| answer.as_str().map(str::len)),
            Ok(Some(100_000)),
            "{what}"
        );
    }
}
