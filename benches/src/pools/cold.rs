//! Bar 1: how long workers take to start, and what an idle one keeps for itself.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::json;
use weft_isolation::LayerSet;
use weft_isolation::launch::{
    Allowance, ContainerLauncher, Containers, Launch, ProcessLauncher, Runtime, Worker,
};

use super::{LEVELS, until_none, with_profiles};
use crate::Options;
use crate::connection::{Connection, post};
use crate::process::{children, private_memory, tree};
use crate::report::{Bound, Report, percentile};
use crate::weft::{Weft, beside, invoke};

/// Starts of one round.
const STARTS: usize = 100;
/// First calls of one round: each waits until the pool is empty.
const FIRST_CALLS: usize = 20;
/// Idle instances whose memory is looked at.
const IDLE: usize = 4;
const ALLOWANCE: Allowance = Allowance {
    memory: 64 << 20,
    threads: 4,
    files: 64,
    cpu_millis: None,
};
const ADD: &[u8] = br#"{"a":3,"b":4}"#;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    for level in LEVELS {
        // Milliseconds of most starts, and of nearly all.
        let (most, nearly_all) = if level == "process" {
            (4.0, 15.0)
        } else {
            (15.0, 50.0)
        };
        let launcher = launcher(level)?;
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let starts = starts(&*launcher)?;
            p50.push(percentile(&starts, 0.5));
            p99.push(percentile(&starts, 0.99));
        }
        launcher.close()?;
        let row = format!("{level}: start to first byte, p50");
        report.row(1, &row, "ms", &p50, Bound::AtMost(most));
        let row = format!("{level}: start to first byte, p99");
        report.row(1, &row, "ms", &p99, Bound::AtMost(nearly_all));
        through_a_server(level, options, report).await?;
    }
    Ok(())
}

fn launcher(level: &str) -> Result<Box<dyn Launch>> {
    let worker = beside("weft-worker")?;
    if level == "process" {
        return Ok(Box::new(ProcessLauncher::new(
            worker,
            Vec::new(),
            LayerSet::NONE,
        )?));
    }
    let containers = Containers {
        starter: beside("weft-container")?,
        worker,
        arguments: Vec::new(),
        directory: PathBuf::from("/run/weft-bench"),
    };
    let launcher = ContainerLauncher::new(containers, Runtime::Library, LayerSet::NONE)?;
    Ok(Box::new(launcher))
}

/// Milliseconds from the wish for a worker to the first byte that it says when it is confined.
fn starts(launcher: &dyn Launch) -> Result<Vec<f64>> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let worker = start(launcher)?;
        starts.push(begun.elapsed().as_secs_f64() * 1e3);
        worker.end()?;
    }
    Ok(starts)
}

fn start(launcher: &dyn Launch) -> Result<Worker> {
    let arguments = ["key=none".to_owned(), "slots=8".to_owned()];
    let mut worker = launcher.launch("measured", ALLOWANCE, File::open("/dev/null")?, &arguments)?;
    worker.socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    match worker.socket.read(&mut [0; 64]) {
        Ok(1..) => Ok(worker),
        Ok(0) | Err(_) => bail!(
            "a worker did not start: {}",
            worker.end_within(Duration::from_secs(1))?.complaint
        ),
    }
}

/// The same as who calls meets it, with the code that is called; and what instances keep that have served.
async fn through_a_server(level: &str, options: &Options, report: &mut Report) -> Result<()> {
    let brief = format!("level = \"{level}\"\n[scaling]\ninterval-ms = 100\ngrace-ms = 0\n");
    let idle = format!("level = \"{level}\"\nslots = 1\n[scaling]\nmin = {IDLE}\nmax = {IDLE}\n");
    let (weft, _profiles) = with_profiles(&[("brief", brief), ("idle", idle)]).await?;
    weft.deploy("brief", "fixtures/arith", json!({"profile": "brief"}))
        .await?;
    let request = post(&invoke("brief"), "application/json", ADD);
    let mut connection = Connection::open(weft.api.port).await?;
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let mut first = Vec::new();
        for _ in 0..FIRST_CALLS {
            until_none(&weft, "brief").await?;
            let begun = Instant::now();
            connection.send(&request).await?.ok()?;
            first.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        p50.push(percentile(&first, 0.5));
        p99.push(percentile(&first, 0.99));
    }
    let row = format!("{level}: call of a function without instances, p50");
    report.row(1, &row, "ms", &p50, Bound::None);
    let row = format!("{level}: call of a function without instances, p99");
    report.row(1, &row, "ms", &p99, Bound::None);
    until_none(&weft, "brief").await?;
    idle_memory(level, &weft, options, report).await
}

async fn idle_memory(level: &str, weft: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    weft.deploy("idle", "fixtures/arith", json!({"profile": "idle"}))
        .await?;
    let request = post(&invoke("idle"), "application/json", ADD);
    let mut connection = Connection::open(weft.api.port).await?;
    let mut memory = Vec::new();
    for _ in 0..options.rounds {
        for _ in 0..50 * IDLE {
            connection.send(&request).await?.ok()?;
        }
        let instances = children(weft.api.pid());
        ensure!(instances.len() == IDLE, "{} instances", instances.len());
        let processes = instances.iter().flat_map(|instance| tree(*instance));
        let sum: f64 = processes.map(private_memory).sum();
        ensure!(sum > 0.0, "their memory cannot be seen");
        memory.push(sum / IDLE as f64 / 1e6);
    }
    let row = format!("{level}: private memory of an idle instance that has served");
    report.row(1, &row, "MB", &memory, Bound::AtMost(2.0));
    Ok(())
}
