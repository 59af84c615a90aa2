//! Values that are held by address.

use serde_json::{Value as Json, json};
use weft_types::value::Form;
use weft_types::{Address, Value};
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::port::blobs::Blobs as _;

use crate::fakes::calls::parsed;
use crate::world::{World, project, until};

/// A world with `copy`, which answers its argument, and `length`.
async fn world() -> World {
    let world = World::new().await;
    let ty = "record { data: string }";
    world.calls.add("copy", ty, "string", true, |asked| async move {
        Ok(asked.arguments["data"].clone())
    });
    world.calls.add("length", ty, "u64", true, |asked| async move {
        Ok(Json::from(asked.arguments["data"].as_str().map_or(0, str::len)))
    });
    world.define(
        "main",
        r"
        workflow: main
        input: { data: string }
        nodes:
          copied: { call: copy, with: { data: $input.data } }
          again: { call: copy, with: { data: $copied } }
          length: { call: length, with: { data: $again } }
        output: { data: $again, length: $length }
        ",
    );
    world
}

fn long(bytes: usize) -> Json {
    json!({ "data": "x".repeat(bytes) })
}

#[tokio::test(start_paused = true)]
async fn what_is_large_is_not_in_the_journal() {
    let world = world().await;
    let answer = world.run("main", &long(100_000)).await;
    assert_eq!(answer["length"], json!(100_000));
    let journalled: usize = world
        .journal
        .appended()
        .iter()
        .map(|entry| entry.frames.len())
        .sum();
    assert!(journalled < 10_000, "{journalled}");
    // The arguments and the result are records around the text, whose two copies are one blob.
    assert_eq!(world.blobs.stored(), 3);
    assert_eq!(world.blobs.reads(), 0, "what was just stored is in memory");
    let answer = world.run("main", &long(100)).await;
    assert_eq!(answer["length"], json!(100));
    assert_eq!(world.blobs.stored(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_memory_is_read() {
    let mut world = world().await;
    world.define(
        "waits",
        r"
        workflow: waits
        input: { data: string }
        nodes:
          copied: { call: copy, with: { data: $input.data } }
          held: { call: held, with: { n: 1 }, after: [copied] }
          length: { call: length, with: { data: $copied }, after: [held] }
        output: $length
        ",
    );
    let run = world.start_for_id("waits", &long(100_000)).await.id();
    until("the held call", || world.calls.count("held") == 1).await;
    world.journal.sync();
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(100_000));
    assert_eq!(world.blobs.reads(), 1);
    assert_eq!(world.calls.count("copy"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_is_gone_fails_what_needs_it() {
    let mut world = world().await;
    world.define(
        "waits",
        r"
        workflow: waits
        input: { data: string }
        nodes:
          held: { call: held, with: { n: 1 } }
          length: { call: length, with: { data: $input.data }, after: [held] }
        output: $length
        ",
    );
    let run = world.start_for_id("waits", &long(100_000)).await.id();
    until("the held call", || world.calls.count("held") == 1).await;
    world.journal.sync();
    world.crash().await;
    world.blobs.lose();
    world.release(1);
    let handle = world.engine.handle(&project(), run).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    let (code, message) = World::failure(&outcome);
    assert_eq!(code, ErrorCode::Evaluation);
    assert!(message.contains("there is no blob"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_through_workflows_by_address_alone() {
    let mut world = World::new().await;
    world.define(
        "inner",
        r"
        workflow: inner
        input: { data: list<u8> }
        nodes: { held: { call: held, with: { n: 1 } } }
        output: $input.data
        ",
    );
    world.define(
        "main",
        r"
        workflow: main
        input: { data: list<u8> }
        nodes: { inner: { call: inner, with: { data: $input.data } } }
        output: $inner
        ",
    );
    let data = vec![7_u8; 200_000];
    let request = world.request("main", &json!({ "data": data }));
    let handle = world.engine.start(request).await.unwrap();
    until("the held call", || world.calls.count("held") == 1).await;
    world.journal.sync();
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), handle.id()).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    let Some(Value::Address(Address::Blob(address))) = &outcome.result else {
        panic!("{:?}", outcome.result);
    };
    assert_eq!((address.form, address.length), (Form::Raw, 200_000));
    assert_eq!(
        address.digest,
        weft_types::Digest::of(&data),
        "it is the hash of the very bytes"
    );
    assert_eq!((world.blobs.stored(), world.blobs.reads()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn items_may_be_large_and_so_may_their_list() {
    let world = world().await;
    world.define(
        "list",
        r"
        workflow: list
        input: { texts: list<string> }
        nodes: { each: { call: copy, for-each: $input.texts, with: { data: $item } } }
        output: $each
        ",
    );
    let texts: Vec<String> = (0..4).map(|n| n.to_string().repeat(20_000 * n)).collect();
    let answer = world.run("list", &json!({ "texts": texts })).await;
    assert_eq!(answer, json!(texts));
}

#[tokio::test(start_paused = true)]
async fn an_address_is_taken_as_arguments() {
    let world = world().await;
    let data = "y".repeat(50_000);
    let params = "record { data: string }".parse().unwrap();
    let image = parsed(&params, &json!({ "data": data }));
    let first = world.start("main", &json!({ "data": data })).await;
    world.answer(&first).await;
    let address = weft_types::value::BlobAddress {
        digest: weft_types::Digest::of(image.as_bytes()),
        length: image.as_bytes().len() as u64,
        form: Form::Image,
    };
    let request = weft_workflow_engine::StartRun {
        arguments: Value::Address(Address::Blob(address)),
        ..world.request("main", &json!({ "data": "" }))
    };
    let handle = world.engine.start(request).await.unwrap();
    assert_eq!(world.answer(&handle).await["length"], json!(50_000));
}

/// A world whose `sum` adds up bytes, in a workflow that calls it with its argument and again after a held call.
async fn adding_up(cache: &str) -> World {
    let world = World::new().await;
    let params = "record { data: list<u8>, from: u64 }";
    world.calls.add("sum", params, "u64", true, |asked| async move {
        // Of the text that stands for them.
        let data = asked.arguments["data"].as_str().unwrap().bytes();
        let from = asked.arguments["from"].as_u64().unwrap();
        Ok(json!(data.map(u64::from).sum::<u64>() + from))
    });
    let text = r"
        workflow: main
        input: { data: list<u8> }
        nodes:
          first: { call: sum, with: { data: $input.data, from: 1 }, CACHE }
          held: { call: held, with: { n: $first } }
          again: { call: sum, with: { data: $input.data, from: $held }, CACHE }
        output: $again
        ";
    world.define("main", &text.replace(", CACHE", cache));
    world
}

#[tokio::test(start_paused = true)]
async fn large_bytes_reach_a_function_without_being_read() {
    let mut world = adding_up("").await;
    let data = vec![1_u8; 100_000];
    let place = |world: &World| world.blobs.place(weft_types::Digest::of(&data)).unwrap();
    let request = world.request("main", &json!({ "data": data }));
    let handle = world.engine.start(request).await.unwrap();
    until("the held call", || world.calls.count("held") == 1).await;
    assert_is_shared(&world, "first", place(&world));
    assert_eq!(world.blobs.reads(), 0, "what was just stored is in memory");
    world.journal.sync();
    world.crash().await;
    world.release(1);
    let handle = world.engine.handle(&project(), handle.id()).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    assert_is_shared(&world, "again", place(&world));
    assert_eq!(world.blobs.reads(), 1, "after the crash it was fetched");

    // Short ones are values like any other.
    world.release(1);
    world.run("main", &json!({ "data": [1, 2] })).await;
    assert!(world.called().last().unwrap().attached.is_empty());
}

/// The node was called once, with the bytes that lie in the store.
fn assert_is_shared(world: &World, node: &str, place: *const u8) {
    let calls: Vec<_> = world
        .called()
        .into_iter()
        .filter(|call| call.node == node)
        .collect();
    assert_eq!(calls.len(), 1, "{node}");
    let attached = &calls[0].attached;
    assert_eq!(attached.iter().count(), 1, "{node}");
    assert_eq!(
        attached.get(0).map(|bytes| bytes.as_ptr()),
        Some(place),
        "{node} got a copy"
    );
}

#[tokio::test(start_paused = true)]
async fn results_for_large_bytes_are_reused_for_the_same_bytes_alone() {
    let world = adding_up(", cache: 1m").await;
    let run = async |byte: u8| {
        world.release(1);
        world.run("main", &json!({ "data": vec![byte; 100_000] })).await
    };
    let ones = run(1).await;
    assert_eq!(world.calls.count("sum"), 2);
    assert_eq!(run(1).await, ones);
    assert_eq!(world.calls.count("sum"), 2);
    assert_ne!(run(2).await, ones);
    assert_eq!(world.calls.count("sum"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_would_be_too_large_is_refused_before_its_items_are_loaded() {
    let world = World::with(|config| {
        config.values.bytes = 200_000;
        config.resident_bytes = 0;
    })
    .await;
    let ty = "record { n: u64 }";
    world.calls.add("long", ty, "string", true, |asked| async move {
        Ok(Json::from(
            "x".repeat(crate::world::number(&asked.arguments, "n") as usize),
        ))
    });
    world.define(
        "main",
        r"
        workflow: main
        input: { list: list<u64> }
        nodes: { each: { call: long, for-each: $input.list, with: { n: $item } } }
        output: $each
        ",
    );
    let fits = world.outcome("main", &json!({ "list": [90_000, 90_000] })).await;
    assert_eq!(fits.failure, None);
    let reads = world.blobs.reads();
    let outcome = world
        .outcome("main", &json!({ "list": [90_000, 90_000, 90_000] }))
        .await;
    let (code, message) = World::failure(&outcome);
    assert_eq!(code, ErrorCode::Limit, "{message}");
    assert!(message.contains("200000 bytes"), "{message}");
    assert_eq!(world.blobs.reads(), reads);
}

#[tokio::test(start_paused = true)]
async fn a_definition_names_blobs_of_which_only_the_hash_is_known() {
    let world = World::with(|config| config.values.bytes = 100_000).await;
    let params = "record { data: list<u8> }";
    world.calls.add("count", params, "u64", true, |asked| async move {
        // Of the text that stands for them: four characters for three bytes.
        Ok(Json::from(asked.arguments["data"].as_str().unwrap().len()))
    });
    let define = async |name: &str, bytes: usize| {
        let bytes = bytes::Bytes::from(vec![1_u8; bytes]);
        let digest = world.blobs.put(&project(), bytes).await.unwrap();
        let text = format!(
            "workflow: {name}\nnodes: {{ one: {{ call: count, with: {{ data: {{ $blob: '{digest}' }} }} }} }}\noutput: $one\n"
        );
        world.define(name, &text);
    };
    define("fits", 90_000).await;
    assert_eq!(world.run("fits", &json!({})).await, json!(120_000));
    define("large", 100_001).await;
    let outcome = world.outcome("large", &json!({})).await;
    let (_, message) = World::failure(&outcome);
    assert!(
        message.contains("larger than the limit of 100000 bytes"),
        "{message}"
    );
}
