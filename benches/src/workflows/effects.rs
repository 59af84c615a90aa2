//! Bar 2: runs whose nodes reach out, beside what Restate does in steps that reach nowhere.

use anyhow::{Result, ensure};
use serde_json::json;

use super::definitions::FIVE_CHARGES;
use super::{ARGUMENTS, CONNECTIONS, deploy_chains};
use crate::peers::restate::Restate;
use crate::process::Server;
use crate::report::{Bound, Report};
use crate::weft::{Weft, invoke};
use crate::wrk::{Outcome, Request, load};
use crate::{Options, sink};

/// What one round measured.
struct Round {
    charges: Outcome,
    effect_free: Outcome,
    restate: Outcome,
    /// Requests that the sink got for each run that was answered.
    received: f64,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    let sink = with_charges(&weft).await?;
    let restate = Restate::start().await?;
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = round(&weft, &sink, &restate, options).await?;
        if i > 0 {
            rounds.push(round);
        }
    }
    show(&rounds, report);
    Ok(())
}

/// A sink, and a workflow of five nodes that each charge it.
pub(crate) async fn with_charges(weft: &Weft) -> Result<Server> {
    let sink = sink::start()?;
    let grants = json!({"http": [format!("127.0.0.1:{}", sink.port)], "private-network": true});
    weft.deploy("charge", "fixtures/charge", json!({"grants": grants}))
        .await?;
    weft.save("five-charges", FIVE_CHARGES.to_owned()).await?;
    Ok(sink)
}

async fn round(weft: &Weft, sink: &Server, restate: &Restate, options: &Options) -> Result<Round> {
    let at = |path: &str, body: &str| {
        let request = Request::post(path, body);
        load(&weft.api.view(), &request, CONNECTIONS, options.seconds)
    };
    let before = sink::received(sink.port).await?;
    let arguments = json!({"payee": format!("127.0.0.1:{}", sink.port), "job": "bench"});
    let charges = at(&invoke("five-charges"), &arguments.to_string())?;
    let received = (sink::received(sink.port).await? - before) / charges.requests;
    ensure!(received >= 5.0, "the sink got {received} requests a run, not 5");
    let steps = Request::post("/Steps/take", "5");
    Ok(Round {
        charges,
        effect_free: at(&invoke("five"), ARGUMENTS)?,
        restate: load(&restate.view(), &steps, CONNECTIONS, options.seconds)?,
        received,
    })
}

fn show(rounds: &[Round], report: &mut Report) {
    let over = |f: fn(&Round) -> f64| rounds.iter().map(f).collect::<Vec<f64>>();
    let mut row = |what, unit, figure, bound| report.row(2, what, unit, &over(figure), bound);
    row(
        "durable runs of 5 nodes that each call a sink (aim: 2500)",
        "/s",
        |r| r.charges.rate,
        Bound::None,
    );
    row(
        "CPU of the server per such run",
        "µs",
        |r| r.charges.cpu_micros,
        Bound::None,
    );
    row(
        "calls that the sink got per run",
        "",
        |r| r.received,
        Bound::AtLeast(5.0),
    );
    row(
        "durable runs of 5 nodes without effects",
        "/s",
        |r| r.effect_free.rate,
        Bound::None,
    );
    row(
        "Restate: 5 durable steps that do nothing",
        "/s",
        |r| r.restate.rate,
        Bound::None,
    );
    row(
        "5 nodes with effects : 5 steps of Restate",
        "×",
        |r| r.charges.rate / r.restate.rate,
        Bound::AtLeast(4.0),
    );
    row(
        "5 nodes without effects : 5 steps of Restate",
        "×",
        |r| r.effect_free.rate / r.restate.rate,
        Bound::AtLeast(10.0),
    );
    report.quote(
        2,
        "quoted, of 2026-11-20, 64 connections: Restate 1.7.12, 5 steps 592/s; Obelisk 0.38.3, 5 activities 79/s",
    );
}
