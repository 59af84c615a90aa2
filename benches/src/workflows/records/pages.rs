//! Looking at runs among many.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::copies::Copies;
use crate::Options;
use crate::connection::{Connection, get};
use crate::report::{Bound, Report, percentile};
use crate::weft::{RUNS, Weft};

/// Requests of each kind and round.
const LOOKS: usize = 500;
/// A step that visits everything in no apparent order.
const STEP: usize = 104_729;

/// What lists are filtered by, each a page of 100 that begins anywhere. None of it is empty.
const FILTERS: [&str; 4] = ["", "&workflow=five", "&status=failed", "&submitter=user-7"];

pub(super) async fn measure(
    weft: &Weft,
    copies: &Copies,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let mut connection = Connection::open(weft.api.port).await?;
    let (mut lists, mut details) = (Vec::new(), Vec::new());
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let mut slowest = 0.0;
        for filter in FILTERS {
            slowest = f64::max(slowest, list(&mut connection, copies, filter, round).await?);
        }
        let detail = detail(&mut connection, copies, round).await?;
        if round > 0 {
            lists.push(slowest);
            details.push(detail);
        }
    }
    let what = "p99 of a list of 100 of 1,000,000 runs, by the slowest filter";
    report.row(9, what, "ms", &lists, Bound::AtMost(20.0));
    let what = "p99 of the detail of one of 1,000,000 runs";
    report.row(9, what, "ms", &details, Bound::AtMost(20.0));
    Ok(())
}

/// The 99th percentile of lists, in milliseconds.
async fn list(connection: &mut Connection, copies: &Copies, filter: &str, round: usize) -> Result<f64> {
    let mut elapsed = Vec::with_capacity(LOOKS);
    for index in indices(copies, round) {
        // Far enough from the oldest that there is a page of any kind before it.
        let until = copies.at(index.max(copies.ids.len() / 10));
        let path = format!("{RUNS}?limit=100&until={until}{filter}");
        let (answer, took) = look(connection, &path).await?;
        let items = answer["items"].as_array().map_or(0, Vec::len);
        ensure!(items == 100, "{path} has {items} items");
        elapsed.push(took);
    }
    Ok(percentile(&elapsed, 0.99))
}

/// The 99th percentile of details, in milliseconds.
async fn detail(connection: &mut Connection, copies: &Copies, round: usize) -> Result<f64> {
    let mut elapsed = Vec::with_capacity(LOOKS);
    for index in indices(copies, round) {
        let run = copies.ids[index].to_string();
        let (answer, took) = look(connection, &format!("{RUNS}/{run}")).await?;
        ensure!(answer["run"] == run, "{run} is answered by {}", answer["run"]);
        elapsed.push(took);
    }
    Ok(percentile(&elapsed, 0.99))
}

fn indices(copies: &Copies, round: usize) -> impl Iterator<Item = usize> {
    let count = copies.ids.len();
    (0..LOOKS).map(move |look| (look + round * LOOKS) * STEP % count)
}

/// An answer, and how many milliseconds it took to come.
async fn look(connection: &mut Connection, path: &str) -> Result<(Value, f64)> {
    let request = get(path);
    let started = Instant::now();
    let answer = connection.send(&request).await?.ok()?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    Ok((serde_json::from_slice(&answer.body)?, took))
}
