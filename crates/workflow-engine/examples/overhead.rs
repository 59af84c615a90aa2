//! What the engine costs per node, beside calls that cost nothing and a disk that is always done:
//! `cargo run --release -p weft-workflow-engine --example overhead`.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::image::{Bounds, Image};
use weft_types::value::BlobAddress;
use weft_types::{
    Digest, Durability, FunctionName, ProjectName, RunId, Signature, Value, VersionNumber, json,
};
use weft_workflow::check::{Callees, Found, Missing, NotFound, Options, check};
use weft_workflow::record::RunRecord;
use weft_workflow::{Plan, definition};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blobs::{BlobError, Blobs};
use weft_workflow_engine::port::calls::{CallError, Callee, Calls, NodeCall, NodeReply, Wanted};
use weft_workflow_engine::port::clock::Clock;
use weft_workflow_engine::port::journal::{Entry, Hold, Journal, JournalError, Position, Recovered, Urgency};
use weft_workflow_engine::port::records::{ExpressRun, Records, RecordsError, Referred, RunFilter};
use weft_workflow_engine::port::workflows::{NoPlan, Workflows};
use weft_workflow_engine::{Config, Engine, Error, Ports, StartRun};

/// Everything the engine needs, at no cost.
#[derive(Default)]
struct World {
    position: AtomicU64,
    bytes: AtomicU64,
    plans: Mutex<HashMap<FunctionName, Arc<Plan>>>,
    step: Option<Arc<Step>>,
}

/// A function that answers the same number at once.
struct Step {
    signature: Arc<Signature>,
    answer: Image,
}

impl Journal for World {
    fn append(&self, entry: Entry, _: Urgency) -> Result<Position, JournalError> {
        self.bytes.fetch_add(entry.frames.len() as u64, Relaxed);
        Ok(Position(self.position.fetch_add(1, Relaxed) + 1))
    }

    fn commit(&self, _: Position) -> Boxed<'_, Result<(), JournalError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn committed(&self) -> Position {
        Position(self.position.load(Relaxed))
    }

    fn held(&self) -> Option<Hold> {
        None
    }

    fn recover(&self) -> Boxed<'_, Result<Recovered, JournalError>> {
        Box::pin(std::future::ready(Ok(Recovered::default())))
    }
}

impl Records for World {
    fn settled(&self, _: Position) -> Boxed<'_, bool> {
        Box::pin(std::future::ready(true))
    }

    fn run<'a>(&'a self, _: &'a ProjectName, _: RunId) -> Boxed<'a, Result<Option<RunRecord>, RecordsError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn list<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a RunFilter,
        _: Option<RunId>,
        _: usize,
    ) -> Boxed<'a, Result<Vec<RunRecord>, RecordsError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn history<'a>(
        &'a self,
        _: RunId,
        _: Option<u64>,
        _: usize,
    ) -> Boxed<'a, Result<Vec<(u64, Bytes)>, RecordsError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn blobs(&self, _: Option<(i64, Digest)>, _: usize) -> Boxed<'_, Result<Vec<Referred>, RecordsError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn ended(&self) -> Option<String> {
        None
    }

    fn keep(&self, _: ExpressRun) {}

    fn delete<'a>(&'a self, _: &'a ProjectName, _: RunId) -> Boxed<'a, Result<bool, RecordsError>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

impl Blobs for World {
    fn put<'a>(&'a self, _: &'a ProjectName, bytes: Bytes) -> Boxed<'a, Result<Digest, BlobError>> {
        Box::pin(std::future::ready(Ok(Digest::of(&bytes))))
    }

    fn get<'a>(
        &'a self,
        _: &'a ProjectName,
        address: &'a BlobAddress,
    ) -> Boxed<'a, Result<Bytes, BlobError>> {
        Box::pin(std::future::ready(Err(BlobError::Missing(address.digest))))
    }

    fn keep(&self, _: Vec<(ProjectName, Digest)>) -> Boxed<'_, Result<(), BlobError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Calls for World {
    fn callee(&self, wanted: &Wanted<'_>) -> Result<Arc<dyn Callee>, String> {
        match &self.step {
            Some(step) => Ok(Arc::clone(step) as _),
            None => Err(format!("there is no function `{}`", wanted.function)),
        }
    }
}

impl Callee for Step {
    fn call(self: Arc<Self>, _: NodeCall) -> Boxed<'static, Result<NodeReply, CallError>> {
        let result = Some(self.answer.clone());
        Box::pin(std::future::ready(Ok(NodeReply {
            result,
            cpu_time: Duration::ZERO,
        })))
    }

    fn effect_free(&self) -> bool {
        true
    }

    fn identity(&self) -> Digest {
        Digest::of(b"step")
    }

    fn warm(&self) {}
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, _: Timestamp) -> Boxed<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn pause(&self, _: Duration) -> Boxed<'static, ()> {
        Box::pin(std::future::pending())
    }
}

impl Workflows for World {
    fn plan(
        &self,
        _: &ProjectName,
        workflow: &FunctionName,
        _: Option<VersionNumber>,
    ) -> Result<(VersionNumber, Arc<Plan>), NoPlan> {
        let plans = self
            .plans
            .lock()
            .map_err(|_| NoPlan::NoWorkflow(workflow.clone()))?;
        let plan = plans
            .get(workflow)
            .ok_or_else(|| NoPlan::NoWorkflow(workflow.clone()))?;
        Ok((VersionNumber(1), Arc::clone(plan)))
    }
}

