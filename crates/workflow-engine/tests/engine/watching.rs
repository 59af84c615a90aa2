//! Following a run.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_types::{RunId, RunStatus};
use weft_workflow::Event;
use weft_workflow_engine::{Error, Events};

use crate::fakes::journal::Disk;
use crate::world::{World, chain, project, sample, until};

/// A word for each of the next events.
async fn words(events: &mut Events, count: usize) -> Vec<&'static str> {
    let mut words = Vec::new();
    while words.len() < count {
        let Some((_, event)) = events.next().await.unwrap() else {
            break;
        };
        words.push(match event.event {
            Event::Accepted(_) => "accepted",
            Event::Started => "started",
            Event::NodeStarted { .. } => "node-started",
            Event::NodeSucceeded { .. } => "succeeded",
            Event::NodeFailed { .. } => "failed",
            Event::Finished(_) => "finished",
            _ => "other",
        });
    }
    words
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_from_any_on() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    assert_eq!(
        words(&mut events, 3).await,
        ["accepted", "started", "node-started"]
    );
    let waiting = tokio::time::timeout(Duration::from_secs(9), events.next());
    assert!(waiting.await.is_err());
    world.release(2);
    assert_eq!(
        words(&mut events, 9).await,
        ["succeeded", "succeeded", "finished"]
    );
    assert_eq!(events.next().await.unwrap(), None);
    let mut later = world.engine.events(&project(), handle.id(), 4).await.unwrap();
    let (number, _) = later.next().await.unwrap().unwrap();
    assert_eq!(number, 4);
    assert_eq!(words(&mut later, 9).await, ["finished"]);
}

