//! Bar 5: instances are killed under load, and nothing of that is noticed but where effects were in flight.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::left::Left;
use super::{LEVELS, LOOK, PATIENCE, until_none, with_profiles};
use crate::Options;
use crate::connection::{Connection, post};
use crate::open_loop::{self, Outcome};
use crate::process::{children, tree};
use crate::report::{Bound, Report};
use crate::weft::{Weft, invoke};

/// Calls per second without effects, and with.
const FREE: f64 = 4_000.0;
const COUNTED: f64 = 1_000.0;
const CONNECTIONS: u32 = 64;
const EVERY: Duration = Duration::from_millis(100);
/// How often a load lasts the seconds that were asked for: kills take time to show what they leave.
const LONGER: u64 = 3;
const ADD: &[u8] = br#"{"a":3,"b":4}"#;

/// What a round came to.
struct Round {
    kills: f64,
    free: Outcome,
    counted: Outcome,
    /// Effects beyond those that were answered and those that may have been.
    unaccounted: f64,
    left: Left,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    for level in LEVELS {
        let profile = format!("level = \"{level}\"\nslots = 8\n[scaling]\nmax = 64\ngrace-ms = 1000\n");
        let (weft, _profiles) = with_profiles(&[("brief", profile)]).await?;
        weft.deploy("free", "fixtures/arith", json!({"profile": "brief"}))
            .await?;
        let settings = json!({"profile": "brief", "grants": {"keyvalue": ["default"]}});
        weft.deploy("counted", "counter", settings).await?;
        // Whatever is made once is made now.
        round(&weft, Duration::from_secs(2)).await?;
        let before = Left::of(&weft)?;
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            rounds.push(round(&weft, Duration::from_secs(options.seconds * LONGER)).await?);
        }
        show(level, &rounds, before, report);
    }
    Ok(())
}

async fn round(weft: &Weft, duration: Duration) -> Result<Round> {
    let port = weft.api.port;
    let add = post(&invoke("free"), "application/json", ADD);
    let count = post(
        &format!("{}?export=add", invoke("counted")),
        "application/json",
        br#"{"name":"n","by":1}"#,
    );
    let before = counter(weft).await?;
    let (free, counted, kills) = tokio::join!(
        open_loop::load(port, add, CONNECTIONS, FREE, duration),
        open_loop::load(port, count, CONNECTIONS, COUNTED, duration),
        kill_for(weft.api.pid(), duration),
    );
    let (free, counted, kills) = (free?, counted?, kills?);
    let happened = counter(weft).await? - before;
    let answered = counted.latencies.len() as f64;
    let unknown = counted.failed.iter().filter(|failed| is_unknown(&failed.text));
    let most = answered + unknown.count() as f64;
    for function in ["free", "counted"] {
        until_none(weft, function).await?;
    }
    Ok(Round {
        kills,
        free,
        counted,
        unaccounted: (answered - happened).max(0.0) + (happened - most).max(0.0),
        left: settled(weft).await?,
    })
}

