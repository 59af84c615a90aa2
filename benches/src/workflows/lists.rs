//! Bar 6: a node that goes over a long list.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::definitions::EACH;
use super::{CONNECTIONS, deploy_chains};
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report};
use crate::weft::{RUNS, Weft, invoke};
use crate::wrk::{Request, load};

const ITEMS: u32 = 100_000;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    weft.save("each", EACH.to_owned()).await?;
    let call = Request::post(&format!("{}?export=add", invoke("arith")), r#"{"a":1,"b":2}"#);
    run(&weft, 100).await?;
    let idle = weft.api.anonymous()?;
    let (mut memory, mut items, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    // The first round warms everything; only its memory counts.
    for round in 0..=options.rounds {
        let plain = load(&weft.api.view(), &call, CONNECTIONS, options.seconds)?.rate;
        let started = Instant::now();
        let (run, peak) = weft.api.peak_during(run(&weft, ITEMS)).await?;
        let elapsed = started.elapsed().as_secs_f64();
        memory.push((peak - idle) / 1e6);
        if round > 0 {
            items.push(f64::from(ITEMS) / elapsed);
            calls.push(plain);
        }
        // Answered once the records have it all, so that nothing of it disturbs the next round.
        weft.get(&format!("{RUNS}/{run}")).await?;
    }
    let ratios: Vec<f64> = items
        .iter()
        .zip(&calls)
        .map(|(items, calls)| items / calls)
        .collect();
    let what = "anonymous memory above idle, over a list of 100,000";
    report.row(6, what, "MB", &memory, Bound::AtMost(200.0));
    report.row(6, "items of a list of 100,000", "/s", &items, Bound::None);
    report.row(6, "plain calls of the same function", "/s", &calls, Bound::None);
    report.row(6, "items : plain calls", "×", &ratios, Bound::AtLeast(0.5));
    Ok(())
}

/// One run over a list of so many numbers; its id.
async fn run(weft: &Weft, count: u32) -> Result<String> {
    let items: Vec<u32> = (0..count).collect();
    let arguments = json!({"items": items}).to_string();
    let request = post(&invoke("each"), "application/json", arguments.as_bytes());
    let answer = Connection::open(weft.api.port)
        .await?
        .send(&request)
        .await?
        .ok()?;
    let sums: Vec<u32> = serde_json::from_slice(&answer.body)?;
    ensure!(
        sums.iter().copied().eq(1..=count),
        "a list of {count} came back as {} others",
        sums.len()
    );
    let run = answer.header("weft-run").context("an answer names its run")?;
    Ok(run.to_owned())
}
