//! How long it takes to read and check a workflow of 10,000 nodes, and to put the arguments of a node together.
//!
//! `cargo run --release -p weft-workflow --example plan_size [nodes]`
#![allow(clippy::print_stdout, reason = "printing is what it does")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_types::image::{Bounds, Image};
use weft_types::{Digest, Durability, FunctionName, Signature, VersionNumber, json};
use weft_workflow::check::{self, Callees, Found, NotFound, Options};
use weft_workflow::definition;
use weft_workflow::evaluate::Scope;
use weft_workflow::plan::{Pins, Plan};
use weft_workflow::{NodeIndex, draw};

const ROUNDS: usize = 7;

/// Whatever is called takes a text and two numbers and gives a record.
struct Anything(Arc<Signature>);

impl Callees for Anything {
    fn find(
        &self,
        _: &FunctionName,
        version: Option<VersionNumber>,
        export: Option<&str>,
    ) -> Result<Found, NotFound> {
        Ok(Found {
            version: version.unwrap_or(VersionNumber(1)),
            export: 0,
            export_name: export.unwrap_or("run").into(),
            signature: self.0.clone(),
            workflow: false,
            effect_free: true,
            durability: Durability::Durable,
        })
    }
}

/// The same output for all nodes.
struct Same {
    input: Image,
    output: Image,
}

impl Scope for Same {
    fn input(&self) -> &Image {
        &self.input
    }

    fn globals(&self) -> Option<&Image> {
        None
    }

    fn output(&self, _: NodeIndex) -> Option<&Image> {
        Some(&self.output)
    }

    fn item(&self) -> Option<u32> {
        None
    }

    fn list(&self) -> Option<&Image> {
        None
    }

    fn blob(&self, _: &Digest) -> Option<&Image> {
        None
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let nodes = std::env::args().nth(1).map_or(Ok(10_000), |it| it.parse())?;
    let text = text(nodes);
    println!("{nodes} nodes, {} bytes", text.len());
    let callees = Anything(Arc::new(Signature {
        params: "record { name: string, count: u64, ratio: f64 }".parse()?,
        result: Some("record { name: string, count: u32, ratio: f64 }".parse()?),
    }));
    let read = median(|| definition::read(text.as_bytes(), &definition::Bounds::default()));
    let Some(definition) = definition::read(text.as_bytes(), &definition::Bounds::default()).definition
    else {
        return Err("the definition cannot be read".into());
    };
    let pins = Pins::default();
    let options = Options {
        source: Digest::of(text.as_bytes()),
        function: None,
        pins: &pins,
        limits: check::Limits::default(),
    };
    let checked = median(|| check::check(&definition, &callees, &options));
    let checked_once = check::check(&definition, &callees, &options);
    let Some(plan) = checked_once.plan else {
        return Err(format!("{:#?}", checked_once.problems).into());
    };
    println!("read   {read:>12.2?}");
    println!("check  {checked:>12.2?}");
    println!("draw   {:>12.2?}", median(|| draw::svg(&plan)));
    println!("arguments of a node {:>9.0?}", arguments(&plan)?);
    Ok(())
}

/// Each node takes a text of the input and numbers of two nodes before it; every tenth has a condition.
fn text(nodes: usize) -> String {
    let mut text = String::from("workflow: large\ninput: { name: string, count: u32 }\nnodes:\n");
    for index in 0..nodes {
        let near = index.saturating_sub(1);
        let far = index / 2;
        let (count, ratio) = match index {
            0 => ("$input.count".to_owned(), "1.5".to_owned()),
            _ => (format!("$n{near}.count"), format!("$n{far}.ratio")),
        };
        let when = if index % 10 == 9 {
            format!(", when: '$n{far}.count > 3 && $n{far}.name != \"x\"'")
        } else {
            String::new()
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  n{index}: {{ call: step, with: {{ name: $input.name, count: {count}, ratio: {ratio} }}{when} }}"
        );
    }
    text
}

fn arguments(plan: &Plan) -> Result<Duration, Box<dyn std::error::Error>> {
    const CALLS: u32 = 100_000;
    let bounds = Bounds {
        bytes: 1 << 20,
        elements: 1 << 20,
    };
    let node = NodeIndex(1);
    let output = plan.node(node).output.clone().ok_or("no output")?;
    let scope = Same {
        input: json::parse(&plan.signature.params, br#"{"name":"a name","count":3}"#, bounds)?,
        output: json::parse(&output, br#"{"name":"another","count":4,"ratio":0.5}"#, bounds)?,
    };
    let all = median(|| {
        for _ in 0..CALLS {
            // It failed in no round, or it is seen in the line below.
            let _ = black_box(plan.arguments(node, &scope, bounds));
        }
    });
    plan.arguments(node, &scope, bounds)?;
    Ok(all / CALLS)
}

/// The median time of a few rounds.
fn median<T>(work: impl Fn() -> T) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}
