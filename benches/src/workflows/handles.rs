//! Bar 10: lending a large value to functions that do not look at it.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::definitions::ignores;
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};

/// Nodes of the longer run.
const NODES: u32 = 21;
/// Requests per round and kind.
const REQUESTS: usize = 300;
/// What a lent value may cost, in microseconds.
const MOST: f64 = 50.0;

pub(super) async fn measure(
    weft: &Weft,
    address: &Value,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    weft.deploy("blobs", "fixtures/blobs", json!({})).await?;
    for (name, nodes) in [("ignore-1", 1), ("ignore-more", NODES)] {
        weft.save(name, ignores(name, nodes)).await?;
    }
    let call = format!("{}?export=ignore", invoke("blobs"));
    let large = json!({"b": address}).to_string();
    let run = json!({"data": address}).to_string();
    let (mut calls, mut nodes) = (Vec::new(), Vec::new());
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let by_address = micros(weft, &call, &large).await?;
        let by_value = micros(weft, &call, r#"{"b":"AA=="}"#).await?;
        let one = micros(weft, &invoke("ignore-1"), &run).await?;
        let more = micros(weft, &invoke("ignore-more"), &run).await?;
        if round > 0 {
            calls.push(by_address - by_value);
            nodes.push((more - one) / f64::from(NODES - 1));
        }
    }
    let what = "a call that is lent 64 MB and does not look, above one byte";
    report.row(10, what, "µs", &calls, Bound::AtMost(MOST));
    let what = "a node that is lent 64 MB and does not look, its call included";
    report.row(10, what, "µs", &nodes, Bound::AtMost(MOST));
    Ok(())
}

/// The median time of a request, in microseconds.
async fn micros(weft: &Weft, path: &str, body: &str) -> Result<f64> {
    let request = post(path, "application/json", body.as_bytes());
    let mut connection = Connection::open(weft.api.port).await?;
    let mut elapsed = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let started = Instant::now();
        let answer = connection.send(&request).await?.ok()?;
        elapsed.push(started.elapsed().as_secs_f64() * 1e6);
        ensure!(answer.body == b"7", "{path} answered {} bytes", answer.body.len());
    }
    Ok(median(&elapsed))
}
