//! Bar 2: what a call costs at each level.

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::report::{Bound, Report};
use crate::weft::{Weft, invoke};
use crate::wrk::{Outcome, Request, load};

/// The levels, named as the built-in profiles are.
pub(super) const PROFILES: [&str; 3] = ["sandbox", "process", "container"];
const CONNECTIONS: u32 = 64;
const ADD: &str = r#"{"a":3,"b":4}"#;

/// What one round measured at each level.
struct Round {
    many: [Outcome; 3],
    one: [Outcome; 3],
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    for profile in PROFILES {
        weft.deploy(profile, "fixtures/arith", json!({"profile": profile}))
            .await?;
    }
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = Round {
            many: at_each(&weft, CONNECTIONS, options)?,
            one: at_each(&weft, 1, options)?,
        };
        if i > 0 {
            rounds.push(round);
        }
    }
    show(&rounds, report);
    Ok(())
}

fn at_each(weft: &Weft, connections: u32, options: &Options) -> Result<[Outcome; 3]> {
    let view = weft.api.view().with_workers();
    let at = |profile: &str| {
        let request = Request::post(&invoke(profile), ADD);
        load(&view, &request, connections, options.seconds)
    };
    let [sandbox, process, container] = PROFILES.map(at);
    Ok([sandbox?, process?, container?])
}

fn show(rounds: &[Round], report: &mut Report) {
    let over = |figure: &dyn Fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    for (at, profile) in PROFILES.into_iter().enumerate() {
        let bound = match profile {
            "process" => Bound::AtLeast(20_000.0),
            _ => Bound::None,
        };
        let row = format!("{profile}: add(u32, u32) at 64 connections");
        report.row(2, &row, "/s", &over(&|round| round.many[at].rate), bound);
        let row = format!("{profile}: CPU of server and workers per call, 64 connections");
        report.row(
            2,
            &row,
            "µs",
            &over(&|round| round.many[at].cpu_micros),
            Bound::None,
        );
        let row = format!("{profile}: the same, one connection");
        report.row(
            2,
            &row,
            "µs",
            &over(&|round| round.one[at].cpu_micros),
            Bound::None,
        );
        let row = format!("{profile}: time per call, one connection");
        report.row(
            2,
            &row,
            "µs",
            &over(&|round| 1e6 / round.one[at].rate),
            Bound::None,
        );
    }
    for (at, profile) in PROFILES.into_iter().enumerate().skip(1) {
        let extra = over(&|round| round.many[at].cpu_micros - round.many[0].cpu_micros);
        let row = format!("{profile}: CPU per call above the sandbox, 64 connections");
        report.row(2, &row, "µs", &extra, Bound::AtMost(25.0));
    }
}
