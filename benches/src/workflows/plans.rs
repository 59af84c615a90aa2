//! Bar 6: reading and checking a large definition, and making a plan of it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use weft_types::{Digest, Durability, FunctionName, Signature, VersionNumber};
use weft_workflow::check::{self, Callees, Found, NotFound};
use weft_workflow::definition;
use weft_workflow::plan::Pins;

use crate::Options;
use crate::report::{Bound, Report};

const NODES: usize = 10_000;

/// Whatever is called takes a text and two numbers and gives a record of such.
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
            signature: Arc::clone(&self.0),
            workflow: false,
            effect_free: true,
            durability: Durability::Durable,
        })
    }
}

pub(super) fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let callees = Anything(Arc::new(Signature {
        params: "record { name: string, count: u64, ratio: f64 }".parse()?,
        result: Some("record { name: string, count: u32, ratio: f64 }".parse()?),
    }));
    let text = text();
    let mut elapsed = Vec::new();
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let started = Instant::now();
        plan(&text, &callees)?;
        if round > 0 {
            elapsed.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let what = "a definition of 10,000 nodes, from its text to its plan";
    report.row(6, what, "ms", &elapsed, Bound::AtMost(300.0));
    Ok(())
}

fn plan(text: &str, callees: &Anything) -> Result<()> {
    let read = definition::read(text.as_bytes(), &definition::Bounds::default());
    let definition = read.definition.context("it cannot be read")?;
    let options = check::Options {
        source: Digest::of(text.as_bytes()),
        function: None,
        pins: &Pins::default(),
        limits: check::Limits::default(),
    };
    let plan = black_box(check::check(&definition, callees, &options)).plan;
    ensure!(plan.is_some(), "it has mistakes");
    Ok(())
}

/// Each node takes a text of the input and numbers of two nodes before it; every tenth has a condition.
fn text() -> String {
    let mut text = String::from("workflow: large\ninput: { name: string, count: u32 }\nnodes:\n");
    for node in 0..NODES {
        let (near, far) = (node.saturating_sub(1), node / 2);
        let (count, ratio) = match node {
            0 => ("$input.count".to_owned(), "1.5".to_owned()),
            _ => (format!("$n{near}.count"), format!("$n{far}.ratio")),
        };
        let when = match node % 10 {
            9 => format!(", when: '$n{far}.count > 3 && $n{far}.name != \"x\"'"),
            _ => String::new(),
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  n{node}: {{ call: step, with: {{ name: $input.name, count: {count}, ratio: {ratio} }}{when} }}"
        );
    }
    text
}
