//! Runs of 5 to 500 nodes.

use anyhow::Result;

use super::curve::Curve;
use crate::Options;
use crate::report::note;
use crate::weft::{Weft, invoke};
use crate::workflows::definitions::CHAINS;
use crate::workflows::{ARGUMENTS, CONNECTIONS, deploy_chains};
use crate::wrk::{Request, load};

pub(super) async fn measure(options: &Options) -> Result<Curve> {
    note("runs of 1 to 500 nodes");
    let weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    let chains: Vec<_> = std::iter::once((1, "one", "one-express")).chain(CHAINS).collect();
    let mut places: Vec<(u32, [Vec<f64>; 2])> = chains
        .iter()
        .map(|(nodes, ..)| (*nodes, Default::default()))
        .collect();
    // The first round warms everything and is not counted.
    for round in 0..=options.rounds {
        for ((nodes, durable, express), (_, figures)) in chains.iter().zip(&mut places) {
            for (name, figures) in [durable, express].into_iter().zip(figures) {
                let request = Request::post(&invoke(name), ARGUMENTS);
                let runs = load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?;
                if round > 0 {
                    figures.push(runs.rate * f64::from(*nodes));
                }
            }
        }
    }
    let what = "nodes executed per second, 64 connections";
    Ok(Curve::new(
        what,
        "nodes of a run",
        ["durable", "express"],
        &places,
    ))
}
