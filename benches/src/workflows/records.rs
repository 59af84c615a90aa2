//! Bar 9: a million runs in the records.

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use tempfile::TempDir;
use weft_types::RunId;

use super::definitions::BROKEN;
use super::{ARGUMENTS, CONNECTIONS, deploy_chains, with_chains};
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, note};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};

mod copies;
mod pages;
mod retention;

use copies::Copies;

const RUNS: usize = 1_000_000;
/// What runs per second beside a million records may lose against none: what medians of a load can tell.
const UNCHANGED: f64 = 0.95;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let (directory, originals) = originals().await?;
    note("filling the records");
    let data = directory.path().to_owned();
    let copies = on_threads(async move || Copies::fill(&data, &originals, RUNS).await)?;
    let weft = Weft::start_on(directory).await?;
    note("lists and details");
    pages::measure(&weft, &copies, options, report).await?;
    note("runs beside so many records");
    throughput(&weft, options, report).await?;
    let directory = weft.kill();
    note("removing them");
    let (data, rounds) = (directory.path().to_owned(), options.rounds);
    let found = on_threads(async move || retention::measure(&data, &copies, rounds).await)?;
    retention::show(&found, report);
    Ok(())
}

/// A directory in which real runs have ended, well and badly, and their ids.
async fn originals() -> Result<(TempDir, Vec<RunId>)> {
    let weft = with_chains().await?;
    weft.deploy("trap", "fixtures/trap", json!({})).await?;
    weft.save("broken", BROKEN.to_owned()).await?;
    let mut connection = Connection::open(weft.api.port).await?;
    let mut runs = Vec::new();
    for name in ["five", "one", "fifty", "broken"] {
        let request = post(&invoke(name), "application/json", ARGUMENTS.as_bytes());
        let answer = connection.send(&request).await?;
        let told = match answer.header("weft-run") {
            Some(run) => run.to_owned(),
            None => serde_json::from_slice::<serde_json::Value>(&answer.body)?["run"]
                .as_str()
                .context("an answer names its run")?
                .to_owned(),
        };
        // Answered once the records have it all.
        weft.get(&format!("{}/{told}", crate::weft::RUNS)).await?;
        runs.push(told.parse().map_err(|_| anyhow!("`{told}` is no run"))?);
    }
    Ok((weft.kill(), runs))
}

/// Runs per second with so many records, and with next to none, in turn.
async fn throughput(many: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    let few = Weft::start().await?;
    deploy_chains(&few).await?;
    let request = Request::post(&invoke("five"), ARGUMENTS);
    let rate =
        |weft: &Weft| load(&weft.api.view(), &request, CONNECTIONS, options.seconds).map(|load| load.rate);
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let (with, without) = (rate(many)?, rate(&few)?);
        if round > 0 {
            rates.push(with);
            ratios.push(with / without);
        }
    }
    let what = "durable runs of 5 nodes beside 1,000,000 records";
    report.row(9, what, "/s", &rates, Bound::None);
    let what = "the same : beside none";
    report.row(9, what, "×", &ratios, Bound::AtLeast(UNCHANGED));
    Ok(())
}

/// Does work of the store on threads of its own, as a server does.
fn on_threads<T: Send + 'static, F: Future<Output = Result<T>>>(
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime.block_on(work())
    });
    thread
        .join()
        .map_err(|_| anyhow!("the store's thread panicked"))?
}
