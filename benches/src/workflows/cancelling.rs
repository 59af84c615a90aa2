//! Bar 8: cancelling a run whose innermost guest executes for ever.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::definitions::{FOREVER, LEVELS, nested};
use super::save;
use crate::Options;
use crate::report::{Bound, Report};
use crate::weft::{RUNS, Weft, function};

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    // Nothing else ends the loop.
    let limits = json!({"limits": {"timeout-ms": 600_000, "cpu-time-ms": 600_000}});
    weft.deploy("spin", "fixtures/spin", limits).await?;
    weft.save("forever", FOREVER.to_owned()).await?;
    save(&weft, nested("forever")).await?;
    let mut stopped = Vec::new();
    for _ in 0..options.rounds {
        let start = format!("{}/runs", function(&format!("level-{LEVELS}")));
        let started = weft.post(&start, json!({"n": 1})).await?;
        let run = started["run"].as_str().context("a run has an id")?;
        until(&weft, 1.0, f64::from(LEVELS + 1)).await?;
        let cancelled = Instant::now();
        weft.post(&format!("{RUNS}/{run}/cancel"), json!({})).await?;
        until(&weft, 0.0, 0.0).await?;
        stopped.push(cancelled.elapsed().as_secs_f64() * 1e3);
        let run: serde_json::Value = serde_json::from_str(&weft.get(&format!("{RUNS}/{run}")).await?)?;
        ensure!(run["status"] == "cancelled", "the run is {}", run["status"]);
    }
    let what = "from a cancellation to the end of all 6 runs and the guest";
    report.row(8, what, "ms", &stopped, Bound::AtMost(50.0));
    Ok(())
}

/// Waits until so many guests execute, and so many runs are open.
async fn until(weft: &Weft, guests: f64, runs: f64) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let executing = weft.executing("spin").await?;
        let open = weft.metric("weft_workflow_runs_in_memory", &[]).await?;
        if (executing, open) == (guests, runs) {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "{executing} guests execute in {open} runs"
        );
    }
}
