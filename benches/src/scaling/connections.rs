//! Calls and runs over 1 to 256 connections.

use anyhow::Result;

use super::curve::Curve;
use crate::weft::{Weft, invoke};
use crate::workflows::{ARGUMENTS, deploy_chains};
use crate::wrk::{Outcome, Request, load};
use crate::{Options, plain, report::note};

const AT: [u32; 5] = [1, 4, 16, 64, 256];
const ADD: &str = r#"{"a":3,"b":4}"#;

pub(super) async fn measure(options: &Options) -> Result<Vec<Curve>> {
    note("calls and runs over 1 to 256 connections");
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    let plain = plain::start()?;
    let all = [
        (plain.view(), Request::post("/", ADD)),
        (
            weft.api.view(),
            Request::post(&format!("{}?export=add", invoke("arith")), ADD),
        ),
        (weft.api.view(), Request::post(&invoke("five"), ARGUMENTS)),
        (weft.api.view(), Request::post(&invoke("five-express"), ARGUMENTS)),
    ];
    let mut places: Vec<(u32, [Vec<Outcome>; 4])> = AT.map(|at| (at, Default::default())).into();
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        for (connections, outcomes) in &mut places {
            for ((server, request), outcomes) in all.iter().zip(outcomes) {
                let outcome = load(server, request, *connections, options.seconds)?;
                if round > 0 {
                    outcomes.push(outcome);
                }
            }
        }
    }
    let [calls, runs] = [[0, 1], [2, 3]];
    Ok(vec![
        curve(
            "requests per second",
            ["plain hyper", "typed call"],
            &places,
            calls,
            |o| o.rate,
        ),
        curve(
            "runs of 5 nodes per second",
            ["durable", "express"],
            &places,
            runs,
            |o| o.rate,
        ),
        curve(
            "p99 in ms of requests",
            ["plain hyper", "typed call"],
            &places,
            calls,
            |o| o.p99_ms,
        ),
        curve(
            "p99 in ms of runs of 5 nodes",
            ["durable", "express"],
            &places,
            runs,
            |o| o.p99_ms,
        ),
    ])
}

/// A curve of two of what was loaded.
fn curve(
    what: &'static str,
    names: [&'static str; 2],
    places: &[(u32, [Vec<Outcome>; 4])],
    which: [usize; 2],
    figure: fn(&Outcome) -> f64,
) -> Curve {
    let chosen: Vec<(u32, [Vec<f64>; 2])> = places
        .iter()
        .map(|(at, outcomes)| (*at, which.map(|one| outcomes[one].iter().map(figure).collect())))
        .collect();
    Curve::new(what, "connections", names, &chosen)
}
