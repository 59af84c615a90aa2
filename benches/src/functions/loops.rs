//! Bar 7: misbehaving guests end in time and disturb nobody.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::ORDER;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report};
use crate::weft::{Weft, function, invoke};
use crate::{Options, open_loop};

const TIMEOUT: Duration = Duration::from_millis(500);
/// Calls per second of the others: well below what is left beside the loops.
const RATE: f64 = 2000.0;
/// Guests that end badly, and the exports that do it.
const ATTACKS: [(&str, &str); 3] = [("bomb", "fill"), ("deep", "overflow"), ("trap", "unreachable")];

/// The path of calls of one export.
fn exported(function: &str, export: &str) -> String {
    format!("{}?export={export}", invoke(function))
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    weft.deploy("others", "pricing", json!({})).await?;
    // The limit on executing is out of the way, so that what ends a loop is its deadline.
    let limits = json!({"limits": {"timeout-ms": TIMEOUT.as_millis() as u64, "cpu-time-ms": 10_000}});
    weft.deploy("spin", "fixtures/spin", limits).await?;
    weft.deploy(
        "forever",
        "fixtures/spin",
        json!({"limits": {"timeout-ms": 20_000, "cpu-time-ms": 20_000}}),
    )
    .await?;
    let mut alone = Others::default();
    for _ in 0..options.rounds {
        alone.watch(&weft, options).await?;
    }
    report.row(
        7,
        "p99 of other calls, undisturbed",
        "ms",
        &alone.p99,
        Bound::None,
    );
    let undisturbed = crate::report::median(&alone.p99);
    for loops in [1, 8, 32] {
        deadlines(&weft, loops, undisturbed, options, report).await?;
        disconnects(&weft, loops, options, report).await?;
    }
    traps(&weft, undisturbed, options, report).await
}

/// The calls that shall notice nothing, round by round.
#[derive(Default)]
struct Others {
    p99: Vec<f64>,
    errors: Vec<f64>,
}

impl Others {
    async fn watch(&mut self, weft: &Weft, options: &Options) -> Result<()> {
        let request = post(&invoke("others"), "application/json", ORDER.as_bytes());
        let duration = Duration::from_secs(options.seconds);
        let outcome = open_loop::load(weft.api.port, request, 16, RATE, duration).await?;
        self.p99.push(outcome.percentile(0.99));
        self.errors.push(outcome.errors as f64);
        Ok(())
    }

    fn report(&self, beside: &str, undisturbed: f64, report: &mut Report) {
        let extra: Vec<_> = self.p99.iter().map(|p99| p99 - undisturbed).collect();
        let what = format!("{beside}: p99 of other calls above undisturbed");
        report.row(7, &what, "ms", &extra, Bound::AtMost(3.0));
        // A sum: no round may have any.
        let errors = self.errors.iter().sum();
        let what = format!("{beside}: errors of other calls");
        report.row(7, &what, "", &[errors], Bound::AtMost(0.0));
    }
}

async fn deadlines(
    weft: &Weft,
    loops: usize,
    undisturbed: f64,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let (mut late, mut others) = (Vec::new(), Others::default());
    for _ in 0..options.rounds {
        let spinning: Vec<_> = (0..loops)
            .map(|_| tokio::spawn(overrun(weft.api.port, options.seconds)))
            .collect();
        others.watch(weft, options).await?;
        let mut worst: f64 = 0.0;
        for task in spinning {
            worst = worst.max(task.await??);
        }
        late.push(worst);
    }
    report.row(
        7,
        &format!("{loops} loops: latest stop after a deadline"),
        "ms",
        &late,
        Bound::AtMost(10.0),
    );
    others.report(&format!("{loops} loops"), undisturbed, report);
    Ok(())
}

/// Calls the loop again and again for `seconds`; the worst overrun of its deadline, in milliseconds.
async fn overrun(port: u16, seconds: u64) -> Result<f64> {
    let request = post(&exported("spin", "spin"), "application/json", b"{}");
    let mut connection = Connection::open(port).await?;
    let (until, mut worst) = (Instant::now() + Duration::from_secs(seconds), 0.0);
    while Instant::now() < until {
        let started = Instant::now();
        let answer = connection.send(&request).await?;
        ensure!(
            answer.status == 504,
            "an infinite loop answered {}: {}",
            answer.status,
            answer.head
        );
        worst = f64::max(
            worst,
            (started.elapsed().as_secs_f64() - TIMEOUT.as_secs_f64()) * 1e3,
        );
    }
    Ok(worst)
}

/// Starts loops whose clients go away, and sees when none runs any more.
async fn disconnects(weft: &Weft, loops: usize, options: &Options, report: &mut Report) -> Result<()> {
    let request = post(&exported("forever", "spin"), "application/json", b"{}");
    let mut stopped = Vec::new();
    for _ in 0..options.rounds {
        let mut clients = Vec::new();
        for _ in 0..loops {
            let mut connection = Connection::open(weft.api.port).await?;
            connection.begin(&request).await?;
            clients.push(connection);
        }
        until_running(weft, loops).await?;
        let gone = Instant::now();
        drop(clients);
        until_running(weft, 0).await?;
        stopped.push(gone.elapsed().as_secs_f64() * 1e3);
    }
    report.row(
        7,
        &format!("{loops} loops: all stopped after their clients left"),
        "ms",
        &stopped,
        Bound::AtMost(10.0),
    );
    Ok(())
}

/// Waits until exactly `count` loops run, as the metrics tell.
async fn until_running(weft: &Weft, count: usize) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let running = weft.executing("forever").await?;
        if running == count as f64 {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "{running} loops run instead of {count}: {}",
            function("forever")
        );
    }
}

/// Memory bombs, stack overflows and traps beside other calls, none of which may fail.
async fn traps(weft: &Weft, undisturbed: f64, options: &Options, report: &mut Report) -> Result<()> {
    for (guest, _) in ATTACKS {
        weft.deploy(guest, &format!("fixtures/{guest}"), json!({}))
            .await?;
    }
    let mut others = Others::default();
    for _ in 0..options.rounds {
        let port = weft.api.port;
        let attacks: Vec<_> = ATTACKS
            .map(|(guest, export)| tokio::spawn(attack(port, guest, export, options.seconds)))
            .into();
        others.watch(weft, options).await?;
        for attack in attacks {
            attack.await??;
        }
    }
    others.report("bomb, overflow, trap", undisturbed, report);
    Ok(())
}

async fn attack(port: u16, guest: &'static str, export: &'static str, seconds: u64) -> Result<()> {
    let request = post(&exported(guest, export), "application/json", b"{}");
    let mut connection = Connection::open(port).await?;
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let answer = connection.send(&request).await.with_context(|| guest)?;
        ensure!(
            answer.status == 500,
            "{guest} answered {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
