//! Bar 4: what the engine adds to the calls it makes, in CPU of the server, its writers and the projector of records included.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use super::definitions::CHAINS;
use super::{ARGUMENTS, CONNECTIONS, with_chains};
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};
use crate::{Options, in_process};

/// Most that the dearest chain may cost per node, beside the cheapest.
const FLAT: f64 = 1.25;

/// Turns that a chain and a run of one node take: what differs little must be measured side by side.
const TURNS: u32 = 2;

/// Microseconds of CPU of one round.
struct Round {
    /// Of a call by itself: in a loop, with neither HTTP nor a pool around it.
    call: f64,
    /// Of a call over HTTP.
    plain: f64,
    /// Of a run over HTTP, and of one of a single node beside it, by the workflow.
    runs: HashMap<&'static str, Pair>,
}

#[derive(Clone, Copy)]
struct Pair {
    run: f64,
    single: f64,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = with_chains().await?;
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = Round::measure(&weft, options)?;
        if i > 0 {
            rounds.push(round);
        }
    }
    let calls: Vec<_> = rounds.iter().map(|round| round.call).collect();
    report.row(4, "CPU of the same call in a loop", "µs", &calls, Bound::None);
    for (class, most) in [("express", 10.0), ("durable", 20.0)] {
        let chains = CHAINS.map(|(nodes, durable, express)| match class {
            "express" => (nodes, express),
            _ => (nodes, durable),
        });
        show(&rounds, class, chains, most, report)?;
    }
    Ok(())
}

fn show(
    rounds: &[Round],
    class: &str,
    chains: [(u32, &str); 3],
    most: f64,
    report: &mut Report,
) -> Result<()> {
    let mut medians = Vec::new();
    for (nodes, name) in chains {
        let figures = over(rounds, |round| round.per_node(nodes, name))?;
        let what = format!("engine per node, above its call, {nodes} nodes, {class}");
        report.row(4, &what, "µs", &figures, Bound::AtMost(most));
        medians.push(median(&figures));
    }
    let dearest = medians.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let cheapest = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let what = format!("dearest : cheapest of these, {class}");
    report.row(4, &what, "×", &[dearest / cheapest], Bound::AtMost(FLAT));
    for (nodes, name) in chains {
        let figures = over(rounds, |round| round.per_node_in_all(nodes, name))?;
        let what = format!("the same with a run's beginning and end, {nodes} nodes, {class}");
        report.row(4, &what, "µs", &figures, Bound::None);
    }
    Ok(())
}

fn over(rounds: &[Round], figure: impl Fn(&Round) -> Result<f64>) -> Result<Vec<f64>> {
    rounds.iter().map(figure).collect()
}

impl Round {
    fn measure(weft: &Weft, options: &Options) -> Result<Self> {
        let [calls, _] = in_process::calls("fixtures/arith Optimized fresh")?;
        let cpu = |path: &str, arguments: &str| -> Result<f64> {
            let request = Request::post(path, arguments);
            Ok(load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?.cpu_micros)
        };
        let pair = |name: &'static str, single: &str| -> Result<_> {
            let mut sums = Pair {
                run: 0.0,
                single: 0.0,
            };
            for _ in 0..TURNS {
                sums.single += cpu(&invoke(single), ARGUMENTS)?;
                sums.run += cpu(&invoke(name), ARGUMENTS)?;
            }
            let [run, single] = [sums.run, sums.single].map(|sum| sum / f64::from(TURNS));
            Ok((name, Pair { run, single }))
        };
        let plain = cpu(&format!("{}?export=add", invoke("arith")), r#"{"a":1,"b":1}"#)?;
        let chains = CHAINS.iter();
        let chains = chains.flat_map(|(_, durable, express)| [(*durable, "one"), (*express, "one-express")]);
        Ok(Self {
            call: 1e6 / calls,
            plain,
            runs: chains
                .map(|(name, single)| pair(name, single))
                .collect::<Result<_>>()?,
        })
    }

    /// What one more node costs, its call taken off.
    fn per_node(&self, nodes: u32, name: &str) -> Result<f64> {
        let Pair { run, single } = self.of(name)?;
        Ok((run - single) / f64::from(nodes - 1) - self.call)
    }

    /// A run over HTTP less a call over HTTP and all other calls, by its nodes.
    fn per_node_in_all(&self, nodes: u32, name: &str) -> Result<f64> {
        let calls = self.plain + f64::from(nodes - 1) * self.call;
        Ok((self.of(name)?.run - calls) / f64::from(nodes))
    }

    fn of(&self, name: &str) -> Result<Pair> {
        self.runs
            .get(name)
            .copied()
            .with_context(|| format!("no figure of {name}"))
    }
}
