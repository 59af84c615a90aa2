//! The bars of the workflow engine, as far as they are measured here: throughput, latency, overhead per node, commits.

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, median, note};
use crate::weft::{Weft, invoke};
use crate::wrk::{Outcome, Request, load};

mod definitions;
mod disk;

const CONNECTIONS: u32 = 64;
const ARGUMENTS: &str = r#"{"n":1}"#;
/// Requests one after another, for a latency.
const ALONE: usize = 2000;

/// What one round measured.
struct Round {
    call: Outcome,
    durable: Outcome,
    express: Outcome,
    nested: Outcome,
    /// Milliseconds of a run alone, and of a sync of the disk.
    alone: f64,
    sync: f64,
    /// Commits that a run waited for.
    commits: f64,
}

/// Measures the bars asked for and answers whether all hold.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<bool> {
    let mut report = Report::begin();
    let weft = Weft::start().await?;
    weft.deploy("arith", "fixtures/arith", json!({})).await?;
    for (name, text) in definitions::all() {
        weft.save(name, text).await?;
    }
    note("runs of five nodes at 64 connections, beside plain calls");
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = round(&weft, options).await?;
        if i > 0 {
            rounds.push(round);
        }
    }
    throughput(&rounds, &mut report);
    if options.wants(4) {
        note("overhead per node");
        overhead(&weft, options, &mut report)?;
    }
    Ok(report.end(options.rounds))
}

async fn round(weft: &Weft, options: &Options) -> Result<Round> {
    let at = |path: String, body: &str| {
        let request = Request::post(&path, body);
        load(&weft.api.view(), &request, CONNECTIONS, options.seconds)
    };
    let call = at(format!("{}?export=add", invoke("arith")), r#"{"a":1,"b":2}"#)?;
    let before = weft.total("weft_workflow_commits_awaited_total").await?;
    let alone = alone(weft).await?;
    let commits = weft.total("weft_workflow_commits_awaited_total").await? - before;
    Ok(Round {
        call,
        durable: at(invoke("five"), ARGUMENTS)?,
        express: at(invoke("five-express"), ARGUMENTS)?,
        nested: at(invoke("five-nested"), ARGUMENTS)?,
        alone,
        sync: disk::sync_millis()?,
        commits: commits / ALONE as f64,
    })
}

/// The median latency of runs one after another, in milliseconds.
async fn alone(weft: &Weft) -> Result<f64> {
    let request = post(&invoke("five"), "application/json", ARGUMENTS.as_bytes());
    let mut connection = Connection::open(weft.api.port).await?;
    let mut elapsed = Vec::with_capacity(ALONE);
    for _ in 0..ALONE {
        let started = std::time::Instant::now();
        connection.send(&request).await?.ok()?;
        elapsed.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&elapsed))
}

fn throughput(rounds: &[Round], report: &mut Report) {
    let over = |f: fn(&Round) -> f64| rounds.iter().map(f).collect::<Vec<f64>>();
    let call = over(|r| r.call.rate);
    report.row(1, "plain calls of the same function", "/s", &call, Bound::None);
    let durable = over(|r| r.durable.rate);
    report.row(
        1,
        "durable runs of 5 nodes",
        "/s",
        &durable,
        Bound::AtLeast(6000.0),
    );
    let nested = over(|r| r.nested.rate);
    report.row(
        1,
        "runs of 5 nested workflows of one node",
        "/s",
        &nested,
        Bound::AtLeast(4000.0),
    );
    report.row(1, "fdatasync of 4 KiB, p50", "ms", &over(|r| r.sync), Bound::None);
    report.row(
        1,
        "a durable run alone, p50",
        "ms",
        &over(|r| r.alone),
        Bound::None,
    );
    let above = over(|r| r.alone - 2.0 * r.sync);
    report.row(
        1,
        "a durable run alone, above two syncs",
        "ms",
        &above,
        Bound::AtMost(0.4),
    );
    let express = over(|r| r.express.rate);
    report.row(3, "express runs of 5 nodes", "/s", &express, Bound::None);
    let share = over(|r| r.express.rate / (r.call.rate / 5.0));
    report.row(
        3,
        "express : a fifth of the plain calls",
        "×",
        &share,
        Bound::AtLeast(0.8),
    );
    let ratio = over(|r| r.express.rate / r.durable.rate);
    report.row(3, "express : durable", "×", &ratio, Bound::AtLeast(1.2));
    let commits = over(|r| r.commits);
    report.row(
        5,
        "commits that a synchronous run waits for",
        "",
        &commits,
        Bound::AtMost(1.0),
    );
}

/// CPU per node, the call of the function included: what a run of one node costs (its HTTP, its start and end) is taken off.
///
/// Shown without a bound: the bound is on what the engine adds to a call, which is not seen from outside.
fn overhead(weft: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    for (nodes, durable, express) in definitions::CHAINS {
        for (class, name, one) in [("durable", durable, "one"), ("express", express, "one-express")] {
            let mut extra = Vec::new();
            for _ in 0..options.rounds {
                let least = cpu(weft, one, options)?;
                extra.push((cpu(weft, name, options)? - least) / f64::from(nodes - 1));
            }
            let what = format!("CPU per node, call included, of {nodes} nodes, {class}");
            report.row(4, &what, "µs", &extra, Bound::None);
        }
    }
    Ok(())
}

fn cpu(weft: &Weft, name: &str, options: &Options) -> Result<f64> {
    let request = Request::post(&invoke(name), ARGUMENTS);
    Ok(load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?.cpu_micros)
}
