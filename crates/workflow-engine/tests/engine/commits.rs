//! How often runs wait for the disk, and that nothing leaves before it should.

use serde_json::json;
use weft_workflow::Event;

use crate::fakes::journal::Disk;
use crate::world::{World, chain, project, until};

/// A chain of so many calls of a function, and how many commits it waits for when the caller waits for the end, and for the id.
async fn check(function: &str, nodes: usize, end: usize, id: usize) {
    let world = World::new().await;
    world.define("chain", &chain(function, nodes));
    world.run("chain", &json!({ "n": 1 })).await;
    assert_eq!(world.journal.waits(), end, "{nodes} × {function}, for the end");
    let handle = world.start_for_id("chain", &json!({ "n": 1 })).await;
    handle.ended().await.unwrap();
    assert_eq!(
        world.journal.waits() - end,
        id,
        "{nodes} × {function}, for the id"
    );
}

#[tokio::test(start_paused = true)]
async fn runs_wait_for_as_few_commits_as_can_be() {
    check("double", 1, 1, 2).await;
    check("double", 5, 1, 2).await;
    check("double", 50, 1, 2).await;
    check("pay", 1, 2, 2).await;
    check("pay", 5, 6, 6).await;
}

#[tokio::test(start_paused = true)]
async fn everything_goes_to_the_journal_in_one_piece() {
    let world = World::new().await;
    world.define("chain", &chain("double", 5));
    assert_eq!(world.run("chain", &json!({ "n": 1 })).await, json!(32));
    let entries = world.journal.appended();
    assert_eq!((entries.len(), entries[0].count), (1, 8));
    assert!(entries[0].closes);
}

#[tokio::test(start_paused = true)]
async fn nothing_with_effects_begins_before_all_that_leads_to_it_is_committed() {
    let world = World::new().await;
    world.define(
        "mixed",
        r"
        workflow: mixed
        input: { n: u64 }
        nodes:
          a: { call: double, with: { n: $input.n } }
          b: { call: pay, with: { n: $a } }
          c: { call: double, with: { n: $b } }
          d: { call: pay, with: { n: $c } }
        output: $d
        ",
    );
    assert_eq!(world.run("mixed", &json!({ "n": 1 })).await, json!(7));
    let called = world.called();
    assert!(
        called
            .iter()
            .all(|called| called.committed || called.function == "double")
    );
    assert_eq!(called.len(), 4);
    assert_eq!(world.journal.waits(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_held_disk_holds_what_has_effects_and_every_answer() {
    let world = World::new().await;
    world.define("chain", &chain("double", 3));
    world.define("paid", &chain("pay", 1));
    world.journal.set_disk(Disk::Held);
    let free = world.start("chain", &json!({ "n": 1 })).await;
    let paid = world.start("paid", &json!({ "n": 1 })).await;
    until("the end of the chain", || {
        world
            .events(free.id())
            .iter()
            .any(|event| matches!(event, Event::Finished(_)))
    })
    .await;
    assert_eq!(world.calls.count("double"), 3);
    assert_eq!(world.calls.count("pay"), 0);
    let wait = std::time::Duration::from_secs(1);
    for handle in [&free, &paid] {
        let ended = tokio::time::timeout(wait, handle.ended()).await;
        assert!(ended.is_err(), "an answer left before it was committed");
    }
    assert!(world.engine.record(&project(), free.id()).await.is_err());
    world.journal.set_disk(Disk::Fast);
    assert_eq!(world.answer(&free).await, json!(8));
    assert_eq!(world.answer(&paid).await, json!(2));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_told_only_once_the_run_is_committed() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    world.journal.set_disk(Disk::Held);
    let handle = world.start("main", &json!({ "n": 1 })).await;
    let patience = std::time::Duration::from_millis(5);
    let waiting = handle.wait(patience);
    let told = tokio::time::timeout(patience * 10, waiting).await;
    assert!(told.is_err());
    world.journal.set_disk(Disk::Fast);
    let waited = handle.wait(patience).await.unwrap();
    assert_eq!(waited, weft_workflow_engine::Waited::Open);
    assert!(world.engine.record(&project(), handle.id()).await.is_ok());
}
