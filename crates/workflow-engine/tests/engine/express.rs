//! Runs that are not journalled.

use std::time::Duration;

use serde_json::json;
use weft_types::{NodeStatus, RunStatus};
use weft_workflow::NodeIndex;
use weft_workflow::state::RerunError;
use weft_workflow_engine::port::records::RunFilter;
use weft_workflow_engine::{Error, Selection, Waited};

use crate::repeating::again;
use crate::world::{World, chain, project, until};

fn express(text: &str) -> String {
    format!("{text}durability: express\n")
}

#[tokio::test(start_paused = true)]
async fn an_express_run_writes_nothing_but_its_record() {
    let world = World::new().await;
    world.define("main", &express(&chain("pay", 3)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(world.answer(&handle).await, json!(4));
    assert!(world.journal.appended().is_empty());
    assert_eq!(world.journal.waits(), 0);
    let kept = world.records.kept();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].express);
    assert_eq!(
        (kept[0].status, kept[0].counts.succeeded),
        (RunStatus::Succeeded, 3)
    );
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(detail.nodes.len(), 3);
    assert!((detail.progress - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn within_a_durable_run_it_is_one_step() {
    let world = World::new().await;
    world.define("inner", &express(&chain("pay", 3)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          before: { call: double, with: { n: $input.n } }
          inner: { call: inner, with: { n: $before } }
        output: $inner
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(world.answer(&handle).await, json!(5));
    assert_eq!(world.journal.waits(), 2, "before its effects, and at the end");
    let pays: Vec<_> = world
        .called()
        .into_iter()
        .filter(|called| called.function == "pay")
        .collect();
    assert!(pays[0].committed);
    let kept = world.records.kept();
    assert_eq!((kept.len(), kept[0].depth), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn its_record_is_kept_only_once_what_led_to_it_is_committed() {
    let world = World::new().await;
    world.define("inner", &express(&chain("double", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          inner: { call: inner, with: { n: $input.n } }
          last: { call: held, with: { n: $inner } }
        output: $last
        ",
    );
    world.journal.set_disk(crate::fakes::journal::Disk::Held);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the last call", || world.calls.count("held") == 1).await;
    assert!(world.records.kept().is_empty());
    world.journal.set_disk(crate::fakes::journal::Disk::Fast);
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(2));
    assert_eq!(world.records.kept().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_express_run_is_lost_with_the_server() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 1)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.engine.drain(std::time::Duration::ZERO).await;
    let run = handle.id();
    assert_eq!(handle.ended().await, Err(Error::Stopped { run, durable: false }));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_its_events_is_bounded() {
    let world = World::with(|config| config.express_bytes = 500).await;
    world.define("main", &express(&chain("double", 50)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    handle.ended().await.unwrap();
    let mut events = world.engine.events(&project(), handle.id(), 0).await.unwrap();
    let mut count = 0;
    while events.next().await.unwrap().is_some() {
        count += 1;
    }
    assert!((2..52).contains(&count), "{count}");
    assert_eq!(world.records.kept()[0].counts.succeeded, 50);
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(
        (detail.record.status, detail.progress),
        (RunStatus::Succeeded, 1.0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_express_run_can_be_cancelled() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 1)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    world.cancel(handle.id()).await.unwrap();
    assert_eq!(handle.ended().await.unwrap().status, RunStatus::Cancelled);
    assert_eq!(world.calls.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_became_effectful_since_it_was_planned_waits_for_the_commit() {
    let world = World::new().await;
    world.define("inner", &express(&chain("double", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          before: { call: double, with: { n: $input.n } }
          inner: { call: inner, with: { n: $before } }
        output: $inner
        ",
    );
    world
        .calls
        .add("double", "record { n: u64 }", "u64", false, |asked| async move {
            Ok(json!(crate::world::number(&asked.arguments, "n") * 2))
        });
    assert_eq!(world.run("main", &json!({ "n": 1 })).await, json!(4));
    let called = world.called();
    assert_eq!(called.len(), 2);
    assert!(called.iter().all(|called| called.committed), "{called:#?}");
}

#[tokio::test(start_paused = true)]
async fn an_open_express_run_is_shown_and_waited_for() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 2)));
    let run = world.start_for_id("main", &json!({ "n": 7 })).await.id();
    let detail = world.engine.detail(&project(), run).await.unwrap();
    assert!(!detail.record.status.is_closed() && detail.record.express);
    until("the call", || world.calls.under_way() == 1).await;
    world.release(1);
    until("the second call", || world.calls.count("held") == 2).await;
    let detail = world.engine.detail(&project(), run).await.unwrap();
    assert_eq!(detail.record.status, RunStatus::Running);
    assert_eq!(detail.nodes[0].status, NodeStatus::Succeeded);
    let listed = async |filter: RunFilter| {
        let all = world.engine.list(&project(), &filter, None, 10).await.unwrap();
        all.into_iter().map(|record| record.run).collect::<Vec<_>>()
    };
    let running = RunFilter {
        status: vec![RunStatus::Running],
        ..RunFilter::default()
    };
    let failed = RunFilter {
        status: vec![RunStatus::Failed],
        ..RunFilter::default()
    };
    assert_eq!(listed(running).await, [run]);
    assert_eq!(listed(failed).await, []);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(handle.wait(Duration::from_secs(1)).await, Ok(Waited::Open));
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(7));
}

#[tokio::test(start_paused = true)]
async fn events_of_an_express_run_are_told_as_they_happen() {
    let world = World::new().await;
    world.define("main", &express(&chain("held", 2)));
    let run = world.start_for_id("main", &json!({ "n": 7 })).await.id();
    let mut events = world.engine.events(&project(), run, 0).await.unwrap();
    for number in 0..2 {
        assert_eq!(events.next().await.unwrap().unwrap().0, number);
    }
    let more = tokio::time::timeout(Duration::from_secs(9), events.next());
    assert!(more.await.is_err());
    world.release(2);
    let mut numbers = Vec::new();
    while let Some((number, _)) = events.next().await.unwrap() {
        numbers.push(number);
    }
    assert_eq!(
        numbers,
        (2..=numbers.last().copied().unwrap()).collect::<Vec<_>>()
    );
    assert!(numbers.len() >= 3);
}

#[tokio::test(start_paused = true)]
async fn an_express_run_that_ended_is_found() {
    let world = World::new().await;
    world.define("main", &express(&chain("double", 2)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    handle.ended().await.unwrap();
    let again = world.engine.handle(&project(), handle.id()).await.unwrap();
    assert_eq!(world.answer(&again).await, json!(4));
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(
        (detail.record.status, detail.nodes.len()),
        (RunStatus::Succeeded, 2)
    );
    let other = "other".parse().unwrap();
    let refused = world.engine.detail(&other, handle.id()).await.unwrap_err();
    assert_eq!(refused, Error::NoRun(handle.id()));
    world.engine.delete(&project(), handle.id()).await.unwrap();
    let refused = world.engine.record(&project(), handle.id()).await.unwrap_err();
    assert_eq!(refused, Error::NoRun(handle.id()));
}

#[tokio::test(start_paused = true)]
async fn within_a_durable_run_it_is_not_told_of_before_that_is_committed() {
    let world = World::new().await;
    world.define("inner", &express(&chain("held", 1)));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        ",
    );
    world.start_for_id("main", &json!({ "n": 1 })).await;
    until("the call", || world.calls.under_way() == 1).await;
    let nested = RunFilter {
        nested: true,
        ..RunFilter::default()
    };
    let listed = world.engine.list(&project(), &nested, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1, "the run around it alone");
}

#[tokio::test(start_paused = true)]
async fn one_whose_events_were_not_all_kept_can_be_repeated_as_a_whole() {
    let world = World::with(|config| config.express_bytes = 500).await;
    world.define("main", &express(&chain("double", 50)));
    let handle = world.start("main", &json!({ "n": 1 })).await;
    let first = handle.ended().await.unwrap();
    let whole = again(handle.id(), Selection::Whole);
    let repeated = world.engine.rerun(whole).await.unwrap();
    assert_eq!(repeated.ended().await.unwrap().result, first.result);
    assert_eq!(world.calls.count("double"), 100);
    for selection in [Selection::Failed, Selection::From(vec![NodeIndex(3)])] {
        let refused = world
            .engine
            .rerun(again(handle.id(), selection))
            .await
            .unwrap_err();
        assert_eq!(refused, Error::Rerun(RerunError::Cut), "{refused}");
    }
}
