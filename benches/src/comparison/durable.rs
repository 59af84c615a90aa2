//! Durable workflows: five steps, and five calls of other workflows.

use anyhow::Result;
use serde_json::json;

use super::work::{Contender, Figures, Measure, Role, Work};
use crate::Options;
use crate::peers::restate::Restate;
use crate::weft::{Weft, invoke};
use crate::workflows::disk::Sync;
use crate::workflows::effects::with_charges;
use crate::workflows::{ARGUMENTS, CONNECTIONS, deploy_chains};
use crate::wrk::Request;

const EFFECTS: &str = "Weft, each step calls a server";
const NO_EFFECTS: &str = "Weft, steps without effects";

pub(super) async fn measure(options: &Options) -> Result<Vec<Work>> {
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    let sink = with_charges(&weft).await?;
    let restate = Restate::start().await?;
    let arguments = json!({"payee": format!("127.0.0.1:{}", sink.port), "job": "bench"}).to_string();
    let of_weft = |system, name: &str, body: &str| Contender {
        role: Role::Weft,
        system,
        server: weft.api.view(),
        request: Request::post(&invoke(name), body),
    };
    let of_restate = |system, handler: &str| Contender {
        role: Role::Peer,
        system,
        server: restate.view(),
        request: Request::post(&format!("/Steps/{handler}"), "5"),
    };
    let steps = [
        of_weft(EFFECTS, "five-charges", &arguments),
        of_weft(NO_EFFECTS, "five", ARGUMENTS),
        of_restate("Restate, steps that do nothing", "take"),
    ];
    let nested = [
        of_weft("Weft, five workflows of a node", "five-nested", ARGUMENTS),
        of_restate("Restate, five calls without a step", "call"),
    ];
    let how_much = (options.rounds, options.seconds);
    let rate = Measure::Rate(CONNECTIONS);
    let mut alone = Work::done("5 durable steps, alone, p50", Measure::Alone, &steps, how_much).await?;
    alone.figures.push(two_syncs(options)?);
    Ok(vec![
        Work::done("5 durable steps, one after another", rate, &steps, how_much).await?,
        alone,
        Work::done("5 nested workflows or calls", rate, &nested, how_much).await?,
    ])
}

/// What the disk asks of a run that must be kept before it starts and before it is answered.
fn two_syncs(options: &Options) -> Result<Figures> {
    let mut values = Vec::new();
    for _ in 0..options.rounds {
        values.push(2.0 * Sync::measure()?.p50);
    }
    Ok(Figures::new(Role::Limit, "two `fdatasync` of 4 KiB", values))
}
