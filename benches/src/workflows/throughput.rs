//! Bars 1 and 3: runs per second and the latency of one, durable and express.

use anyhow::Result;

use super::disk::Sync;
use super::{ARGUMENTS, CONNECTIONS, with_chains};
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report};
use crate::weft::{Weft, invoke};
use crate::wrk::{Outcome, Request, load};

/// Requests one after another, for a latency.
const ALONE: usize = 2000;

/// What one round measured.
struct Round {
    call: Outcome,
    durable: Outcome,
    express: Outcome,
    nested: Outcome,
    /// Milliseconds of a run alone.
    alone: f64,
    sync: Sync,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = with_chains().await?;
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = round(&weft, options).await?;
        if i > 0 {
            rounds.push(round);
        }
    }
    if options.wants(1) {
        durable(&rounds, report);
    }
    if options.wants(3) {
        express(&rounds, report);
    }
    Ok(())
}

async fn round(weft: &Weft, options: &Options) -> Result<Round> {
    let at = |path: String, body: &str| {
        let request = Request::post(&path, body);
        load(&weft.api.view(), &request, CONNECTIONS, options.seconds)
    };
    Ok(Round {
        call: at(format!("{}?export=add", invoke("arith")), r#"{"a":1,"b":2}"#)?,
        durable: at(invoke("five"), ARGUMENTS)?,
        express: at(invoke("five-express"), ARGUMENTS)?,
        nested: at(invoke("five-nested"), ARGUMENTS)?,
        alone: alone(weft).await?,
        sync: Sync::measure()?,
    })
}

/// The median latency of runs one after another, in milliseconds.
async fn alone(weft: &Weft) -> Result<f64> {
    let request = post(&invoke("five"), "application/json", ARGUMENTS.as_bytes());
    Connection::open(weft.api.port)
        .await?
        .latency(&request, ALONE)
        .await
}

/// What is shown: unit, figure and bound.
type Row = (&'static str, &'static str, fn(&Round) -> f64, Bound);

fn durable(rounds: &[Round], report: &mut Report) {
    let rows: [Row; 6] = [
        (
            "plain calls of the same function",
            "/s",
            |r| r.call.rate,
            Bound::None,
        ),
        (
            "durable runs of 5 nodes",
            "/s",
            |r| r.durable.rate,
            Bound::AtLeast(6000.0),
        ),
        (
            "runs of 5 nested workflows of one node",
            "/s",
            |r| r.nested.rate,
            Bound::AtLeast(4000.0),
        ),
        ("fdatasync of 4 KiB, p50", "ms", |r| r.sync.p50, Bound::None),
        ("a durable run alone, p50", "ms", |r| r.alone, Bound::None),
        (
            "a durable run alone, above two syncs",
            "ms",
            |r| r.alone - 2.0 * r.sync.p50,
            Bound::AtMost(0.4),
        ),
    ];
    show(1, &rows, rounds, report);
}

fn express(rounds: &[Round], report: &mut Report) {
    let rows: [Row; 3] = [
        ("express runs of 5 nodes", "/s", |r| r.express.rate, Bound::None),
        (
            "express : a fifth of the plain calls",
            "×",
            |r| r.express.rate / (r.call.rate / 5.0),
            Bound::AtLeast(0.8),
        ),
        (
            "express : durable",
            "×",
            |r| r.express.rate / r.durable.rate,
            Bound::AtLeast(1.2),
        ),
    ];
    show(3, &rows, rounds, report);
}

fn show(bar: u32, rows: &[Row], rounds: &[Round], report: &mut Report) {
    for (what, unit, figure, bound) in rows {
        let figures: Vec<f64> = rounds.iter().map(figure).collect();
        report.row(bar, what, unit, &figures, *bound);
    }
}
