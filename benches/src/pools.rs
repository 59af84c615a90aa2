//! The bars of runtime pools: processes and containers beside the sandbox.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::Options;
use crate::report::{Report, note};
use crate::weft::Weft;

mod ahead;
mod calls;
mod cold;
mod flood;
mod killing;
mod left;
mod moving;
mod step;
mod values;

/// The levels whose instances are processes.
const LEVELS: [&str; 2] = ["process", "container"];
/// How long a pool may take to do what it was told to.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at a pool.
const LOOK: Duration = Duration::from_millis(10);

/// Measures the bars asked for and answers whether all hold.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut report = Report::begin();
        if options.wants(1) {
            note("cold starts, and what idle instances keep for themselves");
            cold::measure(options, &mut report).await?;
        }
        if options.wants(2) {
            note("calls at each level");
            calls::measure(options, &mut report).await?;
            values::measure(options, &mut report).await?;
        }
        if options.wants(4) {
            note("from no call to 200 at once, and back");
            step::measure(options, &mut report).await?;
        }
        if options.wants(5) {
            note("instances killed under load");
            killing::measure(options, &mut report).await?;
        }
        if options.wants(6) {
            note("a function that moves under load");
            moving::measure(options, &mut report).await?;
        }
        if options.wants(8) {
            note("a workflow whose pools are all cold");
            ahead::measure(options, &mut report).await?;
        }
        if options.wants(9) {
            note("a function that floods, and another");
            flood::measure(options, &mut report).await?;
        }
        Ok(report.end(options.rounds))
    })
}

/// A server with profiles of its own: names and texts.
async fn with_profiles(profiles: &[(&str, String)]) -> Result<(Weft, TempDir)> {
    with_arguments(profiles, &[]).await
}

/// One whose `weft serve` has more arguments.
async fn with_arguments(profiles: &[(&str, String)], more: &[&str]) -> Result<(Weft, TempDir)> {
    let directory = tempfile::tempdir()?;
    for (name, text) in profiles {
        std::fs::write(directory.path().join(format!("{name}.toml")), text)?;
    }
    let path = directory.path().to_str().context("a path that is no text")?;
    let weft = Weft::start_with(&[&["--profiles", path], more].concat()).await?;
    Ok((weft, directory))
}

/// How many instances the pools of a function have, starting ones included; 0 where it has no pool.
async fn instances(weft: &Weft, function: &str) -> Result<u64> {
    let page = weft.get(&format!("/v1/pools?function={function}")).await?;
    let page: serde_json::Value = serde_json::from_str(&page)?;
    let pools = page["items"].as_array().context("a page has items")?;
    let count = |pool: &serde_json::Value| {
        let counts = ["starting", "idle", "busy", "draining"].map(|state| &pool["instances"][state]);
        counts
            .into_iter()
            .filter_map(serde_json::Value::as_u64)
            .sum::<u64>()
    };
    Ok(pools.iter().map(count).sum())
}

/// Waits until a function has no instance left.
async fn until_none(weft: &Weft, function: &str) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while instances(weft, function).await? > 0 {
        anyhow::ensure!(Instant::now() < until, "`{function}` keeps instances");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
