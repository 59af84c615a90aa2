//! Runs within runs.

use std::time::Duration;

use serde_json::json;
use weft_types::RunStatus;
use weft_workflow::event::{ErrorCode, Trigger};

use crate::fakes::calls::error;
use crate::world::{World, chain, number, project, until};

/// A workflow of one node that runs another.
fn around(inner: &str) -> String {
    format!(
        "workflow: around\ninput: {{ n: u64 }}\nnodes: {{ inner: {{ call: {inner}, with: {{ n: $input.n }} }} }}\noutput: $inner\n"
    )
}

/// Workflows `level1` to `level{depth}`, each around the one below, the first around a function.
fn define_levels(world: &World, function: &str, depth: usize) {
    world.define("level1", &chain(function, 1));
    for level in 2..=depth {
        world.define(&format!("level{level}"), &around(&format!("level{}", level - 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn nesting_costs_no_commit() {
    let world = World::new().await;
    define_levels(&world, "double", 6);
    assert_eq!(world.run("level6", &json!({ "n": 4 })).await, json!(8));
    assert_eq!(world.journal.waits(), 1);
    let world = World::new().await;
    define_levels(&world, "pay", 6);
    assert_eq!(world.run("level6", &json!({ "n": 4 })).await, json!(5));
    assert_eq!(world.journal.waits(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_has_a_record_of_its_own() {
    let world = World::new().await;
    define_levels(&world, "double", 3);
    let handle = world.start("level3", &json!({ "n": 4 })).await;
    handle.ended().await.unwrap();
    let middle = world.nested(handle.id())[0];
    let leaf = world.nested(middle)[0];
    let record = world.engine.record(&project(), leaf).await.unwrap();
    assert_eq!((record.status, record.depth), (RunStatus::Succeeded, 2));
    let Trigger::Parent { run, root, .. } = record.trigger else {
        panic!("{:?}", record.trigger);
    };
    assert_eq!((run, root), (middle, handle.id()));
    let outer = world.engine.record(&project(), handle.id()).await.unwrap();
    assert_eq!(record.trace, outer.trace);
    assert_eq!(outer.usage.cpu_us, 7, "what it cost is summed up");
}

#[tokio::test(start_paused = true)]
async fn a_failure_travels_up() {
    let world = World::new().await;
    define_levels(&world, "trap", 3);
    let outcome = world.outcome("level3", &json!({ "n": 4 })).await;
    let (code, message) = World::failure(&outcome);
    assert_eq!(code, ErrorCode::Run);
    assert!(message.ends_with("failed: unreachable"), "{message}");
}

/// The names of the nodes on the way to a failure, and its code.
async fn origin(world: &World, workflow: &str) -> (Vec<String>, ErrorCode) {
    let handle = world.start(workflow, &json!({ "n": 4 })).await;
    let outcome = handle.ended().await.unwrap();
    let origin = world.engine.origin(&project(), &outcome, handle.plan()).await;
    let origin = origin.unwrap();
    let names = origin
        .way
        .iter()
        .map(|(plan, place)| plan.node(place.node).name.to_string());
    (names.collect(), origin.error.code)
}

#[tokio::test(start_paused = true)]
async fn where_a_failure_comes_from_is_found_however_deep() {
    let world = World::new().await;
    define_levels(&world, "trap", 3);
    let (way, code) = origin(&world, "level1").await;
    assert_eq!((way.len(), code), (1, ErrorCode::Trap));
    let (way, code) = origin(&world, "level3").await;
    assert_eq!((way.len(), &*way[0], code), (3, "inner", ErrorCode::Trap));
}

#[tokio::test(start_paused = true)]
async fn of_several_attempts_the_last_tells_where_it_failed() {
    let world = World::new().await;
    world.define("level1", &chain("trap", 1));
    let retried = around("level1").replace("$input.n }", "$input.n }, retry: { attempts: 4, on: [run] }");
    world.define("around", &retried);
    let handle = world.start("around", &json!({ "n": 4 })).await;
    let outcome = handle.ended().await.unwrap();
    let found = world
        .engine
        .origin(&project(), &outcome, handle.plan())
        .await
        .unwrap();
    let mut nested = world.nested(handle.id());
    assert_eq!(nested.len(), 4);
    nested.retain(|run| *run == found.run);
    assert_eq!((nested.len(), found.error.code), (1, ErrorCode::Trap));
    let (_, message) = World::failure(&outcome);
    assert!(message.contains(&found.run.to_string()), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_answers_an_error_fails_as_a_function_does() {
    let world = World::new().await;
    world.define(
        "inner",
        r"
        workflow: inner
        input: { ok: bool }
        nodes: { nothing: { sleep: 1ms } }
        output-type: result<u64, string>
        output: { err: no }
        ",
    );
    world.define(
        "main",
        r"
        workflow: main
        nodes: { inner: { call: inner, with: { ok: true } } }
        ",
    );
    let outcome = world.outcome("main", &json!({})).await;
    assert_eq!(
        World::failure(&outcome),
        (ErrorCode::FunctionError, "the function answered an error: \"no\"")
    );
}

#[tokio::test(start_paused = true)]
async fn depth_is_bounded() {
    let world = World::with(|config| config.depth = 2).await;
    define_levels(&world, "double", 4);
    assert_eq!(world.run("level3", &json!({ "n": 4 })).await, json!(8));
    let outcome = world.outcome("level4", &json!({ "n": 4 })).await;
    let (_, message) = World::failure(&outcome);
    assert!(message.contains("runs nest at most 2 deep"), "{message}");
    assert_eq!(world.calls.count("double"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_is_tried_again_as_another_run() {
    let world = World::new().await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          inner: { call: inner, with: { n: $input.n }, timeout: 1s, retry: { attempts: 2, backoff: 1s, on: [timeout] } }
        output: $inner
        ",
    );
    let handle = world.start("main", &json!({ "n": 1 })).await;
    until("the second try", || world.calls.count("held") == 2).await;
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(1));
    let nested = world.nested(handle.id());
    assert_eq!(nested.len(), 2);
    assert_eq!(world.status(nested[0]).await, RunStatus::TimedOut);
    assert_eq!(world.status(nested[1]).await, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn many_nested_runs_are_under_way_at_once_within_a_bound() {
    let world = World::with(|config| config.run_parallelism = 8).await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes: { each: { call: inner, for-each: $input.list, with: { n: $item }, concurrency: 100 } }
        output: $each
        ",
    );
    let list: Vec<u64> = (0..30).collect();
    let handle = world.start("main", &json!({ "list": list })).await;
    until("the calls", || world.calls.under_way() == 8).await;
    world.journal.sync();
    assert_eq!(world.nested(handle.id()).len(), 8);
    world.release(30);
    assert_eq!(world.answer(&handle).await, json!(list));
    assert_eq!(world.nested(handle.id()).len(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_ends_in_a_nested_run_is_seen_only_once_it_is_committed() {
    let world = World::new().await;
    world.define("inner", &chain("double", 1));
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
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    until("the last call", || world.calls.count("held") == 1).await;
    world.journal.set_disk(crate::fakes::journal::Disk::Held);
    let inner = world.nested(handle.id())[0];
    let nested = world.engine.handle(&project(), inner).await.unwrap();
    let early = tokio::time::timeout(std::time::Duration::from_secs(1), nested.ended());
    assert!(early.await.is_err());
    world.journal.set_disk(crate::fakes::journal::Disk::Fast);
    assert_eq!(world.answer(&nested).await, json!(2));
    world.release(1);
    assert_eq!(world.answer(&handle).await, json!(2));
}

#[tokio::test(start_paused = true)]
async fn attempts_that_end_before_they_nest_make_room_for_others() {
    let world = World::with(|config| config.run_parallelism = 2).await;
    world.define("inner", &chain("held", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { lists: list<list<u64>> }
        nodes:
          each: { call: inner, for-each: $input.lists, with: { n: '$item[0]' }, concurrency: 100, on-item-failure: collect }
          last: { call: double, with: { n: 14 }, after: [each] }
        output: $last
        ",
    );
    let mut lists = vec![json!([1]), json!([2])];
    lists.extend((0..10).map(|_| json!([])));
    lists.extend([json!([3]), json!([4])]);
    let handle = world.start("main", &json!({ "lists": lists })).await;
    until("two calls", || world.calls.under_way() == 2).await;
    world.release(4);
    let ended = tokio::time::timeout(Duration::from_secs(60), world.answer(&handle));
    assert_eq!(ended.await, Ok(json!(28)));
    assert_eq!(world.calls.count("held"), 4);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_stopped_in_line_make_room_for_others() {
    let world = World::with(|config| config.run_parallelism = 2).await;
    world
        .calls
        .add("bad", "record { n: u64 }", "u64", true, |asked| async move {
            tokio::time::sleep(Duration::from_secs(number(&asked.arguments, "n"))).await;
            Err(error(ErrorCode::Trap, "unreachable"))
        });
    world.define("failing", &chain("bad", 1));
    world.define("inner", &chain("double", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes:
          each:
            call: failing
            for-each: $input.list
            with: { n: $item }
            concurrency: 100
            on-item-failure: end
            catch: { value: [] }
            priority: high
          other: { call: inner, with: { n: 4 } }
        output: $other
        ",
    );
    let handle = world
        .start("main", &json!({ "list": [1, 50, 50, 50, 50, 50] }))
        .await;
    let ended = tokio::time::timeout(Duration::from_secs(3600), world.answer(&handle));
    assert_eq!(ended.await, Ok(json!(8)));
}
