//! Bar 6: a thousand functions, and guests that grow their memory.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::connection::{Connection, post};
use crate::report::{Bound, Report, note};
use crate::weft::{Weft, distinct, invoke, read_guest};
use crate::wrk::{Request, load};
use crate::{Options, in_process};

const FUNCTIONS: usize = 1000;
const ADD: &[u8] = br#"{"a":1,"b":2}"#;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    let code = read_guest("fixtures/arith")?;
    note("uploading them");
    for i in 0..FUNCTIONS {
        weft.put(&format!("f-{i}"), distinct(&code, i as u64)).await?;
    }
    let requests: Vec<Vec<u8>> = (0..FUNCTIONS)
        .map(|i| post(&invoke(&format!("f-{i}")), "application/json", ADD))
        .collect();

    let (mut restarts, mut first, mut memory, mut extra) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut weft = weft;
    for _ in 0..options.rounds {
        let (restarted, ready) = weft.restart().await?;
        weft = restarted;
        restarts.push(ready);
        let mut connection = Connection::open(weft.api.port).await?;
        let mut cold = Vec::new();
        for request in &requests {
            let started = Instant::now();
            connection.send(request).await?.ok()?;
            cold.push(started.elapsed().as_secs_f64() * 1e3);
        }
        first.push(crate::report::median(&cold));
        memory.push(weft.api.bytes("smaps_rollup", "Anonymous:")? / 1e6);
        let one = cpu_per_call(
            &weft,
            &mut connection,
            std::iter::repeat_n(&requests[0], FUNCTIONS * 5),
        )
        .await?;
        let all = requests.iter().cycle().take(FUNCTIONS * 5);
        extra.push(cpu_per_call(&weft, &mut connection, all).await? - one);
    }
    report.row(
        6,
        "restart to ready with 1,000 functions",
        "ms",
        &restarts,
        Bound::AtMost(1000.0),
    );
    report.row(
        6,
        "first call of a cold function (median of 1,000)",
        "ms",
        &first,
        Bound::AtMost(2.0),
    );
    report.row(
        6,
        "anonymous memory after calling each of 1,000 once",
        "MB",
        &memory,
        Bound::AtMost(150.0),
    );
    report.row(
        6,
        "CPU of a call round-robin over 1,000, above one's",
        "µs",
        &extra,
        Bound::AtMost(15.0),
    );
    growing(options, report)?;
    growing_served(options, report).await
}

async fn cpu_per_call<'a>(
    weft: &Weft,
    connection: &mut Connection,
    requests: impl Iterator<Item = &'a Vec<u8>>,
) -> Result<f64> {
    let (before, mut calls) = (weft.api.view().cpu_seconds()?, 0.0);
    for request in requests {
        connection.send(request).await?.ok()?;
        calls += 1.0;
    }
    Ok((weft.api.view().cpu_seconds()? - before) * 1e6 / calls)
}

/// A guest that grows its memory on every call, in the tier that the engine moves such guests to: calls per second of
/// two threads over those of one, within one process, as a load generator would need the second core itself.
fn growing(options: &Options, report: &mut Report) -> Result<()> {
    let mut scaling = Vec::new();
    for _ in 0..options.rounds {
        let [one, two] = in_process::calls("fixtures/grow ExplicitBounds fresh")?;
        scaling.push(two / one);
    }
    report.row(
        6,
        "growing guest on 2 cores : on 1",
        "×",
        &scaling,
        Bound::AtLeast(1.5),
    );
    Ok(())
}

/// The same through the server, which has noticed by then that the guest grows: it serves on one thread or on two, while the
/// load generator takes what it needs of the second core.
async fn growing_served(options: &Options, report: &mut Report) -> Result<()> {
    let (one, two) = (
        Weft::start_with(&["--threads", "1"]).await?,
        Weft::start_with(&["--threads", "2"]).await?,
    );
    for weft in [&one, &two] {
        weft.deploy("grow", "fixtures/grow", json!({})).await?;
    }
    let request = Request::post(&format!("{}?export=grow", invoke("grow")), "[1]");
    let mut scaling = Vec::new();
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let [one, two] = [&one, &two].map(|weft| load(&weft.api.view(), &request, 64, options.seconds));
        if round > 0 {
            scaling.push(two?.rate / one?.rate);
        }
    }
    let what = "growing guest served on 2 threads : on 1, load generator beside";
    report.row(6, what, "×", &scaling, Bound::AtLeast(1.5));
    Ok(())
}
