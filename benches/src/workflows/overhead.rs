//! Bar 4: what the engine adds to the calls it makes, in CPU of the server, its writers and the projector of records included.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use super::definitions::CHAINS;
use super::{ARGUMENTS, CONNECTIONS, with_chains};
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};
use crate::{Options, in_process};

/// A plain call of the function that all nodes call.
const PLAIN: &str = "plain call";
/// Most that the dearest chain may cost per node, beside the cheapest.
const FLAT: f64 = 1.25;

/// Microseconds of CPU of one round.
struct Round {
    /// Of a call by itself: in a loop, with neither HTTP nor a pool around it.
    call: f64,
    /// Of a request over HTTP, by the function or workflow that it calls.
    requests: HashMap<&'static str, f64>,
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
    for (class, one, most) in [("express", "one-express", 10.0), ("durable", "one", 20.0)] {
        let chains = CHAINS.map(|(nodes, durable, express)| match class {
            "express" => (nodes, express),
            _ => (nodes, durable),
        });
        show(&rounds, class, one, chains, most, report)?;
    }
    Ok(())
}

fn show(
    rounds: &[Round],
    class: &str,
    one: &str,
    chains: [(u32, &str); 3],
    most: f64,
    report: &mut Report,
) -> Result<()> {
    let mut medians = Vec::new();
    for (nodes, name) in chains {
        let figures = over(rounds, |round| round.per_node(nodes, name, one))?;
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
        let cpu = |name: &'static str, path: &str, arguments: &str| -> Result<_> {
            let request = Request::post(path, arguments);
            let outcome = load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?;
            Ok((name, outcome.cpu_micros))
        };
        let plain = cpu(
            PLAIN,
            &format!("{}?export=add", invoke("arith")),
            r#"{"a":1,"b":1}"#,
        )?;
        let chains = CHAINS
            .iter()
            .flat_map(|(_, durable, express)| [*durable, *express]);
        let runs = chains.chain(["one", "one-express"]);
        let requests = runs.map(|name| cpu(name, &invoke(name), ARGUMENTS));
        Ok(Self {
            call: 1e6 / calls,
            requests: requests.chain([Ok(plain)]).collect::<Result<_>>()?,
        })
    }

    /// What one more node costs, its call taken off.
    fn per_node(&self, nodes: u32, name: &str, one: &str) -> Result<f64> {
        let more = f64::from(nodes - 1);
        Ok((self.of(name)? - self.of(one)?) / more - self.call)
    }

    /// A run over HTTP less a call over HTTP and all other calls, by its nodes.
    fn per_node_in_all(&self, nodes: u32, name: &str) -> Result<f64> {
        let calls = self.of(PLAIN)? + f64::from(nodes - 1) * self.call;
        Ok((self.of(name)? - calls) / f64::from(nodes))
    }

    fn of(&self, name: &str) -> Result<f64> {
        self.requests
            .get(name)
            .copied()
            .with_context(|| format!("no figure of {name}"))
    }
}
