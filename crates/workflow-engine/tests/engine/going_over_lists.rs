//! Nodes that go over lists.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Poll;

use serde_json::{Value as Json, json};
use weft_types::RunStatus;
use weft_workflow::event::ErrorCode;

use crate::world::{World, until};

fn over(function: &str, more: &str) -> String {
    format!(
        "workflow: main\ninput: {{ list: list<u64> }}\nnodes:\n  each: {{ call: {function}, for-each: $input.list, with: {{ n: \
         $item }}{more} }}\noutput: $each\n"
    )
}

#[tokio::test(start_paused = true)]
async fn items_become_a_list_in_their_order() {
    let world = World::new().await;
    world.define("main", &over("double", ""));
    for list in [json!([]), json!([7]), json!([3, 1, 2, 1])] {
        let doubled: Vec<u64> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap() * 2)
            .collect();
        assert_eq!(world.run("main", &json!({ "list": list })).await, json!(doubled));
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_items_at_once_than_allowed() {
    let world = World::new().await;
    world.define("main", &over("held", ", concurrency: 3"));
    let list: Vec<u64> = (0..10).collect();
    let handle = world.start("main", &json!({ "list": list })).await;
    for done in 0..10_usize {
        let expected = 3.min(10 - done);
        until("as many calls as may be", || world.calls.under_way() == expected).await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        assert_eq!(world.calls.under_way(), expected);
        world.release(1);
        until("one more", || {
            world.calls.under_way() < 3 || world.calls.count("held") == done + 4
        })
        .await;
    }
    assert_eq!(world.answer(&handle).await, json!(list));
}

#[tokio::test(start_paused = true)]
async fn a_run_has_only_so_many_calls_at_once() {
    let world = World::with(|config| config.run_parallelism = 4).await;
    world.define("main", &over("held", ", concurrency: 100"));
    let list: Vec<u64> = (0..20).collect();
    let handle = world.start("main", &json!({ "list": list })).await;
    until("the calls", || world.calls.under_way() == 4).await;
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    assert_eq!(world.calls.under_way(), 4);
    world.release(20);
    assert_eq!(world.answer(&handle).await, json!(list));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_ends_the_others() {
    let world = World::new().await;
    world
        .calls
        .add("picky", "record { n: u64 }", "u64", true, |asked| async move {
            match asked.arguments["n"].as_u64() {
                Some(2) => Err(crate::fakes::calls::error(ErrorCode::Trap, "not two")),
                _ => std::future::pending().await,
            }
        });
    world.define("main", &over("picky", ", concurrency: 9"));
    let outcome = world.outcome("main", &json!({ "list": [0, 1, 2, 3] })).await;
    assert_eq!(World::failure(&outcome), (ErrorCode::Trap, "not two"));
    let (place, _) = outcome.failure.clone().unwrap();
    assert_eq!(place.unwrap().item, Some(2));
    assert_eq!(world.calls.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_are_executed_where_that_is_the_policy() {
    let world = World::new().await;
    world.define("continue", &over("odd", ", on-item-failure: continue"));
    let outcome = world.outcome("continue", &json!({ "list": [1, 2, 3, 4] })).await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(world.calls.count("odd"), 4);
    world.define("collect", &over("odd", ", on-item-failure: collect"));
    let answer = world.run("collect", &json!({ "list": [1, 2, 3] })).await;
    let error = "the function answered an error: \"2 is even\"";
    assert_eq!(answer, json!([{ "ok": 1 }, { "err": error }, { "ok": 3 }]));
}

#[tokio::test(start_paused = true)]
async fn each_item_has_a_key_of_its_own() {
    let world = World::new().await;
    world.define("main", &over("pay", ""));
    world.run("main", &json!({ "list": [1, 1, 1] })).await;
    let mut keys: Vec<_> = world
        .called()
        .iter()
        .map(|called| *called.key.as_bytes())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_long_list_takes_the_core_for_itself_only_now_and_then() {
    let world = World::new().await;
    world.define("main", &over("double", ", concurrency: 64"));
    let list: Vec<u64> = (0..20_000).collect();
    let handle = world.start("main", &json!({ "list": list })).await;
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(std::future::poll_fn(move |cx| {
        counted.fetch_add(1, SeqCst);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    let answer = world.answer(&handle).await;
    assert_eq!(answer.as_array().map(Vec::len), Some(20_000));
    assert_eq!(answer[19_999], Json::from(39_998));
    other.abort();
    let turns = turns.load(SeqCst);
    assert!(turns > 20_000 / 64, "others had {turns} turns");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_put_together_is_there_after_a_crash() {
    let mut world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { a: u64, b: u64 }
        nodes:
          each: { call: held, for-each: [$input.a, $input.b], with: { n: $item }, concurrency: 1 }
        output: $each
        ",
    );
    let run = world.start_for_id("main", &json!({ "a": 5, "b": 6 })).await.id();
    until("the first item", || world.calls.under_way() == 1).await;
    world.release(1);
    until("the second item", || world.calls.count("held") == 2).await;
    world.journal.sync();
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&crate::world::project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!([5, 6]));
    assert_eq!(world.calls.count("held"), 1);
}

#[tokio::test(start_paused = true)]
async fn outputs_that_are_too_large_together_fail_the_node_as_soon_as_they_are() {
    for (more, calls) in [
        ("", 4),
        (", on-item-failure: continue", 4),
        (", on-item-failure: collect", 4),
    ] {
        let world = World::with(|config| config.values.bytes = 40_000).await;
        world
            .calls
            .add("long", "record { n: u64 }", "string", true, |_| async {
                Ok(json!("x".repeat(10_000)))
            });
        world.define("main", &over("long", more));
        let list: Vec<u64> = (0..100).collect();
        let outcome = world.outcome("main", &json!({ "list": list })).await;
        let (code, message) = World::failure(&outcome);
        assert_eq!(code, ErrorCode::Limit, "{message}");
        assert!(message.contains("larger than 40000 bytes together"), "{message}");
        assert_eq!(world.calls.count("long"), calls);
    }
}
