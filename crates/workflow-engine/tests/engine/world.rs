//! An engine with its fake ports, and the few things that tests do with it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;
use weft_types::{ProjectName, RunId, RunStatus, Value};
use weft_workflow::event::{ErrorCode, Trigger};
use weft_workflow::frame::Reader;
use weft_workflow::{Event, Plan};
use weft_workflow_engine::port::journal::Entry;
use weft_workflow_engine::{Answer, Config, Engine, Error, Outcome, Ports, Recovered, RunHandle, StartRun};

use crate::fakes::blobs::FakeBlobs;
use crate::fakes::calls::{Called, FakeCalls, error, name, parsed, printed};
use crate::fakes::clock::FakeClock;
use crate::fakes::journal::FakeJournal;
use crate::fakes::records::FakeRecords;
use crate::fakes::workflows::FakeWorkflows;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<FakeJournal>,
    pub(crate) records: Arc<FakeRecords>,
    pub(crate) blobs: Arc<FakeBlobs>,
    pub(crate) calls: Arc<FakeCalls>,
    pub(crate) workflows: Arc<FakeWorkflows>,
    pub(crate) clock: Arc<FakeClock>,
    config: Config,
    /// What `held` calls wait for.
    pub(crate) hold: Arc<Semaphore>,
}

pub(crate) fn project() -> ProjectName {
    "default".parse().unwrap()
}

/// The parameters of most functions.
const N: &str = "record { n: u64 }";

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// A world with these functions: `double` and `add` have no effects, `pay` has; `odd` answers an error for even numbers,
    /// `trap` traps, `held` waits for the test, and `held-pay` does both.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            host: "here".into(),
            ..Config::default()
        };
        change(&mut config);
        let calls = Arc::new(FakeCalls::default());
        let hold = Arc::new(Semaphore::new(0));
        add_functions(&calls, &hold);
        let clock = Arc::new(FakeClock::new());
        let (blobs, workflows) = (FakeBlobs::new(), FakeWorkflows::new(&calls));
        let journal = FakeJournal::new();
        let opened = open(&journal, &blobs, &calls, &workflows, &clock, config.clone());
        let (engine, recovered, records) = opened.await.unwrap();
        recovered.take_up();
        Self {
            engine,
            journal,
            records,
            blobs,
            calls,
            workflows,
            clock,
            config,
            hold,
        }
    }

    /// What there is after a crash that left these entries on the disk.
    pub(crate) async fn after_crash(&mut self, entries: Vec<Entry>) {
        self.opened_after_crash(entries).await.take_up();
    }

    /// The same before the open runs go on.
    pub(crate) async fn opened_after_crash(&mut self, entries: Vec<Entry>) -> Recovered {
        // The drivers of the old process end as if it had been killed: nothing that they do counts any longer.
        self.engine.drain(Duration::ZERO).await;
        self.calls.forget();
        let journal = FakeJournal::with(entries);
        let opened = open(
            &journal,
            &self.blobs,
            &self.calls,
            &self.workflows,
            &self.clock,
            self.config.clone(),
        );
        let (engine, recovered, records) = opened.await.unwrap();
        (self.engine, self.journal, self.records) = (engine, journal, records);
        recovered
    }

    /// The same after a crash now.
    pub(crate) async fn crash(&mut self) {
        let entries = self.journal.on_disk();
        self.after_crash(entries).await;
    }

    /// Changes the bounds that hold from the next crash on.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
    }

    pub(crate) fn define(&self, workflow: &str, text: &str) -> Arc<Plan> {
        self.workflows.add(workflow, text)
    }

    /// A request to run a workflow with these arguments, an object.
    pub(crate) fn request(&self, workflow: &str, arguments: &Json) -> StartRun {
        use weft_workflow_engine::port::workflows::Workflows;
        let (_, plan) = self.workflows.plan(&project(), &name(workflow), None).unwrap();
        let arguments = parsed(&plan.signature.params, arguments);
        StartRun::new(project(), name(workflow), Value::Direct(arguments))
    }

    pub(crate) async fn start(&self, workflow: &str, arguments: &Json) -> RunHandle {
        self.engine
            .start(self.request(workflow, arguments))
            .await
            .unwrap()
    }

    /// Starts a run whose id is answered.
    pub(crate) async fn start_for_id(&self, workflow: &str, arguments: &Json) -> RunHandle {
        let request = StartRun {
            answer: Answer::Id,
            ..self.request(workflow, arguments)
        };
        self.engine.start(request).await.unwrap()
    }

    pub(crate) async fn outcome(&self, workflow: &str, arguments: &Json) -> Arc<Outcome> {
        self.start(workflow, arguments).await.ended().await.unwrap()
    }

    /// Runs a workflow that succeeds: what it answers.
    pub(crate) async fn run(&self, workflow: &str, arguments: &Json) -> Json {
        let handle = self.start(workflow, arguments).await;
        self.answer(&handle).await
    }

    /// What a run that succeeds answers.
    pub(crate) async fn answer(&self, handle: &RunHandle) -> Json {
        let outcome = handle.ended().await.unwrap();
        assert_eq!(outcome.status, RunStatus::Succeeded, "{:?}", outcome.failure);
        self.result(handle.plan(), &outcome).await
    }

    pub(crate) async fn result(&self, plan: &Plan, outcome: &Outcome) -> Json {
        let (Some(value), Some(ty)) = (&outcome.result, &plan.signature.result) else {
            return Json::Null;
        };
        let image = self.engine.load(&project(), value, ty).await.unwrap();
        printed(ty, &image)
    }

    /// The code and text of the failure that ended a run.
    pub(crate) fn failure(outcome: &Outcome) -> (ErrorCode, &str) {
        let (_, error) = outcome.failure.as_ref().unwrap();
        (error.code, &error.message)
    }

    /// The events of a run that were appended.
    pub(crate) fn events(&self, run: RunId) -> Vec<Event> {
        let events = FakeJournal::events_in(&self.journal.appended(), run);
        events.into_iter().map(|stamped| stamped.event).collect()
    }

    pub(crate) fn called(&self) -> Vec<Called> {
        self.calls.called()
    }

    /// Lets so many held calls go on.
    pub(crate) fn release(&self, calls: usize) {
        self.hold.add_permits(calls);
    }

    /// The run that a run has nested at a node, or at an item of it.
    pub(crate) fn nested(&self, of: RunId) -> Vec<RunId> {
        let entries = self.journal.appended();
        let firsts = entries.iter().filter_map(|entry| {
            let first = Reader::new(entry.frames.clone()).next()?.unwrap();
            let Event::Accepted(accepted) = first.stamped.event else {
                return None;
            };
            match accepted.trigger {
                Trigger::Parent { run, .. } if run == of => Some(accepted.run),
                _ => None,
            }
        });
        firsts.collect()
    }

    pub(crate) async fn cancel(&self, run: RunId) -> Result<(), Error> {
        self.engine.cancel(&project(), run, "ann", "enough").await
    }

    /// How the attempts at a node of a run ended that failed, one after another.
    pub(crate) fn failures(&self, run: RunId, node: u32) -> Vec<(ErrorCode, String)> {
        let failed = self.events(run).into_iter().filter_map(|event| match event {
            Event::NodeFailed { place, error, .. } if place.node.0 == node => {
                Some((error.code, error.message))
            }
            _ => None,
        });
        failed.collect()
    }

    pub(crate) async fn status(&self, run: RunId) -> RunStatus {
        self.engine.record(&project(), run).await.unwrap().status
    }
}

