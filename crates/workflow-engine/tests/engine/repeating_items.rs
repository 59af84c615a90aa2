//! Running a node again that goes over a list, of which some items have results.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::{Value as Json, json};
use weft_types::{RunId, RunStatus, Value};
use weft_workflow::event::ErrorCode;
use weft_workflow::{Event, Place};
use weft_workflow_engine::{Rerun, RunHandle, Selection};

use crate::crashing::split;
use crate::fakes::calls::{Asked, error, parsed};
use crate::fakes::journal::FakeJournal;
use crate::repeating::again;
use crate::world::{World, project};

/// A world with a function that has effects and fails for some numbers, which may be set.
struct Picky {
    world: World,
    refused: Arc<Mutex<BTreeSet<u64>>>,
}

const OVER: &str = r"
    workflow: main
    input: { list: list<u64>, more: u64 }
    nodes:
      each: { call: picky, for-each: $input.list, with: { n: $item }, on-item-failure: continue }
      last: { call: double, with: { n: $input.more }, after: [each] }
    output: $each
";

impl Picky {
    async fn new(text: &str) -> Self {
        let world = World::new().await;
        let refused = Arc::new(Mutex::new(BTreeSet::new()));
        let add = |name: &str, result: &str, output: fn(u64) -> Json| {
            let told = Arc::clone(&refused);
            let program = move |asked: Asked| {
                let n = asked.arguments["n"].as_u64().unwrap();
                let refuses = told.lock().unwrap().contains(&n);
                async move {
                    match refuses {
                        true => Err(error(ErrorCode::Trap, "not this one")),
                        false => Ok(output(n)),
                    }
                }
            };
            world.calls.add(name, "record { n: u64 }", result, false, program);
        };
        add("picky", "u64", |n| json!(n + 100));
        add("large", "string", |n| json!(n.to_string().repeat(100_000)));
        world.define("main", text);
        Self { world, refused }
    }

    fn refuse(&self, numbers: impl IntoIterator<Item = u64>) {
        *self.refused.lock().unwrap() = numbers.into_iter().collect();
        self.world.calls.forget();
    }

    async fn first(&self, list: &[u64]) -> RunHandle {
        let arguments = json!({ "list": list, "more": 1 });
        let handle = self.world.start("main", &arguments).await;
        assert_eq!(handle.ended().await.unwrap().status, RunStatus::Failed);
        handle
    }

    async fn again(&self, of: &RunHandle, arguments: Option<Json>, selection: Selection) -> RunHandle {
        let params = &of.plan().signature.params;
        let request = Rerun {
            arguments: arguments.map(|arguments| Value::Direct(parsed(params, &arguments))),
            ..again(of.id(), selection)
        };
        self.world.engine.rerun(request).await.unwrap()
    }

    /// The numbers that were asked for.
    fn asked(&self) -> Vec<u64> {
        let called = self.world.called();
        let picky = called.iter().filter(|called| called.function == "picky");
        let mut asked: Vec<_> = picky
            .map(|called| called.arguments["n"].as_u64().unwrap())
            .collect();
        asked.sort_unstable();
        asked
    }

    async fn reused(&self, run: RunId) -> u32 {
        let detail = self.world.engine.detail(&project(), run).await.unwrap();
        detail.nodes[0].items.as_ref().unwrap().counts.reused
    }
}

#[tokio::test(start_paused = true)]
async fn only_items_that_failed_are_executed_again() {
    let picky = Picky::new(OVER).await;
    picky.refuse([2, 4]);
    let first = picky.first(&[1, 2, 3, 4]).await;
    picky.refuse([4]);
    let second = picky.again(&first, None, Selection::Failed).await;
    assert_eq!(second.ended().await.unwrap().status, RunStatus::Failed);
    assert_eq!(picky.asked(), [2, 4]);
    assert_eq!(picky.reused(second.id()).await, 2);

    // What was reused once is reused by the next one as well.
    picky.refuse([]);
    let third = picky.again(&second, None, Selection::Failed).await;
    assert_eq!(picky.world.answer(&third).await, json!([101, 102, 103, 104]));
    assert_eq!(picky.asked(), [4]);
    assert_eq!(picky.reused(third.id()).await, 3);
}

