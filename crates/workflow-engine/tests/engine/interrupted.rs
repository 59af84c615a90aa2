//! Attempts that a crash interrupted, and that are stopped before they are made again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use weft_types::{RunId, RunStatus};
use weft_workflow::Event;
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::journal::Entry;
use weft_workflow_engine::{Answer, StartRun};

use crate::crashing::split;
use crate::fakes::calls::error;
use crate::world::{World, chain, project, until};

/// A run of `main` that has a minute.
async fn start(world: &World) -> RunId {
    let request = StartRun {
        answer: Answer::Id,
        timeout: Some(Duration::from_secs(60)),
        ..world.request("main", &json!({ "n": 1 }))
    };
    world.engine.start(request).await.unwrap().id()
}

/// A crash that the server takes two minutes to get over.
async fn long_crash(world: &mut World, entries: Vec<Entry>) {
    let recovered = world.opened_after_crash(entries).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    recovered.take_up();
}

/// How a run ended, and the last failure of its first node.
async fn end(world: &World, run: RunId) -> (RunStatus, ErrorCode, String) {
    let ended = || {
        let events = world.events(run);
        matches!(events.last(), Some(Event::Finished(_)))
    };
    until("the end", ended).await;
    world.journal.sync();
    let (code, message) = world.failures(run, 0).pop().unwrap();
    (world.status(run).await, code, message)
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_a_crash_interrupted_is_not_known() {
    // That it began was written, or not yet: what led to it was.
    for written in [0, 1] {
        let mut world = World::new().await;
        world.define("main", &chain("held-pay", 1));
        let run = start(&world).await;
        until("the payment", || world.calls.under_way() == 1).await;
        let mut frames = split(world.journal.appended());
        frames.truncate(2 + written);
        long_crash(&mut world, frames).await;
        let (status, code, message) = end(&world, run).await;
        assert_eq!(
            (status, code),
            (RunStatus::TimedOut, ErrorCode::OutcomeUnknown),
            "{message}"
        );
        assert!(
            message.contains("before the server was started anew"),
            "{message}"
        );
        assert_eq!(world.calls.count("held-pay"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_had_no_effects_is_just_stopped() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let run = start(&world).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    let entries = world.journal.on_disk();
    long_crash(&mut world, entries).await;
    let (status, code, message) = end(&world, run).await;
    assert_eq!(
        (status, code),
        (RunStatus::TimedOut, ErrorCode::Cancelled),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn nor_is_it_known_of_a_run_that_was_paused() {
    let mut world = World::new().await;
    world.define("main", &chain("held-pay", 1));
    let run = start(&world).await;
    until("the payment", || world.calls.under_way() == 1).await;
    world.engine.pause(&project(), run, "ann").await.unwrap();
    world.crash().await;
    world.cancel(run).await.unwrap();
    let (status, code, message) = end(&world, run).await;
    assert_eq!(
        (status, code),
        (RunStatus::Cancelled, ErrorCode::OutcomeUnknown),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn nor_of_items_that_another_stops() {
    let mut world = World::new().await;
    let hold = Arc::clone(&world.hold);
    world
        .calls
        .add("risky", "record { n: u64 }", "u64", false, move |asked| {
            let hold = Arc::clone(&hold);
            async move {
                hold.acquire().await.unwrap().forget();
                Err(error(ErrorCode::Trap, &asked.arguments["n"].to_string()))
            }
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes: { each: { call: risky, for-each: $input.list, with: { n: $item }, concurrency: 3 } }
        ",
    );
    let list = json!({ "list": [1, 2, 3] });
    let run = world.start_for_id("main", &list).await.id();
    until("the calls", || world.calls.under_way() == 3).await;
    world.journal.sync();
    // The first one to be made again fails; the others had been under way in the process that is gone.
    world.configure(|config| config.run_parallelism = 1);
    world.crash().await;
    world.release(1);
    let (status, ..) = end(&world, run).await;
    assert_eq!(status, RunStatus::Failed);
    assert_eq!(world.calls.count("risky"), 1);
    let codes: Vec<_> = world.failures(run, 0).into_iter().map(|(code, _)| code).collect();
    let unknown = ErrorCode::OutcomeUnknown;
    assert_eq!(codes, [ErrorCode::Trap, unknown, unknown]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_time_had_not_come_did_not_begin() {
    let mut world = World::new().await;
    world
        .calls
        .add("busy", "record { n: u64 }", "u64", false, |_| async {
            Err(error(ErrorCode::Trap, "not today"))
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { a: { call: busy, with: { n: $input.n }, retry: { attempts: 2, backoff: 1h, jitter: 0, on: [trap] } } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the first attempt", || world.calls.count("busy") == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.journal.sync();
    world.crash().await;
    world.cancel(run).await.unwrap();
    let (status, code, message) = end(&world, run).await;
    assert_eq!(
        (status, code),
        (RunStatus::Cancelled, ErrorCode::Cancelled),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_made_again_and_failed_is_known() {
    let mut world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { a: { call: held-pay, with: { n: $input.n }, timeout: 1s, retry: { attempts: 2, backoff: 1h, jitter: 0, on: [timeout] } } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    world.crash().await;
    until("the failure", || !world.failures(run, 0).is_empty()).await;
    world.cancel(run).await.unwrap();
    let codes: Vec<_> = world.failures(run, 0).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [ErrorCode::Timeout, ErrorCode::Cancelled]);
}

/// `flaky` traps at the first attempt; the second waits for the test.
fn add_flaky(world: &World) {
    let hold = Arc::clone(&world.hold);
    world
        .calls
        .add("flaky", "record { n: u64 }", "u64", false, move |asked| {
            let hold = Arc::clone(&hold);
            async move {
                if asked.attempt == 1 {
                    return Err(error(ErrorCode::Trap, "not today"));
                }
                hold.acquire().await.unwrap().forget();
                Ok(asked.arguments["n"].clone())
            }
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { a: { call: flaky, with: { n: $input.n }, retry: { attempts: 2, backoff: 1s, jitter: 0, on: [trap] } } }
        ",
    );
}

#[tokio::test(start_paused = true)]
async fn a_further_attempt_has_begun_whatever_the_clock_says_since() {
    for set in [0, -300, 300] {
        let mut world = World::new().await;
        add_flaky(&world);
        let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
        until("the second attempt", || world.calls.under_way() == 1).await;
        // Nobody but the attempt itself has waited for anything to be written.
        world.clock.set_forward(set);
        world.crash().await;
        world.cancel(run).await.unwrap();
        let (status, code, message) = end(&world, run).await;
        assert_eq!(
            (status, code),
            (RunStatus::Cancelled, ErrorCode::OutcomeUnknown),
            "set by {set} s: {message}"
        );
    }
}