async fn open(
    journal: &Arc<FakeJournal>,
    blobs: &Arc<FakeBlobs>,
    calls: &Arc<FakeCalls>,
    workflows: &Arc<FakeWorkflows>,
    clock: &Arc<FakeClock>,
    config: Config,
) -> Result<(Engine, Recovered, Arc<FakeRecords>), Error> {
    let records = FakeRecords::new(journal);
    calls.watch(journal);
    let ports = Ports {
        journal: Arc::clone(journal) as _,
        records: Arc::clone(&records) as _,
        blobs: Arc::clone(blobs) as _,
        calls: Arc::clone(calls) as _,
        workflows: Arc::clone(workflows) as _,
        clock: Arc::clone(clock) as _,
    };
    let (engine, recovered) = Engine::open(ports, config).await?;
    Ok((engine, recovered, records))
}

fn add_functions(calls: &FakeCalls, hold: &Arc<Semaphore>) {
    calls.add("double", N, "u64", true, |asked| async move {
        Ok(json!(number(&asked.arguments, "n") * 2))
    });
    calls.add(
        "add",
        "record { a: u64, b: u64 }",
        "u64",
        true,
        |asked| async move {
            Ok(json!(
                number(&asked.arguments, "a") + number(&asked.arguments, "b")
            ))
        },
    );
    calls.add("pay", N, "u64", false, |asked| async move {
        tokio::task::yield_now().await;
        Ok(json!(number(&asked.arguments, "n") + 1))
    });
    calls.add("odd", N, "result<u64, string>", true, |asked| async move {
        let n = number(&asked.arguments, "n");
        Ok(match n % 2 {
            1 => json!({ "ok": n }),
            _ => json!({ "err": format!("{n} is even") }),
        })
    });
    calls.add("trap", N, "u64", true, |_| async {
        Err(error(ErrorCode::Trap, "unreachable"))
    });
    for (name, effect_free) in [("held", true), ("held-pay", false)] {
        let hold = Arc::clone(hold);
        calls.add(name, N, "u64", effect_free, move |asked| {
            let hold = Arc::clone(&hold);
            async move {
                hold.acquire().await.unwrap().forget();
                Ok(json!(number(&asked.arguments, "n")))
            }
        });
    }
}

pub(crate) fn number(arguments: &Json, field: &str) -> u64 {
    arguments[field].as_u64().unwrap()
}

/// A workflow of so many calls of a function in a row, each of what the one before answered.
pub(crate) fn chain(function: &str, nodes: usize) -> String {
    let mut text = "workflow: chain\ninput: { n: u64 }\nnodes:\n".to_owned();
    let mut before = "$input.n".to_owned();
    for node in 1..=nodes {
        text += &format!("  n{node}: {{ call: {function}, with: {{ n: {before} }} }}\n");
        before = format!("$n{node}");
    }
    text + &format!("output: {before}\n")
}

/// The value of a sample of an engine's metrics, written out as in the text, 0 where it is absent.
pub(crate) fn sample(engine: &Engine, sample: &str) -> f64 {
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(engine.metrics()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// Lets the world go on, a millisecond of stopped time after another, until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{what} never came to hold");
}
