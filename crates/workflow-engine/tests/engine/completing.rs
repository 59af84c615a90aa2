//! Nodes that await an outside event.

use std::time::Duration;

use serde_json::json;
use weft_types::{NodeStatus, Value};
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::records::RunFilter;
use weft_workflow_engine::{Error, StartRun};

use crate::fakes::calls::{name, parsed};
use crate::fakes::journal::Disk;
use crate::world::{World, project, until};

const APPROVED: &str = r"
    workflow: main
    input: { n: u64 }
    nodes:
      doubled: { call: double, with: { n: $input.n } }
      approval: { wait: u64, after: [doubled], timeout: 1h }
      sum: { call: add, with: { a: $doubled, b: $approval } }
    output: $sum
    ";

/// A number as an event.
fn event(n: u64) -> Option<Value> {
    Some(Value::Direct(parsed(&"u64".parse().unwrap(), &json!(n))))
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_a_nested_run_is_told_by_the_way_to_it() {
    let world = World::new().await;
    world.define("inner", &APPROVED.replace("workflow: main", "workflow: inner"));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes:
          first: { call: double, with: { n: 1 } }
          page: { call: inner, with: { n: $first } }
          pages: { call: inner, for-each: $input.list, with: { n: $item } }
        output: { page: $page, pages: $pages }
        ",
    );
    let run = world.start_for_id("main", &json!({ "list": [1, 2] })).await;
    until("the waits", || world.calls.count("double") == 4).await;
    let engine = &world.engine;
    let find = async |way: &str| engine.find_node(&project(), run.id(), way).await;
    assert_eq!(find("page").await.unwrap(), (run.id(), "page".to_owned()));
    for (way, n) in [
        ("page.approval", 10),
        ("pages[0].approval", 20),
        ("pages[1].approval", 30),
    ] {
        let (nested, node) = find(way).await.unwrap();
        engine
            .complete(&project(), nested, &node, event(n), "bea")
            .await
            .unwrap();
    }
    assert_eq!(world.answer(&run).await, json!({ "page": 14, "pages": [22, 34] }));
    let refused = find("page.approval").await.unwrap_err();
    assert!(matches!(refused, Error::Over { .. }), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_way_that_leads_nowhere_says_where_it_ends() {
    let world = World::new().await;
    world.define("inner", &APPROVED.replace("workflow: main", "workflow: inner"));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes:
          go: { wait: u64 }
          page: { call: inner, with: { n: $go } }
          pages: { call: inner, for-each: $input.list, with: { n: $item } }
          sum: { call: double, with: { n: $go } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "list": [1] })).await;
    for (way, expected) in [
        ("page.approval", "no run is open there"),
        ("pages.approval", "say which item"),
        ("page[0].approval", "it goes over no list"),
        ("pages[1].approval", "no run is open there"),
        ("sum.approval", "it calls no workflow"),
        ("go.approval", "it calls no workflow"),
        ("paje.approval", "`paje`"),
        ("pages[x].approval", "`pages[x]`"),
    ] {
        let refused = world.engine.find_node(&project(), run.id(), way).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(expected), "{way}: {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_ends_the_wait() {
    let world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await;
    until("the wait", || world.calls.count("double") == 1).await;
    let engine = &world.engine;
    engine
        .complete(&project(), run.id(), "approval", event(38), "bea")
        .await
        .unwrap();
    assert_eq!(world.answer(&run).await, json!(42));
    let detail = world.engine.detail(&project(), run.id()).await.unwrap();
    let by: Vec<_> = detail
        .nodes
        .iter()
        .map(|node| node.completed_by.as_deref())
        .collect();
    assert_eq!(by, [None, Some("bea"), None]);
}

#[tokio::test(start_paused = true)]
async fn runs_that_await_something_are_listed() {
    let mut world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    let listed = async |world: &World| {
        let all = world
            .engine
            .list_awaiting(&project(), &RunFilter::default(), None, 9)
            .await;
        let records = all.unwrap().records.into_iter();
        records.map(|record| record.run).collect::<Vec<_>>()
    };
    assert_eq!(listed(&world).await, []);
    until("the wait", || world.calls.count("double") == 1).await;
    world.journal.sync();
    assert_eq!(listed(&world).await, [run]);
    let approval = world.engine.awaiting(&project(), run).await.unwrap();
    assert_eq!(approval.len(), 1);
    world.crash().await;
    assert_eq!(listed(&world).await, [run], "also after a crash");
    let engine = world.engine.clone();
    engine
        .complete(&project(), run, "approval", event(38), "bea")
        .await
        .unwrap();
    assert_eq!(listed(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn so_many_runs_are_looked_at_for_a_page_of_those_that_await_something() {
    const LOOKS: usize = 1_000;
    let world = World::new().await;
    world.define(
        "first",
        "workflow: first\nnodes:\n  go: { wait: u64 }\noutput: $go\n",
    );
    world.define(
        "main",
        "workflow: main\nnodes:\n  go: { wait: u64 }\noutput: $go\n",
    );
    let oldest = StartRun {
        submitter: "ann".to_owned(),
        ..world.request("first", &json!({}))
    };
    let oldest = world.engine.start(oldest).await.unwrap().id();
    tokio::time::sleep(Duration::from_millis(2)).await;
    for _ in 0..LOOKS {
        world.start("main", &json!({})).await;
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    let filter = RunFilter {
        submitter: Some("ann".to_owned()),
        ..RunFilter::default()
    };
    let (engine, project) = (&world.engine, project());
    let page = engine.list_awaiting(&project, &filter, None, 9).await.unwrap();
    assert_eq!(page.records, []);
    let rest = engine
        .list_awaiting(&project, &filter, page.next, 9)
        .await
        .unwrap();
    let found: Vec<_> = rest.records.iter().map(|record| record.run).collect();
    assert_eq!(
        (page.next.is_some(), rest.next, found),
        (true, None, vec![oldest])
    );
    // What is known without its record is no look.
    let filter = RunFilter {
        workflow: Some(name("first")),
        ..RunFilter::default()
    };
    let page = engine.list_awaiting(&project, &filter, None, 1).await.unwrap();
    assert_eq!((page.records.len(), page.next), (1, None));
}

#[tokio::test(start_paused = true)]
async fn an_event_is_committed_before_it_is_acknowledged() {
    let (mut world, project) = (World::new().await, project());
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    until("the wait", || world.calls.count("double") == 1).await;
    world.journal.sync();
    world.journal.set_disk(Disk::Held);
    let complete = world.engine.complete(&project, run, "approval", event(38), "bea");
    let complete = tokio::time::timeout(Duration::from_secs(1), complete);
    assert!(complete.await.is_err());
    world.crash().await;
    let engine = world.engine.clone();
    engine
        .complete(&project, run, "approval", event(1), "bea")
        .await
        .unwrap();
    let handle = engine.handle(&project, run).await.unwrap();
    assert_eq!(
        world.answer(&handle).await,
        json!(5),
        "the first was never acknowledged"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_survives_a_crash_and_so_does_its_patience() {
    let mut world = World::new().await;
    world.define("main", APPROVED);
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    until("the wait", || world.calls.count("double") == 1).await;
    tokio::time::sleep(Duration::from_secs(3_000)).await;
    world.journal.sync();
    world.crash().await;
    let handle = world.engine.handle(&project(), run).await.unwrap();
    let outcome = handle.ended();
    let outcome = tokio::time::timeout(Duration::from_secs(601), outcome)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(World::failure(&outcome).0, ErrorCode::WaitTimeout);
}

#[tokio::test(start_paused = true)]
async fn an_event_comes_once_and_in_time_and_fits() {
    let world = World::new().await;
    world
        .calls
        .add("slow", "record { n: u64 }", "u64", true, |asked| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(asked.arguments["n"].clone())
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          first: { call: slow, with: { n: $input.n } }
          approval: { wait: u64, after: [first] }
          last: { call: held, with: { n: $approval } }
        ",
    );
    let run = world.start_for_id("main", &json!({ "n": 2 })).await.id();
    let engine = &world.engine;
    let refused = async |node: &str, value| {
        engine
            .complete(&project(), run, node, value, "bea")
            .await
            .unwrap_err()
    };
    let not_waiting = |node: &str, status| Error::NotWaiting {
        run,
        node: node.into(),
        status,
    };
    let early = refused("approval", event(1)).await;
    assert_eq!(early, not_waiting("approval", NodeStatus::Waiting));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(matches!(refused("nobody", event(1)).await, Error::NoNode { .. }));
    assert!(matches!(refused("approval", None).await, Error::WrongType { .. }));
    let text = Value::Direct(parsed(&"string".parse().unwrap(), &json!("yes")));
    let wrong = refused("approval", Some(text)).await;
    assert_eq!(wrong.to_string(), "the event must be of type `u64`");
    let no_wait = refused("first", event(1)).await;
    assert_eq!(no_wait, not_waiting("first", NodeStatus::Succeeded));
    engine
        .complete(&project(), run, "approval", event(1), "bea")
        .await
        .unwrap();
    let twice = refused("approval", event(2)).await;
    assert_eq!(twice, not_waiting("approval", NodeStatus::Succeeded));
    world.release(1);
    let handle = engine.handle(&project(), run).await.unwrap();
    handle.ended().await.unwrap();
    assert!(matches!(refused("approval", event(2)).await, Error::Over { .. }));
}
