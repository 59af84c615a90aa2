//! Bar 10: large values by address.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::definitions::{PASS, passes};
use super::{deploy_chains, handles};
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};

const LENGTH: usize = 64 << 20;
const HOPS: u32 = 20;
/// Runs per round and length of chain.
const RUNS: usize = 20;
const ROOM: [&str; 4] = ["--input", "128MiB", "--result", "128MiB"];

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start_with(&ROOM).await?;
    deploy_chains(&weft).await?;
    weft.save("pass", PASS.to_owned()).await?;
    let (near, far) = ("pass-1".to_owned(), format!("pass-{}", HOPS + 1));
    weft.save(&near, passes(&near, 1)).await?;
    weft.save(&far, passes(&far, HOPS + 1)).await?;
    let address = store(&weft).await?;
    hops(&weft, &address, [&near, &far], options, report).await?;
    handles::measure(&weft, &address, options, report).await?;
    stored_once(&weft, &far, report).await
}

/// Stores a large value and answers its address.
async fn store(weft: &Weft) -> Result<Value> {
    let body = post(
        "/v1/projects/default/blobs",
        "application/octet-stream",
        &vec![7; LENGTH],
    );
    let answer = Connection::open(weft.api.port).await?.send(&body).await?.ok()?;
    let stored: Value = serde_json::from_slice(&answer.body)?;
    let digest = stored["digest"].as_str().context("a blob has a digest")?;
    Ok(json!({"$blob": digest}))
}

/// What one more node costs that is given the value and gives it on.
async fn hops(
    weft: &Weft,
    address: &Value,
    [near, far]: [&str; 2],
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let mut millis = Vec::new();
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let (one, more) = (time(weft, near, address).await?, time(weft, far, address).await?);
        if round > 0 {
            millis.push((more - one) / f64::from(HOPS));
        }
    }
    let what = "a node that hands on 64 MB";
    report.row(10, what, "ms", &millis, Bound::AtMost(1.0));
    Ok(())
}

/// The median time of a run that is given an address and answers one, in milliseconds.
async fn time(weft: &Weft, name: &str, address: &Value) -> Result<f64> {
    let arguments = json!({"data": address}).to_string();
    let path = format!("{}?inline-bytes=1024", invoke(name));
    let request = post(&path, "application/json", arguments.as_bytes());
    let mut connection = Connection::open(weft.api.port).await?;
    let mut elapsed = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        let answer = connection.send(&request).await?.ok()?;
        elapsed.push(started.elapsed().as_secs_f64() * 1e3);
        let result: Value = serde_json::from_slice(&answer.body)?;
        ensure!(result == *address, "{address} came back as {result}");
    }
    Ok(median(&elapsed))
}

/// However often and in whatever way it came, there is one copy on the disk.
async fn stored_once(weft: &Weft, name: &str, report: &mut Report) -> Result<()> {
    let request = post(&invoke(name), "application/octet-stream", &vec![7; LENGTH]);
    let answer = Connection::open(weft.api.port)
        .await?
        .send(&request)
        .await?
        .ok()?;
    ensure!(
        answer.body.len() == LENGTH,
        "{} bytes came back",
        answer.body.len()
    );
    let copies = copies_below(weft.data())?;
    report.row(
        10,
        "copies of it on the disk",
        "",
        &[copies as f64],
        Bound::Exactly(1.0),
    );
    Ok(())
}

/// How many files are long enough to hold it, and how often.
fn copies_below(directory: &Path) -> Result<u64> {
    let mut copies = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        copies += match entry.file_type()?.is_dir() {
            true => copies_below(&entry.path())?,
            false => entry.metadata()?.len() / LENGTH as u64,
        };
    }
    Ok(copies)
}
