//! What a server comes to need when it is under load for long: nothing that grows.
//!
//! Half of the load are calls of a function, half are durable runs of three nodes.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::{Instant, interval};

use crate::Options;
use crate::connection::post;
use crate::open_loop;
use crate::report::{Bound, Report, note};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};

mod growth;

/// How long it lasts where nothing else is said, in minutes.
pub(crate) const MINUTES: u64 = 30;
/// The fewest minutes for which the bounds are meant.
const FEWEST: u64 = 10;
/// How often is looked. Connections are made anew as often, and answers are added up.
const LOOK: Duration = Duration::from_secs(10);
/// The share of the time in which caches fill, and which does not count.
const WARM_UP: f64 = 0.3;
/// Half of 70 % of what the server can take, each of calls and of runs.
const SHARE: f64 = 0.35;
const CONNECTIONS: u32 = 64;
const CALL: &str = r#"{"a":3,"b":4}"#;
const WORKFLOW: &str = "workflow: steps\ninput: { a: u32 }\nnodes:\n  \
    first: { call: add, with: { a: $input.a, b: 1 } }\n  \
    second: { call: add, with: { a: $first, b: 1 } }\n  \
    third: { call: add, with: { a: $second, b: 1 } }\noutput: $third\n";
const JSON: &str = "application/json";
const RUN: &str = r#"{"a":1}"#;

/// What a load came to.
#[derive(Default)]
struct Load {
    answered: f64,
    failed: f64,
    /// Of each part.
    p99: Vec<f64>,
}

/// What the server has at some moment, by minutes from the beginning.
struct Sample {
    minute: f64,
    mebibytes: f64,
    descriptors: f64,
    threads: f64,
}

/// Loads a server for long and answers whether it needs no more at the end than after it was warm.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut report = Report::begin();
        let weft = Weft::start().await?;
        weft.deploy("add", "fixtures/arith", json!({})).await?;
        weft.save("steps", WORKFLOW.to_owned()).await?;
        let (calls, runs) = (invoke("add"), invoke("steps"));
        note("what the server can take");
        let capacity = |path: &str, body: &str| -> Result<f64> {
            let request = Request::post(path, body);
            Ok(load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?.rate)
        };
        let (call_rate, run_rate) = (capacity(&calls, CALL)?, capacity(&runs, RUN)?);
        report.row(1, "calls that it can take", "/s", &[call_rate], Bound::None);
        report.row(1, "durable runs that it can take", "/s", &[run_rate], Bound::None);
        note("70 % of that, half of it calls and half of it runs");
        let duration = Duration::from_secs(options.minutes * 60);
        let (called, ran, samples) = tokio::join!(
            keep_loading(
                &weft,
                post(&calls, JSON, CALL.as_bytes()),
                call_rate * SHARE,
                duration
            ),
            keep_loading(
                &weft,
                post(&runs, JSON, RUN.as_bytes()),
                run_rate * SHARE,
                duration
            ),
            watch(&weft, duration)
        );
        show(&called?, &ran?, &samples?, &mut report);
        let meant = options.minutes >= FEWEST;
        if !meant {
            note("the bounds are meant for ten minutes or more");
        }
        Ok(report.end(crate::report::ROUNDS))
    })
}

/// Loads the server at a rate, and adds up.
async fn keep_loading(weft: &Weft, request: Vec<u8>, rate: f64, duration: Duration) -> Result<Load> {
    let (start, mut all) = (Instant::now(), Load::default());
    while start.elapsed() < duration {
        let part = open_loop::load(weft.api.port, request.clone(), CONNECTIONS, rate, LOOK).await?;
        if let Some(failed) = part.failed.first() {
            note(&format!("status {}: {}", failed.status, failed.text));
        }
        all.answered += part.latencies.len() as f64;
        all.failed += part.errors as f64;
        all.p99.push(part.percentile(0.99));
    }
    Ok(all)
}

/// Looks again and again at what the server has, and prints it.
async fn watch(weft: &Weft, duration: Duration) -> Result<Vec<Sample>> {
    let (start, mut looks) = (Instant::now(), interval(LOOK));
    let mut samples = Vec::new();
    while start.elapsed() < duration {
        looks.tick().await;
        let sample = Sample {
            minute: start.elapsed().as_secs_f64() / 60.0,
            mebibytes: weft.api.anonymous()? / (1 << 20) as f64,
            descriptors: weft.api.descriptors()?,
            threads: weft.api.threads()?,
        };
        note(&format!(
            "{:6.2} min {:8.1} MiB {:6} descriptors {:5} threads",
            sample.minute, sample.mebibytes, sample.descriptors, sample.threads
        ));
        samples.push(sample);
    }
    Ok(samples)
}

fn show(called: &Load, ran: &Load, samples: &[Sample], report: &mut Report) {
    for (what, load) in [("calls", called), ("durable runs", ran)] {
        let mut row = |figure: &str, unit: &str, figures: &[f64], bound: Bound| {
            report.row(1, &format!("{what} {figure}"), unit, figures, bound);
        };
        row("answered", "", &[load.answered], Bound::None);
        row("failed", "", &[load.failed], Bound::AtMost(0.0));
        row("p99", "ms", &load.p99, Bound::None);
    }
    let last = samples.last().map_or(0.0, |sample| sample.minute);
    let warm: Vec<&Sample> = samples
        .iter()
        .filter(|sample| sample.minute >= last * WARM_UP)
        .collect();
    let mut row = |what: &str, unit: &str, figure: fn(&Sample) -> f64, most: f64| {
        let points: Vec<(f64, f64)> = warm
            .iter()
            .map(|sample| (sample.minute, figure(sample)))
            .collect();
        let figures: Vec<f64> = points.iter().map(|(_, figure)| *figure).collect();
        report.row(2, what, unit, &figures, Bound::None);
        let slope = growth::slope(&points);
        report.row(
            2,
            &format!("{what}, growth a minute"),
            unit,
            &[slope],
            Bound::AtMost(most),
        );
    };
    row("memory", "MiB", |sample| sample.mebibytes, 1.0);
    row("descriptors", "", |sample| sample.descriptors, 0.5);
    row("threads", "", |sample| sample.threads, 0.2);
}
