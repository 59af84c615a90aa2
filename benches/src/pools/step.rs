//! Bar 4: a step of load on a pool that has no instance, beside what the simulation says of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::Instant;
use weft_pool::Profile;
use weft_pool::simulate::{Simulation, Trace};

use super::{instances, until_none, with_profiles};
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, median, percentile};
use crate::weft::{Weft, invoke};

/// Clients that begin at once.
const CLIENTS: u32 = 200;
/// What a call takes: it sleeps.
const SERVICE_MS: u64 = 50;
/// How long they call at least, in seconds.
const STEP: u64 = 10;
const GRACE: Duration = Duration::from_secs(3);
/// Between two looks at the number of instances.
const LOOK: Duration = Duration::from_millis(250);
/// Over how much a percentile is taken.
const WINDOW: f64 = 0.25;
const PROFILE: &str = "level = \"process\"\n\
                       slots = 8\n\
                       [scaling]\n\
                       grace-ms = 3000\n";

/// A call: seconds from the step to its answer, what it took in milliseconds, and whether it was answered well.
struct Call {
    at: f64,
    took: f64,
    ok: bool,
}

/// What one step came to.
struct Outcome {
    /// When the load began and ended, in seconds from when the pool was made.
    load: (f64, f64),
    failed: f64,
    settled: f64,
    p99: f64,
    /// Instances at the most, and on average while the load lasted.
    peak: f64,
    average: f64,
    /// Seconds from the last answer to no instance, without the grace.
    emptied: f64,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let (weft, _profiles) = with_profiles(&[("step", PROFILE.to_owned())]).await?;
    // Granted something, so that its clock is the real one and it sleeps in earnest.
    let settings = json!({"profile": "step", "grants": {"keyvalue": ["default"]}});
    weft.deploy("clock", "fixtures/clock", settings).await?;
    let made = Instant::now();
    let seconds = options.seconds.max(STEP);
    let mut outcomes = Vec::new();
    for _ in 0..options.rounds {
        outcomes.push(step(&weft, made, seconds).await?);
    }
    let simulated = simulated(&outcomes)?;
    let over = |figure: fn(&Outcome) -> f64| outcomes.iter().map(figure).collect::<Vec<f64>>();
    // A sum: no round may have any.
    let failed = over(|outcome| outcome.failed).iter().sum();
    report.row(
        4,
        "0 → 200 clients on no process: calls that failed",
        "",
        &[failed],
        Bound::AtMost(0.0),
    );
    report.row(
        4,
        "until the 99th percentile has settled",
        "s",
        &over(|outcome| outcome.settled),
        Bound::AtMost(2.0),
    );
    report.row(
        4,
        "where it settles (a call sleeps 50 ms)",
        "ms",
        &over(|outcome| outcome.p99),
        Bound::None,
    );
    report.row(
        4,
        "from the grace's end to no process",
        "s",
        &over(|outcome| outcome.emptied),
        Bound::AtMost(2.0),
    );
    report.row(
        4,
        "processes at the most",
        "",
        &over(|outcome| outcome.peak),
        Bound::None,
    );
    report.row(
        4,
        "processes on average",
        "",
        &over(|outcome| outcome.average),
        Bound::None,
    );
    let mut foretold = |what: &str, of: fn(&Simulated) -> f64, real: fn(&Outcome) -> f64| {
        let figures: Vec<f64> = simulated.iter().map(of).collect();
        report.row(4, &format!("{what}, simulated"), "", &figures, Bound::None);
        let pairs = figures.iter().zip(&outcomes);
        let off = pairs.map(|(simulated, outcome)| (simulated / real(outcome) - 1.0).abs() * 100.0);
        let row = format!("{what}: the simulation is off by");
        report.row(4, &row, "%", &off.collect::<Vec<f64>>(), Bound::AtMost(20.0));
    };
    foretold(
        "processes at the most",
        |simulated| simulated.peak,
        |outcome| outcome.peak,
    );
    foretold(
        "processes on average",
        |simulated| simulated.average,
        |outcome| outcome.average,
    );
    Ok(())
}