#[tokio::test(start_paused = true)]
async fn items_that_are_called_with_something_else_are_executed_again() {
    let picky = Picky::new(OVER).await;
    picky.refuse([3]);
    let first = picky.first(&[1, 2, 3, 4]).await;
    for (list, asked) in [
        (vec![1, 2, 3, 4], vec![3]),
        (vec![1, 7, 3, 4], vec![3, 7]),
        (vec![1, 2, 8], vec![8]),
        (vec![1, 2, 8, 4, 5], vec![5, 8]),
        (vec![], vec![]),
    ] {
        picky.refuse([]);
        let arguments = json!({ "list": list, "more": 2 });
        let handle = picky.again(&first, Some(arguments), Selection::Failed).await;
        let expected: Vec<u64> = list.iter().map(|n| n + 100).collect();
        assert_eq!(picky.world.answer(&handle).await, json!(expected));
        assert_eq!(picky.asked(), asked, "{list:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_asked_for_executes_all_of_its_items() {
    let picky = Picky::new(OVER).await;
    picky.refuse([3]);
    let first = picky.first(&[1, 2, 3]).await;
    let each = first.plan().find("each").unwrap();
    for selection in [
        Selection::Whole,
        Selection::From(vec![each]),
        Selection::Only(vec![each]),
    ] {
        picky.refuse([]);
        let handle = picky.again(&first, None, selection.clone()).await;
        assert_eq!(picky.world.answer(&handle).await, json!([101, 102, 103]));
        assert_eq!(picky.asked(), [1, 2, 3], "{selection:?}");
        assert_eq!(picky.reused(handle.id()).await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn items_of_a_list_that_is_made_anew_are_executed_again() {
    let picky = Picky::new(
        r"
        workflow: main
        input: { list: list<u64>, more: u64 }
        nodes:
          a: { call: double, with: { n: $input.more } }
          each: { call: picky, for-each: $input.list, with: { n: $a }, on-item-failure: continue }
        output: $each
        ",
    )
    .await;
    picky.refuse([2]);
    let first = picky.first(&[1]).await;
    picky.refuse([]);
    let arguments = json!({ "list": [1], "more": 2 });
    let handle = picky.again(&first, Some(arguments), Selection::Failed).await;
    assert_eq!(picky.world.answer(&handle).await, json!([104]));
}

#[tokio::test(start_paused = true)]
async fn large_outputs_are_reused() {
    let picky = Picky::new(
        r"
        workflow: main
        input: { list: list<u64>, more: u64 }
        nodes:
          each: { call: large, for-each: $input.list, with: { n: $item }, on-item-failure: continue }
          last: { call: double, with: { n: $input.more }, after: [each] }
        output: $each
        ",
    )
    .await;
    picky.refuse([2]);
    let first = picky.first(&[1, 2]).await;
    picky.refuse([]);
    let handle = picky.again(&first, None, Selection::Failed).await;
    let answer = picky.world.answer(&handle).await;
    assert_eq!(answer, json!(["1".repeat(100_000), "2".repeat(100_000)]));
    assert_eq!(picky.world.calls.count("large"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_behind_any_frame_comes_to_the_same_end_and_repeats_no_reused_item() {
    let mut picky = Picky::new(OVER).await;
    picky.refuse([2]);
    let first = picky.first(&[1, 2, 3]).await;
    picky.refuse([]);
    picky.world.journal.sync();
    let before = split(picky.world.journal.appended()).len();
    let second = picky.again(&first, None, Selection::Failed).await;
    let (run, expected) = (second.id(), json!([101, 102, 103]));
    assert_eq!(picky.world.answer(&second).await, expected);
    picky.world.journal.sync();
    let frames = split(picky.world.journal.appended());
    let reused = |events: &[weft_workflow::Stamped]| {
        let reused = events
            .iter()
            .filter(|it| matches!(it.event, Event::ItemReused { .. }));
        reused.count()
    };
    assert_eq!(reused(&FakeJournal::events_in(&frames, run)), 2);
    for crash in before + 1..=frames.len() {
        let prefix = frames[..crash].to_vec();
        let known = reused(&FakeJournal::events_in(&prefix, run));
        picky.refuse([]);
        picky.world.after_crash(prefix).await;
        let handle = picky.world.engine.handle(&project(), run).await.unwrap();
        assert_eq!(
            picky.world.answer(&handle).await,
            expected,
            "behind frame {crash}"
        );
        let asked = picky.asked();
        assert!(
            !asked.contains(&1) || known < 1,
            "behind frame {crash}: {asked:?}"
        );
        assert!(
            !asked.contains(&3) || known < 2,
            "behind frame {crash}: {asked:?}"
        );
        picky.world.journal.sync();
        let events = FakeJournal::events_in(&picky.world.journal.on_disk(), run);
        let again = events.iter().any(|stamped| match stamped.event {
            Event::NodeSucceeded { place, .. } => place == Place::item(weft_workflow::NodeIndex(0), 0),
            _ => false,
        });
        assert_eq!(again, known < 1, "behind frame {crash}");
    }
}
