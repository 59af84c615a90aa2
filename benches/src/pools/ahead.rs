//! Bar 8: a chain whose pools are all cold pays for one start, as each node's instance is started while the one before executes.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::{until_none, with_arguments};
use crate::Options;
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};

/// Nodes of the chain, each calling a function of its own.
const NODES: usize = 5;
/// How long a node takes, in milliseconds; a start takes less.
const NODE_MS: u32 = 60;
/// Cold and warm runs of a round.
const SAMPLES: usize = 3;

/// What one round measured, in milliseconds.
struct Round {
    /// A call of one function, cold and warm.
    call: [f64; 2],
    /// A run of the chain, cold and warm.
    run: [f64; 2],
}

impl Round {
    /// What a cold start costs who waits for it.
    fn start(&self) -> f64 {
        self.call[0] - self.call[1]
    }

    /// How many of those a cold run paid for.
    fn paid(&self) -> f64 {
        (self.run[0] - self.run[1]) / self.start()
    }
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let ahead = rounds(options, &[]).await?;
    let without = rounds(options, &["--run-warm-ahead", "0"]).await?;
    let over = |rounds: &[Round], figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    let mut row = |what: &str, unit: &str, figures: &[f64], bound: Bound| {
        report.row(8, what, unit, figures, bound);
    };
    row(
        "container: what a cold start adds to a call",
        "ms",
        &over(&ahead, Round::start),
        Bound::None,
    );
    row(
        "chain of five nodes of 60 ms: warm",
        "ms",
        &over(&ahead, |round| round.run[1]),
        Bound::None,
    );
    row(
        "the same, all pools cold",
        "ms",
        &over(&ahead, |round| round.run[0]),
        Bound::None,
    );
    row(
        "cold, nothing started ahead",
        "ms",
        &over(&without, |round| round.run[0]),
        Bound::None,
    );
    row(
        "cold starts paid for",
        "",
        &over(&ahead, Round::paid),
        Bound::AtMost(1.2),
    );
    row(
        "cold starts paid for, nothing started ahead",
        "",
        &over(&without, Round::paid),
        Bound::None,
    );
    Ok(())
}

async fn rounds(options: &Options, arguments: &[&str]) -> Result<Vec<Round>> {
    let profile = "level = \"container\"\n[scaling]\ngrace-ms = 1000\ninterval-ms = 100\n".to_owned();
    let (weft, _profiles) = with_arguments(&[("brief", profile)], arguments).await?;
    for node in 0..NODES {
        // With a grant its clock is the host's, and a sleep takes its time.
        let settings = json!({"profile": "brief", "grants": {"keyvalue": ["default"]}});
        weft.deploy(&name(node), "fixtures/clock", settings).await?;
    }
    weft.save("chain", definition()).await?;
    let mut rounds = Vec::new();
    // The first round loads everything and is not counted.
    for i in 0..=options.rounds {
        let round = round(&weft).await?;
        ensure!(
            round.start() <= f64::from(NODE_MS),
            "a start took {:.1} ms: longer than a node",
            round.start()
        );
        if i > 0 {
            rounds.push(round);
        }
    }
    Ok(rounds)
}

async fn round(weft: &Weft) -> Result<Round> {
    let [mut cold_calls, mut warm_calls, mut cold_runs, mut warm_runs] = [const { Vec::new() }; 4];
    for _ in 0..SAMPLES {
        all_cold(weft).await?;
        cold_calls.push(call(weft).await?);
        warm_calls.push(call(weft).await?);
        all_cold(weft).await?;
        cold_runs.push(run(weft).await?);
        warm_runs.push(run(weft).await?);
    }
    Ok(Round {
        call: [median(&cold_calls), median(&warm_calls)],
        run: [median(&cold_runs), median(&warm_runs)],
    })
}

async fn all_cold(weft: &Weft) -> Result<()> {
    for node in 0..NODES {
        until_none(weft, &name(node)).await?;
    }
    Ok(())
}

async fn call(weft: &Weft) -> Result<f64> {
    timed(
        weft,
        &format!("{}?export=observe", invoke(&name(0))),
        json!({"sleep-ms": NODE_MS}),
    )
    .await
}

async fn run(weft: &Weft) -> Result<f64> {
    timed(weft, &invoke("chain"), json!({})).await
}

async fn timed(weft: &Weft, path: &str, body: serde_json::Value) -> Result<f64> {
    let begun = Instant::now();
    weft.post(path, body).await?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

fn name(node: usize) -> String {
    format!("node-{node}")
}

fn definition() -> String {
    let node = |node: usize| {
        let after = node.checked_sub(1).map(|before| format!(", after: [n{before}]"));
        format!(
            "  n{node}: {{ call: {}#observe, with: {{ sleep-ms: {NODE_MS} }}{} }}\n",
            name(node),
            after.unwrap_or_default()
        )
    };
    let nodes: String = (0..NODES).map(node).collect();
    format!("workflow: chain\nnodes:\n{nodes}")
}