async fn step(weft: &Weft, made: Instant, seconds: u64) -> Result<Outcome> {
    until_none(weft, "clock").await?;
    let ended = Arc::new(AtomicBool::new(false));
    let together = Arc::new(Barrier::new(CLIENTS as usize + 1));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(weft.api.port, Arc::clone(&together), Arc::clone(&ended))))
        .collect();
    together.wait().await;
    let begun = Instant::now();
    let mut counts = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(LOOK).await;
        counts.push(instances(weft, "clock").await? as f64);
    }
    ended.store(true, Ordering::Relaxed);
    let mut calls = Vec::new();
    for client in clients {
        calls.extend(client.await??);
    }
    let last = Instant::now();
    until_none(weft, "clock").await?;
    let emptied = last.elapsed().as_secs_f64() - GRACE.as_secs_f64();
    let (settled, p99) = settled(&calls, seconds as f64);
    let began = begun.duration_since(made).as_secs_f64();
    Ok(Outcome {
        load: (began, began + last.duration_since(begun).as_secs_f64()),
        failed: calls.iter().filter(|call| !call.ok).count() as f64,
        settled,
        p99,
        peak: counts.iter().copied().fold(0.0, f64::max),
        average: counts.iter().sum::<f64>() / counts.len() as f64,
        emptied,
    })
}

async fn client(port: u16, together: Arc<Barrier>, ended: Arc<AtomicBool>) -> Result<Vec<Call>> {
    let body = format!(r#"{{"sleep-ms":{SERVICE_MS}}}"#);
    let request = post(&invoke("clock"), "application/json", body.as_bytes());
    let mut connection = Connection::open(port).await?;
    together.wait().await;
    let (step, mut calls) = (Instant::now(), Vec::new());
    while !ended.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let ok = connection.send(&request).await?.ok().is_ok();
        calls.push(Call {
            at: step.elapsed().as_secs_f64(),
            took: begun.elapsed().as_secs_f64() * 1e3,
            ok,
        });
    }
    Ok(calls)
}

/// From when on the 99th percentile of each window stays within twice of where it is in the second half, and where that is.
fn settled(calls: &[Call], seconds: f64) -> (f64, f64) {
    let windows = (seconds / WINDOW) as usize;
    let p99s: Vec<f64> = (0..windows)
        .map(|window| {
            let (from, to) = (window as f64 * WINDOW, (window + 1) as f64 * WINDOW);
            let within = calls.iter().filter(|call| (from..to).contains(&call.at));
            percentile(&within.map(|call| call.took).collect::<Vec<_>>(), 0.99)
        })
        .collect();
    let level = median(&p99s[windows / 2..]);
    // A window without any answer has none, which is not settled either.
    let unsettled = p99s.iter().rposition(|p99| p99.is_nan() || *p99 > 2.0 * level);
    let first = unsettled.map_or(0, |window| window + 1);
    (first as f64 * WINDOW, level)
}

/// Instances at the most, and on average while the load lasts, as the simulation has them.
struct Simulated {
    peak: f64,
    average: f64,
}

/// The same steps at the same times, simulated: what a pool saw before counts for what it does.
fn simulated(steps: &[Outcome]) -> Result<Vec<Simulated>> {
    let profile = Profile::parse("step", PROFILE)?;
    let mut trace = "0, 0/s\n".to_owned();
    for Outcome { load: (from, to), .. } in steps {
        // Writing to a text does not fail.
        let _ = write!(
            trace,
            "{from:.3}, {CLIENTS} clients, {SERVICE_MS}ms\n{to:.3}, 0/s\n"
        );
    }
    let trace: Trace = trace.parse().context("a trace")?;
    let report = Simulation::of(profile).run(&trace)?;
    let within = |(from, to): (f64, f64)| {
        let moments = report.moments.iter();
        let during = moments.filter(|moment| moment.second > from && moment.second <= to);
        let counts: Vec<f64> = during.map(|moment| f64::from(moment.instances)).collect();
        Simulated {
            peak: counts.iter().copied().fold(0.0, f64::max),
            average: counts.iter().sum::<f64>() / counts.len() as f64,
        }
    };
    Ok(steps.iter().map(|step| within(step.load)).collect())
}
