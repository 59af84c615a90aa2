//! Idempotency keys.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_types::Digest;
use weft_workflow_engine::{Answer, CallerKey, Error, RunHandle, StartRun};

use crate::fakes::journal::Disk;
use crate::world::{World, chain, until};

fn keyed(world: &World, key: &str, n: u64, answer: Answer) -> StartRun {
    StartRun {
        key: Some(CallerKey {
            key: key.into(),
            request: Digest::of(&n.to_le_bytes()),
        }),
        answer,
        ..world.request("main", &json!({ "n": n }))
    }
}

async fn start(world: &World, key: &str, n: u64, answer: Answer) -> Result<RunHandle, Error> {
    world.engine.start(keyed(world, key, n, answer)).await
}

#[tokio::test(start_paused = true)]
async fn the_same_request_is_the_same_run() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    assert_eq!(world.answer(&first).await, json!(2));
    for answer in [Answer::End, Answer::Id] {
        let again = start(&world, "k", 1, answer).await.unwrap();
        assert!(again.is_closed());
        assert_eq!(again.id(), first.id());
        assert_eq!(world.answer(&again).await, json!(2));
    }
    assert_eq!(world.calls.count("pay"), 1);
    let other = start(&world, "j", 1, Answer::End).await.unwrap();
    assert_ne!(other.id(), first.id());
}

#[tokio::test(start_paused = true)]
async fn another_request_is_refused() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    let refused = start(&world, "k", 2, Answer::End).await.unwrap_err();
    assert_eq!(refused, Error::KeyReused);
    world.answer(&first).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_told_of() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    let refused = start(&world, "k", 1, Answer::End).await.unwrap_err();
    assert_eq!(refused, Error::KeyInFlight(Some(first.id())));
    let same = start(&world, "k", 1, Answer::Id).await.unwrap();
    assert_eq!(same.id(), first.id());
    world.release(1);
    assert_eq!(world.answer(&same).await, json!(1));
    assert_eq!(world.answer(&first).await, json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_key_outlives_a_crash_if_its_run_does() {
    let mut world = World::new().await;
    world.define("main", &chain("held", 1));
    let kept = start(&world, "kept", 1, Answer::Id).await.unwrap();
    world.journal.set_disk(Disk::Held);
    let lost = start(&world, "lost", 1, Answer::End).await.unwrap();
    until("both calls", || world.calls.under_way() == 2).await;
    world.crash().await;
    let again = start(&world, "kept", 1, Answer::Id).await.unwrap();
    assert_eq!(again.id(), kept.id());
    let anew = start(&world, "lost", 1, Answer::Id).await.unwrap();
    assert_ne!(anew.id(), lost.id(), "nobody had been told of it");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    world.answer(&first).await;
    tokio::time::sleep(Duration::from_secs(24 * 3600 - 1)).await;
    assert_eq!(start(&world, "k", 1, Answer::End).await.unwrap().id(), first.id());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_ne!(start(&world, "k", 1, Answer::End).await.unwrap().id(), first.id());
}

#[tokio::test(start_paused = true)]
async fn keys_are_bounded() {
    let world = World::with(|config| config.keys = 1).await;
    world.define("main", &chain("double", 1));
    start(&world, "a", 1, Answer::End).await.unwrap();
    let refused = start(&world, "b", 1, Answer::End).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused}");
    let long = start(&world, &"x".repeat(257), 1, Answer::End).await.unwrap_err();
    assert!(matches!(long, Error::Invalid { what: "key", .. }), "{long}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_gives_its_key_back() {
    let world = World::new().await;
    world.define("main", &chain("double", 1));
    world.journal.set_room(0);
    let refused = start(&world, "k", 1, Answer::Id).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused}");
    world.journal.set_room(usize::MAX);
    let handle = start(&world, "k", 2, Answer::Id).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(4));
}

#[tokio::test(start_paused = true)]
async fn an_express_run_is_answered_again_though_its_record_is_nowhere() {
    let world = World::new().await;
    world.define("main", &format!("{}durability: express\n", chain("pay", 1)));
    world.records.dropping.store(true, SeqCst);
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    assert_eq!(world.answer(&first).await, json!(2));
    for answer in [Answer::End, Answer::Id] {
        let again = start(&world, "k", 1, answer).await.unwrap();
        assert_eq!((again.id(), again.is_closed()), (first.id(), true));
        assert_eq!(world.answer(&again).await, json!(2));
    }
    assert_eq!(world.calls.count("pay"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_express_run_fails_again_in_the_same_way() {
    let world = World::new().await;
    world.define("main", &format!("{}durability: express\n", chain("trap", 1)));
    world.records.dropping.store(true, SeqCst);
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    let outcome = first.ended().await.unwrap();
    let again = start(&world, "k", 1, Answer::End).await.unwrap();
    assert_eq!(again.ended().await.unwrap(), outcome);
    assert_eq!(world.calls.count("trap"), 1);
}

#[tokio::test(start_paused = true)]
async fn outcomes_of_express_runs_that_have_no_room_are_looked_up() {
    let world = World::with(|config| config.key_outcome_bytes = 0).await;
    world.define("main", &format!("{}durability: express\n", chain("pay", 1)));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    assert_eq!(world.answer(&first).await, json!(2));
    let again = start(&world, "k", 1, Answer::End).await.unwrap();
    assert_eq!(world.answer(&again).await, json!(2));
    assert_eq!(world.calls.count("pay"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_request_whose_run_was_removed_is_that_it_was_executed() {
    let world = World::new().await;
    world.define("main", &chain("pay", 1));
    let first = start(&world, "k", 1, Answer::End).await.unwrap();
    world.answer(&first).await;
    assert!(
        world
            .engine
            .delete(&crate::world::project(), first.id())
            .await
            .unwrap()
    );
    for answer in [Answer::End, Answer::Id] {
        let refused = start(&world, "k", 1, answer).await.unwrap_err();
        assert_eq!(refused, Error::KeyOutlived(first.id()), "{refused}");
    }
    assert_eq!(world.calls.count("pay"), 1);
}