impl Callees for World {
    fn find(
        &self,
        function: &FunctionName,
        _: Option<VersionNumber>,
        _: Option<&str>,
    ) -> Result<Found, NotFound> {
        let plan = self.plan(&"default".parse().map_err(missing)?, function, None);
        let signature = match (&plan, &self.step) {
            (Ok((_, plan)), _) => Arc::new(plan.signature.clone()),
            (Err(_), Some(step)) => Arc::clone(&step.signature),
            (Err(error), None) => return Err(missing(error)),
        };
        Ok(Found {
            version: VersionNumber(1),
            export: 0,
            export_name: "run".into(),
            signature,
            workflow: plan.is_ok(),
            effect_free: true,
            durability: plan.map_or(Durability::Durable, |(_, plan)| plan.durability),
        })
    }
}

fn missing(error: impl std::fmt::Display) -> NotFound {
    NotFound {
        what: Missing::Function,
        message: error.to_string(),
    }
}

impl World {
    fn define(&self, name: &str, text: &str) -> Result<(), Box<dyn std::error::Error>> {
        let read = definition::read(text.as_bytes(), &definition::Bounds::default());
        let definition = read.definition.ok_or("no definition")?;
        let options = Options {
            source: Digest::of(text.as_bytes()),
            function: None,
            pins: &Default::default(),
            limits: Default::default(),
        };
        let checked = check(&definition, self, &options);
        let plan = checked.plan.ok_or_else(|| format!("{:?}", checked.problems))?;
        let mut plans = self.plans.lock().map_err(|_| "poisoned")?;
        plans.insert(name.parse()?, Arc::new(plan));
        Ok(())
    }
}

fn chain(nodes: usize, durability: &str) -> String {
    let mut text = format!("workflow: chain\ndurability: {durability}\ninput: {{ n: u64 }}\nnodes:\n");
    let mut before = "$input.n".to_owned();
    for node in 1..=nodes {
        text += &format!("  n{node}: {{ call: step, with: {{ n: {before} }} }}\n");
        before = format!("$n{node}");
    }
    text + &format!("output: {before}\n")
}

/// Microseconds per run of a workflow: the median of five batches.
async fn time(engine: &Engine, workflow: &str, runs: u32) -> Result<f64, Error> {
    let mut batches = Vec::new();
    for _ in 0..6 {
        let start = Instant::now();
        for _ in 0..runs {
            engine.start(request(workflow)).await?.ended().await?;
        }
        batches.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
    }
    // The first warms up.
    batches.remove(0);
    batches.sort_by(f64::total_cmp);
    Ok(batches[2])
}

fn request(workflow: &str) -> StartRun {
    let name = workflow.parse().unwrap_or_else(|error| panic!("{error}"));
    let project = "default".parse().unwrap_or_else(|error| panic!("{error}"));
    StartRun::new(
        project,
        name,
        Value::Direct(number("record { n: u64 }", "{\"n\":1}")),
    )
}

fn number(ty: &str, text: &str) -> Image {
    let ty = ty.parse().unwrap_or_else(|error| panic!("{error}"));
    let bounds = Bounds {
        bytes: 64,
        elements: 0,
    };
    json::parse(&ty, text.as_bytes(), bounds).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let signature = Signature {
        params: "record { n: u64 }".parse()?,
        result: Some("u64".parse()?),
    };
    let world = Arc::new(World {
        step: Some(Arc::new(Step {
            signature: Arc::new(signature),
            answer: number("u64", "7"),
        })),
        ..World::default()
    });
    for durability in ["durable", "express"] {
        for nodes in [5, 50, 500] {
            world.define(&format!("{durability}{nodes}"), &chain(nodes, durability))?;
        }
    }
    world.define("level0", &chain(1, "durable"))?;
    for level in 1..=5 {
        let inner = level - 1;
        let text = format!(
            "workflow: around\ninput: {{ n: u64 }}\nnodes: {{ inner: {{ call: level{inner}, with: {{ n: $input.n }} }} }}\noutput: \
             $inner\n"
        );
        world.define(&format!("level{level}"), &text)?;
    }
    let ports = Ports {
        journal: Arc::clone(&world) as _,
        records: Arc::clone(&world) as _,
        blobs: Arc::clone(&world) as _,
        calls: Arc::clone(&world) as _,
        workflows: Arc::clone(&world) as _,
        clock: Arc::clone(&world) as _,
    };
    let (engine, recovered) = Engine::open(ports, Config::default()).await?;
    recovered.take_up();
    for durability in ["durable", "express"] {
        for (nodes, runs) in [(5, 20_000), (50, 2_000), (500, 200)] {
            let took = time(&engine, &format!("{durability}{nodes}"), runs).await?;
            println!(
                "{durability:>8} {nodes:>4} nodes: {took:>8.2} us a run, {:>5.2} us a node",
                took / f64::from(nodes)
            );
        }
    }
    let flat = time(&engine, "level0", 20_000).await?;
    let nested = time(&engine, "level5", 20_000).await?;
    println!(
        "  nested 5 levels: {nested:>8.2} us a run, {:>5.2} us a level",
        (nested - flat) / 5.0
    );
    Ok(())
}
