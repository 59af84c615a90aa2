//! Running again what has ended.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde_json::json;
use weft_types::{NodeStatus, RunId, RunStatus, Value};
use weft_workflow::event::{ErrorCode, Origin, Trigger};
use weft_workflow::state::Reason;
use weft_workflow_engine::{Answer, Error, Rerun, Selection, StartRun};

use crate::fakes::calls::{error, parsed};
use crate::world::{World, chain, project};

pub(crate) fn again(of: RunId, selection: Selection) -> Rerun {
    Rerun {
        project: project(),
        of,
        selection,
        arguments: None,
        submitter: "ann".into(),
        trace: ([1; 16], [2; 8]),
        key: None,
        answer: Answer::End,
    }
}

/// A world in which `moody` fails until it is told not to.
async fn moody() -> (World, Arc<AtomicBool>) {
    let world = World::new().await;
    let well = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&well);
    world
        .calls
        .add("moody", "record { n: u64 }", "u64", true, move |asked| {
            let well = told.load(SeqCst);
            async move {
                match well {
                    true => Ok(asked.arguments["n"].clone()),
                    false => Err(error(ErrorCode::Trap, "not today")),
                }
            }
        });
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes:
          a: { call: double, with: { n: $input.n } }
          b: { call: moody, with: { n: $a } }
          c: { call: double, with: { n: $b } }
          d: { call: pay, with: { n: $a } }
        output: { c: $c, d: $d }
        ",
    );
    (world, well)
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_executed_again_and_the_rest_is_reused() {
    let (world, well) = moody().await;
    let first = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(first.ended().await.unwrap().status, RunStatus::Failed);
    well.store(true, SeqCst);
    world.calls.forget();
    let handle = world
        .engine
        .rerun(again(first.id(), Selection::Failed))
        .await
        .unwrap();
    assert_eq!(world.answer(&handle).await, json!({ "c": 4, "d": 3 }));
    let mut names = world.calls.names();
    names.sort();
    assert_eq!(names, ["double", "moody", "pay"]);
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(detail.record.trigger, Trigger::Rerun { of: first.id() });
    assert_eq!(detail.nodes[0].reason, Some(Reason::Given(Origin::Reused)));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_repeated_from_a_node_on_or_as_a_whole() {
    let (world, well) = moody().await;
    well.store(true, SeqCst);
    let first = world.start("main", &json!({ "n": 1 })).await;
    world.answer(&first).await;
    let plan = Arc::clone(first.plan());
    let node = |name: &str| plan.find(name).unwrap();
    for (selection, calls) in [
        (Selection::Whole, 4),
        (Selection::From(vec![node("b")]), 2),
        (Selection::Only(vec![node("c")]), 1),
    ] {
        world.calls.forget();
        let handle = world
            .engine
            .rerun(again(first.id(), selection.clone()))
            .await
            .unwrap();
        assert_eq!(
            world.answer(&handle).await,
            json!({ "c": 4, "d": 3 }),
            "{selection:?}"
        );
        assert_eq!(world.called().len(), calls, "{selection:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_without_a_result_are_left_out_and_so_is_what_needs_them() {
    let (world, _) = moody().await;
    let first = world.start("main", &json!({ "n": 1 })).await;
    first.ended().await.unwrap();
    world.calls.forget();
    let only = Selection::Only(vec![first.plan().find("d").unwrap()]);
    let handle = world.engine.rerun(again(first.id(), only)).await.unwrap();
    let outcome = handle.ended().await.unwrap();
    assert_eq!(
        (outcome.status, outcome.result.clone()),
        (RunStatus::Succeeded, None)
    );
    assert_eq!(world.calls.names(), ["pay"]);
    let detail = world.engine.detail(&project(), handle.id()).await.unwrap();
    assert_eq!(detail.nodes[1].status, NodeStatus::Skipped);
}

#[tokio::test(start_paused = true)]
async fn arguments_may_be_others_if_they_fit() {
    let (world, well) = moody().await;
    well.store(true, SeqCst);
    let first = world.start("main", &json!({ "n": 1 })).await;
    world.answer(&first).await;
    let params = &first.plan().signature.params;
    let arguments = Value::Direct(parsed(params, &json!({ "n": 10 })));
    let request = Rerun {
        arguments: Some(arguments),
        ..again(first.id(), Selection::Whole)
    };
    let handle = world.engine.rerun(request).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!({ "c": 40, "d": 21 }));
    let wrong = Value::Direct(parsed(&"u64".parse().unwrap(), &json!(1)));
    let request = Rerun {
        arguments: Some(wrong),
        ..again(first.id(), Selection::Whole)
    };
    let refused = world.engine.rerun(request).await.unwrap_err();
    assert!(matches!(refused, Error::WrongType { .. }), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn only_what_has_ended_can_be_repeated() {
    let world = World::new().await;
    world.define("main", &chain("held", 1));
    let handle = world.start_for_id("main", &json!({ "n": 1 })).await;
    let refused = world
        .engine
        .rerun(again(handle.id(), Selection::Whole))
        .await
        .unwrap_err();
    assert_eq!(refused, Error::StillOpen(handle.id()));
    world.release(1);
    world.answer(&handle).await;
    let refused = world
        .engine
        .rerun(again(handle.id(), Selection::Failed))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("no failed nodes"), "{refused}");
    let nobody = RunId::at(jiff::Timestamp::UNIX_EPOCH, [0; 10]);
    let refused = world
        .engine
        .rerun(again(nobody, Selection::Whole))
        .await
        .unwrap_err();
    assert_eq!(refused, Error::NoRun(nobody));
}

#[tokio::test(start_paused = true)]
async fn a_nested_run_is_repeated_by_itself() {
    let world = World::new().await;
    world.define("inner", &chain("double", 1));
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64 }
        nodes: { inner: { call: inner, with: { n: $input.n } } }
        ",
    );
    let outer = world.start("main", &json!({ "n": 4 })).await;
    outer.ended().await.unwrap();
    let inner = world.nested(outer.id())[0];
    let handle = world.engine.rerun(again(inner, Selection::Whole)).await.unwrap();
    assert_eq!(world.answer(&handle).await, json!(8));
    let record = world.engine.record(&project(), handle.id()).await.unwrap();
    assert_eq!((record.trigger, record.depth), (Trigger::Rerun { of: inner }, 0));
}

#[tokio::test(start_paused = true)]
async fn a_repetition_may_take_as_long_as_the_first() {
    let world = World::new().await;
    world.define("main", "workflow: main\nnodes: { long: { sleep: 1h } }");
    let request = StartRun {
        timeout: Some(Duration::from_secs(5)),
        ..world.request("main", &json!({}))
    };
    let first = world.engine.start(request).await.unwrap();
    assert_eq!(first.ended().await.unwrap().status, RunStatus::TimedOut);
    let handle = world
        .engine
        .rerun(again(first.id(), Selection::Whole))
        .await
        .unwrap();
    let outcome = handle.ended().await.unwrap();
    assert_eq!(outcome.status, RunStatus::TimedOut);
    let took = outcome.created_at.duration_until(outcome.finished_at);
    assert_eq!(took.as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn with_other_arguments_nothing_is_reused_that_was_made_of_the_old_ones() {
    let (world, well) = moody().await;
    let first = world.start("main", &json!({ "n": 1 })).await;
    assert_eq!(first.ended().await.unwrap().status, RunStatus::Failed);
    well.store(true, SeqCst);
    let params = &first.plan().signature.params;
    let with = |n: u64, selection| Rerun {
        arguments: Some(Value::Direct(parsed(params, &json!({ "n": n })))),
        ..again(first.id(), selection)
    };
    for (n, calls) in [(10, 4), (1, 3)] {
        world.calls.forget();
        let handle = world.engine.rerun(with(n, Selection::Failed)).await.unwrap();
        assert_eq!(world.answer(&handle).await, json!({ "c": 4 * n, "d": 2 * n + 1 }));
        assert_eq!(world.called().len(), calls, "{n}");
    }
    let d = first.plan().find("d").unwrap();
    let refused = world
        .engine
        .rerun(with(10, Selection::Only(vec![d])))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("node `a`"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_other_arguments_do_not_change_is_reused() {
    let world = World::new().await;
    world.define(
        "main",
        r"
        workflow: main
        input: { n: u64, limit: u64 }
        nodes:
          a: { call: pay, with: { n: $input.n } }
          b: { call: double, with: { n: $a }, when: $a > $input.limit }
          c: { call: pay, with: { n: 7 }, after: [b] }
          d: { call: odd, with: { n: $a }, after: [c] }
        ",
    );
    let first = world.start("main", &json!({ "n": 1, "limit": 100 })).await;
    assert_eq!(first.ended().await.unwrap().status, RunStatus::Failed);
    world.calls.forget();
    let params = &first.plan().signature.params;
    let limit = |limit: u64| {
        let arguments = json!({ "n": 1, "limit": limit });
        Rerun {
            arguments: Some(Value::Direct(parsed(params, &arguments))),
            ..again(first.id(), Selection::Failed)
        }
    };
    for (most, names) in [(50, vec!["odd"]), (0, vec!["double", "odd"])] {
        world.calls.forget();
        let handle = world.engine.rerun(limit(most)).await.unwrap();
        handle.ended().await.unwrap();
        let mut called = world.calls.names();
        called.sort_unstable();
        assert_eq!(called, names, "{most}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_trial_is_repeated_as_a_trial() {
    let world = World::new().await;
    world.define("main", &chain("pay", 2));
    let request = world.request("main", &json!({ "n": 1 }));
    let stub = weft_workflow::event::Given {
        node: weft_workflow::NodeIndex(0),
        origin: Origin::Stub,
        output: Some((&Value::Direct(parsed(&"u64".parse().unwrap(), &json!(40)))).into()),
        skipped: false,
    };
    let request = StartRun {
        given: vec![stub],
        ..request
    };
    let first = world.engine.start(request).await.unwrap();
    assert_eq!(world.answer(&first).await, json!(41));
    let second = world
        .engine
        .rerun(again(first.id(), Selection::Whole))
        .await
        .unwrap();
    assert_eq!(world.answer(&second).await, json!(41));
    assert_eq!(world.calls.names(), ["pay", "pay"], "the second node, twice");
    for run in [first.id(), second.id()] {
        let record = world.engine.record(&project(), run).await.unwrap();
        assert_eq!(record.stubs, 1);
    }
    let detail = world.engine.detail(&project(), second.id()).await.unwrap();
    assert_eq!(detail.nodes[0].reason, Some(Reason::Given(Origin::Stub)));
    let from = Selection::From(vec![weft_workflow::NodeIndex(0)]);
    let refused = world.engine.rerun(again(first.id(), from)).await.unwrap_err();
    assert!(refused.to_string().contains("was not executed"), "{refused}");
}
