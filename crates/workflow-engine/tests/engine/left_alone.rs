//! Open runs that are not taken up after a crash.

use std::time::Duration;

use serde_json::json;
use weft_types::{RunId, RunStatus};
use weft_workflow::frame::Writer;
use weft_workflow::{Event, NodeIndex, Stamped};
use weft_workflow_engine::Error;
use weft_workflow_engine::port::journal::Entry;

use crate::crashing::split;
use crate::world::{World, chain, project, until};

#[tokio::test(start_paused = true)]
async fn an_open_run_whose_workflow_is_gone_fails() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    world.workflows.remove("main");
    world.crash().await;
    let record = world.engine.record(&project(), run).await.unwrap();
    assert_eq!(record.status, RunStatus::Failed);
    let (_, error) = record.failure.unwrap();
    assert!(error.message.contains("no workflow `main`"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn an_open_run_whose_workflow_cannot_be_planned_is_left_until_it_can() {
    let mut world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        output: $inner
        ",
    );
    let runs = [1, 2].map(|n| json!({ "n": n }));
    let kept = world.start_for_id("main", &runs[0]).await.id();
    let ended = world.start_for_id("main", &runs[1]).await.id();
    until("the calls", || world.calls.under_way() == 2).await;
    world.journal.sync();
    world.workflows.set_plannable("main", false);
    world.crash().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let nested = world.nested(kept)[0];
    for run in [kept, ended, nested] {
        assert_eq!(world.status(run).await, RunStatus::Running);
    }
    let refused = world.engine.pause(&project(), kept, "ann").await.unwrap_err();
    assert!(refused.to_string().contains("nobody drives it"), "{refused}");
    world.cancel(ended).await.unwrap();
    assert_eq!(world.status(ended).await, RunStatus::Cancelled);
    world.workflows.set_plannable("main", true);
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), kept).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(1));
    assert_eq!(world.nested(kept), [nested]);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_is_left_alone_is_not_counted_as_driven() {
    let mut world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    let mut entries = split(world.journal.on_disk());
    let nested = world.nested(run)[0];
    entries.push(impossible(nested, &entries));
    world.after_crash(entries).await;
    for workflow in ["main", "inner"] {
        let series = format!(
            "weft_workflow_runs_open{{project=\"default\",workflow=\"{workflow}\",state=\"running\"}}"
        );
        let left = crate::world::sample(&world.engine, &series);
        assert_eq!(left, 0.0, "{series}");
    }
}

/// An event that no run has at that moment, in a frame that is whole.
fn impossible(run: RunId, behind: &[Entry]) -> Entry {
    let mut frames = Vec::new();
    let never = Event::NodeSkipped { node: NodeIndex(7) };
    let stamped = Stamped::new(jiff::Timestamp::UNIX_EPOCH, never);
    let next = behind.iter().filter(|entry| entry.run == run).count() as u32;
    Writer::new(run, next).append(&stamped, &mut frames).unwrap();
    Entry {
        run,
        frames: frames.into(),
        count: 1,
        closes: false,
        key: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_damaged_run_is_left_alone_and_the_others_go_on() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let damaged = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    let sound = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    let mut entries = world.journal.on_disk();
    for entry in entries.iter_mut().filter(|entry| entry.run == damaged) {
        let mut frames = entry.frames.to_vec();
        *frames.last_mut().unwrap() ^= 1;
        entry.frames = frames.into();
    }
    world.after_crash(entries).await;
    assert_eq!(
        crate::world::sample(&world.engine, "weft_workflow_runs_damaged_total"),
        1.0
    );
    world.release(1);
    let handle = world.engine.handle(&project(), sound).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_run_can_be_ended_and_removed() {
    let mut world = World::new().await;
    world.define("main", &chain("held-pay", 2));
    let run = world.start_for_id("main", &json!({ "n": 3 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    let mut entries = split(world.journal.on_disk());
    entries.push(impossible(run, &entries));
    world.after_crash(entries).await;
    assert_eq!(world.status(run).await, RunStatus::Running);
    let refused = world.engine.pause(&project(), run, "ann").await.unwrap_err();
    assert!(refused.to_string().contains("nobody drives it"), "{refused}");
    world.cancel(run).await.unwrap();
    let detail = world.engine.detail(&project(), run).await.unwrap();
    assert_eq!(detail.record.status, RunStatus::Cancelled);
    let (_, error) = detail.record.failure.unwrap();
    assert!(error.message.contains("damaged"), "{}", error.message);
    assert!(matches!(world.cancel(run).await, Err(Error::Over { .. })));
    assert!(world.engine.delete(&project(), run).await.unwrap());
    world.crash().await;
    assert!(matches!(
        world.cancel(run).await,
        Err(Error::Over { .. } | Error::NoRun(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn what_is_nested_in_a_damaged_run_is_left_with_it() {
    let mut world = World::new().await;
    let around = |inner: &str| {
        format!(
            "workflow: around\ninput: {{ n: u64 }}\nnodes: {{ inner: {{ call: {inner}, with: {{ n: $input.n }} }} }}\noutput: $inner\n"
        )
    };
    world.define("inner", &chain("held", 1));
    world.define("middle", &around("inner"));
    world.define("main", &around("middle"));
    let run = world.start_for_id("main", &json!({ "n": 1 })).await.id();
    until("the call", || world.calls.under_way() == 1).await;
    world.journal.sync();
    let sound = world.journal.on_disk();
    let middle = world.nested(run)[0];
    let inner = world.nested(middle)[0];
    let mut damaged = sound.clone();
    for entry in damaged.iter_mut().filter(|entry| entry.run == run) {
        let mut frames = entry.frames.to_vec();
        *frames.last_mut().unwrap() ^= 1;
        entry.frames = frames.into();
    }
    world.after_crash(damaged).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    for nested in [middle, inner] {
        assert_eq!(world.status(nested).await, RunStatus::Running);
        let refused = world.engine.pause(&project(), nested, "ann").await.unwrap_err();
        assert!(refused.to_string().contains("nobody drives it"), "{refused}");
    }
    assert_eq!(world.calls.count("held"), 0);

    // Once the journal is put back, the tree goes on.
    world.after_crash(sound).await;
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(1));
}
