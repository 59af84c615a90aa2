//! Bar 6: a function moves between levels, and to new versions, while it is called.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::connection::post;
use crate::open_loop::{self, Outcome};
use crate::report::{Bound, Report};
use crate::weft::{Weft, distinct, invoke, read_guest};

const RATE: f64 = 5_000.0;
const CONNECTIONS: u32 = 64;
/// Where it moves, one after the other.
const WAY: [&str; 3] = ["process", "container", "sandbox"];
/// Between two moves.
const PAUSE: Duration = Duration::from_millis(300);
const ADD: &[u8] = br#"{"a":3,"b":4}"#;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    let code = read_guest("fixtures/arith")?;
    weft.put("moves", code.clone()).await?;
    let request = post(&invoke("moves"), "application/json", ADD);
    let at = |duration| open_loop::load(weft.api.port, request.clone(), CONNECTIONS, RATE, duration);
    let (mut still, mut during, mut moves, mut salt) = (Vec::new(), Vec::new(), Vec::new(), 0);
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        let alone = at(Duration::from_secs(options.seconds)).await?;
        let mut times = Vec::new();
        let moving = async {
            for level in WAY {
                tokio::time::sleep(PAUSE).await;
                let begun = Instant::now();
                weft.set("moves", json!({"profile": level})).await?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
                tokio::time::sleep(PAUSE).await;
                salt += 1;
                weft.put("moves", distinct(&code, salt)).await?;
            }
            tokio::time::sleep(PAUSE).await;
            Ok(())
        };
        let moved = open_loop::load_beside(weft.api.port, request.clone(), CONNECTIONS, RATE, moving).await?;
        if round > 0 {
            still.push(alone);
            during.push(moved);
            moves.extend(times);
        }
    }
    show(&still, &during, &moves, report);
    Ok(())
}

fn show(still: &[Outcome], during: &[Outcome], moves: &[f64], report: &mut Report) {
    let sum = |of: fn(&Outcome) -> f64| [during.iter().map(of).sum::<f64>()];
    let p99 = |of: &[Outcome]| {
        of.iter()
            .map(|outcome| outcome.percentile(0.99))
            .collect::<Vec<f64>>()
    };
    report.row(
        6,
        "moves sandbox → process → container → sandbox, each to a version",
        "",
        &[moves.len() as f64],
        Bound::None,
    );
    report.row(6, "what a move takes", "ms", moves, Bound::None);
    report.row(
        6,
        "calls meanwhile, at 5,000 a second",
        "",
        &sum(|outcome| outcome.latencies.len() as f64),
        Bound::None,
    );
    report.row(
        6,
        "of those failed",
        "",
        &sum(|outcome| outcome.errors as f64),
        Bound::AtMost(0.0),
    );
    report.row(6, "their p99", "ms", &p99(during), Bound::None);
    report.row(
        6,
        "p99 at that rate where nothing moves",
        "ms",
        &p99(still),
        Bound::None,
    );
    for failed in during.iter().flat_map(|outcome| &outcome.failed).take(5) {
        report.quote(6, &format!("  failed: {} {:.200}", failed.status, failed.text));
    }
}
