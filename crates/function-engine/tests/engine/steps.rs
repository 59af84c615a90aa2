//! Calls on behalf of nodes of runs.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;
use weft_function_engine::port::Attempt;
use weft_function_engine::{LogFilter, LogLine, Step, new_trace};
use weft_types::{NodeKey, RunId};

use crate::calls_between::again;
use crate::program::{BOUNDS, Program, arguments, print, signature, value};
use crate::world::{World, default, name};

fn run() -> RunId {
    RunId(Uuid::from_u128(7))
}

/// Calls a function as item 3 of the node `step` does, with `[n]`.
async fn step(world: &World, function: &str, n: u32) {
    let callee = world.engine.callee("default", function, None).unwrap();
    let (export, signature) = callee.export(None).unwrap();
    let text = format!("[{n}]");
    let arguments = weft_types::json::parse_arguments(signature, text.as_bytes(), BOUNDS).unwrap();
    let step = Step {
        export,
        arguments,
        attached: Default::default(),
        seed: [1; 32],
        time: Timestamp::UNIX_EPOCH,
        timeout: None,
        limits: None,
        key: NodeKey::new(run(), "step", Some(3)),
        attempt: Arc::new(Attempt {
            run: run(),
            node: "step".into(),
            item: Some(3),
            number: 2,
        }),
        trace: new_trace(),
        depth: 0,
    };
    callee.call(step).await.unwrap();
}

/// Exports what the adder does, and prints what it is called with.
fn loud_adder() -> Program {
    let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
    let types = add.clone();
    Program::new((Some("demo:math/api@1.0.0"), "add"), add, move |call, _| {
        let a = arguments(&types, &call.arguments)["a"].to_string();
        print(&call.context, &format!("adding to {a}"));
        async { Ok(Some(value("u32", "0"))) }
    })
}

fn lines(log: &weft_function_engine::Log) -> Vec<LogLine> {
    let filter = LogFilter {
        contains: Some("adding".to_owned()),
        ..LogFilter::default()
    };
    log.read(log.start(), 100, &filter).lines
}

#[tokio::test(start_paused = true)]
async fn what_a_node_calls_prints_into_the_log_of_its_run() {
    let world = World::new().await;
    world.add("adder", loud_adder(), "{}").await;
    world
        .add("caller", Program::caller(), r#"{"grants":{"call":["adder"]}}"#)
        .await;
    assert!(world.engine.run_log(run()).is_none());
    step(&world, "caller", 41).await;

    let of_run = lines(&world.engine.run_log(run()).unwrap());
    assert_eq!(of_run.len(), 1, "{of_run:?}");
    assert_eq!(&*of_run[0].text, "adding to 41");
    let attempt = of_run[0].attempt.as_ref().unwrap();
    assert_eq!(
        (attempt.run, &*attempt.node, attempt.item, attempt.number),
        (run(), "step", Some(3), 2)
    );
    let of_function = lines(&world.engine.logs(&default(), &name("adder")).unwrap());
    assert_eq!(of_function[0].attempt, of_run[0].attempt);
}

#[tokio::test(start_paused = true)]
async fn a_plain_call_prints_on_nobodys_behalf() {
    let world = World::new().await;
    world.add("adder", loud_adder(), "{}").await;
    world.call("adder", "[1,2]").await.unwrap();
    let of_function = lines(&world.engine.logs(&default(), &name("adder")).unwrap());
    assert_eq!(of_function[0].attempt, None);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_calls_has_keys_of_its_own_the_same_whenever_it_is_called_again() {
    let world = World::new().await;
    let leaf = signature(&[("times", "u32")], Some("u32"));
    let leaf = Program::new((Some("demo:loop/api"), "again"), leaf, |call, _| {
        print(
            &call.context,
            &format!("adding {:?}", call.context.key.map(NodeKey::to_bytes)),
        );
        async { Ok(Some(value("u32", "0"))) }
    });
    world.add("leaf", leaf, "{}").await;
    world
        .add("again", again(), r#"{"grants":{"call":["leaf"]}}"#)
        .await;
    for _ in 0..2 {
        step(&world, "again", 2).await;
    }
    world.call("again", "[1]").await.unwrap();
    let lines = lines(&world.engine.logs(&default(), &name("leaf")).unwrap());
    let keys: Vec<_> = lines.iter().map(|line| &*line.text).collect();
    assert_eq!(keys[..2], keys[2..4], "of both executions");
    assert_ne!(keys[0], keys[1], "of both calls");
    let own = NodeKey::new(run(), "step", Some(3)).to_bytes();
    assert!(!keys.contains(&&*format!("adding {:?}", Some(own))), "{keys:?}");
    assert_eq!(keys[4..], ["adding None"], "nobody's");
}
