//! Bar 9: one function is called ten times as often as it can be, another little.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::calls::PROFILES;
use crate::Options;
use crate::connection::post;
use crate::open_loop::{self, Outcome};
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};

/// What a call computes: about a millisecond.
const ROUNDS: &str = r#"{"count":500000}"#;
const CONNECTIONS: u32 = 64;
/// Of the flood: as many calls as may be served and wait, and some more, which are refused.
const FLOODING: u32 = 2_000;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    for level in PROFILES {
        let weft = Weft::start().await?;
        for function in ["flood", "other"] {
            weft.deploy(function, "fixtures/spin", json!({"profile": level}))
                .await?;
        }
        at(level, &weft, options, report).await?;
    }
    Ok(())
}

async fn at(level: &str, weft: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    let rounds = |function: &str| format!("{}?export=rounds", invoke(function));
    let capacity = load(
        &weft.api.view(),
        &Request::post(&rounds("other"), ROUNDS),
        CONNECTIONS,
        options.seconds,
    )?
    .rate;
    let request = |function: &str| post(&rounds(function), "application/json", ROUNDS.as_bytes());
    let duration = Duration::from_secs(options.seconds);
    let others = || open_loop::load(weft.api.port, request("other"), 16, capacity / 10.0, duration);
    let (mut alone, mut beside, mut floods) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        alone.push(others().await?);
        let flood = open_loop::load(
            weft.api.port,
            request("flood"),
            FLOODING,
            capacity * 10.0,
            duration,
        );
        let (flood, other) = tokio::join!(flood, others());
        floods.push(flood?);
        beside.push(other?);
    }
    let answers = |outcome: &Outcome| (outcome.latencies.len() + outcome.errors) as f64;
    ensure!(
        floods.iter().all(|flood| answers(flood) > 0.0),
        "there was no flood"
    );
    show(level, capacity, &alone, &beside, &floods, options, report);
    Ok(())
}

fn show(
    level: &str,
    capacity: f64,
    alone: &[Outcome],
    beside: &[Outcome],
    floods: &[Outcome],
    options: &Options,
    report: &mut Report,
) {
    let mut row = |what: &str, unit: &str, figures: &[f64], bound: Bound| {
        report.row(9, &format!("{level}: {what}"), unit, figures, bound);
    };
    let p99 = |of: &[Outcome]| {
        of.iter()
            .map(|outcome| outcome.percentile(0.99))
            .collect::<Vec<f64>>()
    };
    let per_second = |of: fn(&Outcome) -> usize| {
        let seconds = options.seconds as f64;
        let rates = floods.iter().map(|flood| of(flood) as f64 / seconds);
        rates.collect::<Vec<f64>>()
    };
    row(
        "calls that one function can be called",
        "/s",
        &[capacity],
        Bound::None,
    );
    row(
        "of a flood of ten times that, answered",
        "/s",
        &per_second(|flood| flood.latencies.len()),
        Bound::None,
    );
    row("refused", "/s", &per_second(|flood| flood.errors), Bound::None);
    let undisturbed = p99(alone);
    row(
        "another at a tenth, p99 undisturbed",
        "ms",
        &undisturbed,
        Bound::None,
    );
    row(
        "the same beside the flood",
        "ms",
        &p99(beside),
        Bound::AtMost(2.0 * median(&undisturbed) + 2.0),
    );
    let errors = beside.iter().map(|outcome| outcome.errors as f64).sum();
    row("of its calls failed", "", &[errors], Bound::AtMost(0.0));
}