#[tokio::test(start_paused = true)]
async fn records_that_lagged_are_read_once_they_follow() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    assert_eq!(words(&mut events, 3).await.len(), 3);
    world.records.behind.store(true, SeqCst);
    world.release(1);
    until("the second call", || world.calls.count("held") == 2).await;
    let mut next = std::pin::pin!(words(&mut events, 1));
    let early = tokio::time::timeout(Duration::from_secs(9), &mut next);
    assert!(early.await.is_err());
    world.records.behind.store(false, SeqCst);
    // Nothing happens in the run any longer.
    let late = tokio::time::timeout(Duration::from_secs(9), next);
    assert_eq!(late.await.unwrap(), ["succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_committed_is_told() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    assert_eq!(words(&mut events, 3).await.len(), 3);
    world.journal.set_disk(Disk::Held);
    world.release(1);
    until("the end", || world.events(handle.id()).len() == 5).await;
    let early = tokio::time::timeout(Duration::from_secs(9), events.next());
    assert!(early.await.is_err());
    assert_eq!(world.status(handle.id()).await, RunStatus::Running);
    world.journal.set_disk(Disk::Fast);
    assert_eq!(words(&mut events, 9).await, ["succeeded", "finished"]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_is_told_when_the_server_goes() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    words(&mut events, 3).await;
    world.engine.drain(Duration::ZERO).await;
    let run = handle.id();
    assert_eq!(events.next().await, Err(Error::Stopped { run, durable: true }));
}

#[tokio::test(start_paused = true)]
async fn details_tell_of_every_node() {
    let world = World::new().await;
    world.define("main", &chain("held", 2));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    world.release(1);
    until("the second call", || world.calls.count("held") == 2).await;
    world.journal.sync();
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert!((detail.progress - 0.5).abs() < 1e-9);
    assert_eq!(detail.record.host, "here");
    assert_eq!(detail.nodes[0].usage.cpu_us, 7);
    assert!(detail.nodes[0].output.is_some() && detail.nodes[1].output.is_none());
    let other = "other".parse().unwrap();
    let hidden = world.engine.detail(&other, handle.id()).await.unwrap_err();
    assert_eq!(hidden, Error::NoRun(handle.id()));
}

#[tokio::test(start_paused = true)]
async fn a_closed_run_can_be_deleted_and_an_open_one_cannot() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let (engine, run) = (&world.engine, handle.id());
    assert_eq!(engine.delete(&project(), run).await, Err(Error::StillOpen(run)));
    world.release(1);
    world.answer(&handle).await;
    assert_eq!(engine.delete(&project(), run).await, Ok(true));
    assert_eq!(engine.delete(&project(), run).await, Ok(false));
    let gone = engine.record(&project(), run).await.unwrap_err();
    assert_eq!(gone, Error::NoRun(run));
}

#[tokio::test(start_paused = true)]
async fn runs_are_counted_by_workflow_and_state() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    world.define("bad", &chain("trap", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    let count = |name: &str, workflow: &str, state: &str| {
        let labels = format!(r#"{{project="default",workflow="{workflow}",state="{state}"}}"#);
        sample(&world.engine, &format!("{name}{labels}"))
    };
    assert_eq!(count("weft_workflow_runs_open", "main", "running"), 1.0);
    world.release(1);
    world.answer(&handle).await;
    world.outcome("bad", &json!({ "n": 1 })).await;
    assert_eq!(count("weft_workflow_runs_open", "main", "running"), 0.0);
    assert_eq!(count("weft_workflow_runs_total", "main", "succeeded"), 1.0);
    assert_eq!(count("weft_workflow_runs_total", "bad", "failed"), 1.0);
    assert_eq!(
        sample(
            &world.engine,
            r#"weft_workflow_failures_total{project="default",workflow="bad"}"#
        ),
        1.0
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_next_is_made_ready() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          slow: { call: held, with: { n: $input.n } }
          next: { call: pay, with: { n: $slow } }
          later: { call: double, with: { n: $next } }
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    assert_eq!(*world.calls.warmed.lock().unwrap(), ["pay"]);
    world.release(1);
    world.answer(&handle).await;
}

#[tokio::test(start_paused = true)]
async fn what_may_be_skipped_is_made_ready_only_within_the_budget_that_is_left() {
    let made_ready = async |budget| {
        let world = World::with(|config| config.warm_ahead = budget).await;
        world.define(
            "main",
            r"
            workflow: main
            input: { n: u64 }
            nodes:
              slow: { call: held, with: { n: $input.n } }
              perhaps: { call: odd, when: $slow > 3, with: { n: $slow } }
              next: { call: pay, with: { n: $slow } }
              later: { call: double, with: { n: $slow } }
            ",
        );
        let handle = world.start("main", &json!({ "n": 1 })).await;
        until("the call", || world.calls.under_way() == 1).await;
        let warmed = world.calls.warmed.lock().unwrap().clone();
        world.release(1);
        world.answer(&handle).await;
        warmed
    };
    assert_eq!(made_ready(0).await, [""; 0]);
    assert_eq!(made_ready(2).await, ["pay", "double"]);
    assert_eq!(made_ready(8).await, ["pay", "double", "odd"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_is_called_with_is_told() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64, list: list<u64> }
        nodes:
          first: { call: double, with: { n: $input.n } }
          each: { call: add, for-each: [$first, $input.n], with: { a: $item, b: $index } }
          bad: { call: trap, with: { n: 3 }, after: [each] }
          last: { call: double, with: { n: $bad } }
          pause: { sleep: $bad }
        ",
    );
    let handle = world.start("main", &json!({ "n": 4, "list": [] })).await;
    handle.ended().await.unwrap();
    let arguments = async |node: &str, item| {
        let image = world.engine.arguments(&project(), handle.id(), node, item).await;
        let index = handle.plan().find(node).unwrap();
        let weft_workflow::plan::Kind::Call(call) = &handle.plan().node(index).kind else {
            return image.unwrap().map(|_| json!(null));
        };
        let image = image.unwrap()?;
        Some(crate::fakes::calls::printed(&call.signature.params, &image))
    };
    assert_eq!(arguments("first", None).await, Some(json!({ "n": 4 })));
    assert_eq!(arguments("each", Some(0)).await, Some(json!({ "a": 8, "b": 0 })));
    assert_eq!(arguments("each", Some(1)).await, Some(json!({ "a": 4, "b": 1 })));
    assert_eq!(arguments("each", Some(2)).await, None);
    assert_eq!(arguments("bad", None).await, Some(json!({ "n": 3 })));
    assert_eq!(arguments("last", None).await, None, "what it needs is not there");
    assert_eq!(arguments("pause", None).await, None);
    let nobody = world
        .engine
        .arguments(&project(), handle.id(), "nobody", None)
        .await;
    assert!(matches!(nobody, Err(Error::NoNode { .. })));
}

#[tokio::test(start_paused = true)]
async fn runs_are_listed_once_they_are_committed() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    world.start("main", &json!({ "n": 2 })).await;
    let runs = world
        .engine
        .list(&project(), &Default::default(), None, 9)
        .await
        .unwrap();
    let runs: Vec<_> = runs.into_iter().map(|record| record.run).collect();
    assert_eq!(runs, [handle.id()]);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_not_told_to_be_missing_while_the_records_are_behind() {
    let world = World::new().await;
    let run = RunId::at(jiff::Timestamp::UNIX_EPOCH, [0; 10]);
    let missing = async || world.engine.record(&project(), run).await.unwrap_err();
    assert_eq!(missing().await, Error::NoRun(run));
    world.records.stuck.store(true, SeqCst);
    assert!(matches!(missing().await, Error::Behind { .. }));
    world.records.stuck.store(false, SeqCst);
    assert_eq!(missing().await, Error::NoRun(run));
}
