//! Bar 5: the commits that a run waits for, as the engine counts them, and the syncs that reach the disk, as the kernel sees them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{ARGUMENTS, CONNECTIONS, deploy_chains};
use crate::Options;
use crate::connection::{Connection, get, post};
use crate::report::{Bound, Report};
use crate::weft::{RUNS, Weft, function, invoke};
use crate::wrk::{Request, load};

/// Runs one after another.
const ALONE: u32 = 1000;
/// Time between two looks whether anything is left.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Every way to have the disk take something now.
const SYNCS: &str = "trace=fsync,fdatasync,msync,sync_file_range,sync,syncfs";

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let log = tempfile::NamedTempFile::new_in("target")?;
    let weft = Weft::start_under(counting(log.path())).await?;
    deploy_chains(&weft).await?;
    let (mut awaited, mut awaited_async) = (Vec::new(), Vec::new());
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        settled(&weft).await?;
        let (commits, syncs) = one_after_another(&weft, log.path()).await?;
        let asynchronous = asynchronous(&weft).await?;
        settled(&weft).await?;
        let before = count(log.path())?;
        let request = Request::post(&invoke("five"), ARGUMENTS);
        let outcome = load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?;
        settled(&weft).await?;
        let many = (count(log.path())? - before) / outcome.requests;
        if round > 0 {
            awaited.push(commits);
            awaited_async.push(asynchronous);
            alone.push(syncs);
            together.push(many);
        }
    }
    let rows = [
        (
            "commits that a synchronous run waits for",
            awaited,
            Bound::Exactly(1.0),
        ),
        (
            "commits that an asynchronous run waits for",
            awaited_async,
            Bound::Exactly(2.0),
        ),
        ("syncs per run, one run after another", alone, Bound::AtMost(1.1)),
        ("syncs per run, 64 connections", together, Bound::AtMost(0.2)),
    ];
    for (what, figures, bound) in rows {
        report.row(5, what, "", &figures, bound);
    }
    Ok(())
}

/// `strace` beside the program, which stops nowhere but at syncs and writes a line for each.
fn counting(log: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "--seccomp-bpf", "-qq", "-e", SYNCS, "-o"]);
    strace.arg(log);
    strace
}

/// Syncs so far. A call that another thread interrupts has two lines, the second without its name and parenthesis.
fn count(log: &Path) -> Result<f64> {
    let lines = std::fs::read_to_string(log).context("the log of strace")?;
    Ok(lines.lines().filter(|line| is_sync(line)).count() as f64)
}

fn is_sync(line: &str) -> bool {
    let call = line.split_whitespace().nth(1).unwrap_or_default();
    let name = call.split_once('(').map_or("", |(name, _)| name);
    name.contains("sync")
}

/// Waits until no run is open: a load that ends leaves some behind, which would be counted with what follows.
async fn settled(weft: &Weft) -> Result<()> {
    while weft.metric("weft_workflow_runs_in_memory", &[]).await? > 0.0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Commits and syncs per run.
async fn one_after_another(weft: &Weft, log: &Path) -> Result<(f64, f64)> {
    let request = post(&invoke("five"), "application/json", ARGUMENTS.as_bytes());
    let mut connection = Connection::open(weft.api.port).await?;
    let before = (commits(weft).await?, count(log)?);
    for _ in 0..ALONE {
        connection.send(&request).await?.ok()?;
    }
    let runs = f64::from(ALONE);
    let after = (commits(weft).await?, count(log)?);
    Ok(((after.0 - before.0) / runs, (after.1 - before.1) / runs))
}

/// Commits per run that is started, and asked for until it has ended.
async fn asynchronous(weft: &Weft) -> Result<f64> {
    let start = format!("{}/runs", function("five"));
    let start = post(&start, "application/json", ARGUMENTS.as_bytes());
    let mut connection = Connection::open(weft.api.port).await?;
    let before = commits(weft).await?;
    for _ in 0..ALONE {
        let started: serde_json::Value = serde_json::from_slice(&connection.send(&start).await?.ok()?.body)?;
        let run = started["run"].as_str().context("a run has an id")?;
        let ended = get(&format!("{RUNS}/{run}?wait=30s"));
        connection.send(&ended).await?.ok()?;
    }
    Ok((commits(weft).await? - before) / f64::from(ALONE))
}

async fn commits(weft: &Weft) -> Result<f64> {
    weft.metric("weft_workflow_commits_awaited_total", &[]).await
}