/// What is left once nothing of it goes any longer, or all has gone: ending takes a moment, which pools do not wait for.
async fn settled(weft: &Weft) -> Result<Left> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = Left::of(weft)?;
        if left.processes + left.groups + left.bundles == 0.0 || Instant::now() > until {
            return Ok(left);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether an answer says that effects may have happened, and how the process was lost.
fn is_unknown(text: &str) -> bool {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    problem["type"] == "/problems/outcome-unknown" && problem["loss"].is_string()
}

/// Kills a random instance every now and then: itself or its guardian. Answers how many.
async fn kill_for(server: u32, duration: Duration) -> Result<f64> {
    let (until, mut kills, mut state) = (Instant::now() + duration, 0.0, 0x2545_f491_4f6c_dd1d_u64);
    let mut turns = tokio::time::interval(EVERY);
    let mut random = |most: usize| {
        // xorshift: which one is killed need not be a secret.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most.max(1) as u64) as usize
    };
    while Instant::now() < until {
        turns.tick().await;
        let instances = children(server);
        let Some(instance) = instances.get(random(instances.len())) else {
            continue;
        };
        let processes = tree(*instance);
        let victim = processes.get(random(processes.len()));
        let victim = victim.and_then(|victim| Pid::from_raw(i32::try_from(*victim).ok()?));
        // One that has just ended was killed before.
        if victim.is_some_and(|victim| kill_process(victim, Signal::KILL).is_ok()) {
            kills += 1.0;
        }
    }
    ensure!(kills > 0.0, "there was nothing to kill");
    Ok(kills)
}

/// What was counted so far. Asked for until an instance answers: the one that would have may just have been killed.
async fn counter(weft: &Weft) -> Result<f64> {
    let request = post(
        &format!("{}?export=add", invoke("counted")),
        "application/json",
        br#"{"name":"n","by":0}"#,
    );
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = Connection::open(weft.api.port).await?.send(&request).await?;
        match answer.ok() {
            Ok(answer) => {
                let value: Value = serde_json::from_slice(&answer.body)?;
                let count = value.as_f64().or_else(|| value["ok"].as_f64());
                return count.with_context(|| format!("the counter answered {value}"));
            }
            Err(error) if Instant::now() > until => return Err(error),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

fn show(level: &str, rounds: &[Round], before: Left, report: &mut Report) {
    let over = |figure: &dyn Fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    // Sums: no round may have any.
    let sum = |figure: &dyn Fn(&Round) -> f64| [over(figure).iter().sum::<f64>()];
    let mut row = |what: &str, unit: &str, figures: &[f64], bound: Bound| {
        report.row(5, &format!("{level}: {what}"), unit, figures, bound);
    };
    let none = Bound::AtMost(0.0);
    row("kills a round", "", &over(&|round| round.kills), Bound::None);
    row(
        "calls a round without effects",
        "",
        &over(&|round| round.free.latencies.len() as f64),
        Bound::None,
    );
    row(
        "of those failed",
        "",
        &sum(&|round| round.free.errors as f64),
        none,
    );
    row(
        "their p99 (nobody killed: see bar 6)",
        "ms",
        &over(&|round| round.free.percentile(0.99)),
        Bound::None,
    );
    row(
        "calls a round with effects whose outcome is unknown",
        "",
        &over(&|round| round.counted.errors as f64),
        Bound::None,
    );
    let otherwise = |round: &Round| {
        let failed = &round.counted.failed;
        (round.counted.errors - failed.iter().filter(|failed| is_unknown(&failed.text)).count()) as f64
    };
    row(
        "of calls with effects failed otherwise",
        "",
        &sum(&otherwise),
        none,
    );
    row(
        "effects that no answer accounts for",
        "",
        &sum(&|round| round.unaccounted),
        none,
    );
    // The last round: what is left of one is left of all.
    let mut left = |what: &str, of: &dyn Fn(&Left) -> f64| {
        let more: Vec<f64> = rounds.iter().map(|round| of(&round.left) - of(&before)).collect();
        row(what, "", &more[more.len().saturating_sub(1)..], none);
    };
    left("processes left", &|left| left.processes);
    left("control groups left", &|left| left.groups);
    left("bundles left", &|left| left.bundles);
    left("mounts left", &|left| left.mounts);
    left("descriptors left", &|left| left.descriptors);
    if let [first, .., last] = rounds {
        let grown = (last.left.memory / first.left.memory - 1.0) * 100.0;
        row(
            "memory of the server, last round : first, grown by",
            "%",
            &[grown],
            Bound::AtMost(5.0),
        );
    }
    for failed in rounds.iter().flat_map(|round| &round.free.failed).take(3) {
        report.quote(5, &format!("  failed: {} {:.200}", failed.status, failed.text));
    }
    let others = rounds.iter().flat_map(|round| &round.counted.failed);
    for failed in others.filter(|failed| !is_unknown(&failed.text)).take(3) {
        report.quote(5, &format!("  failed: {} {:.200}", failed.status, failed.text));
    }
}
