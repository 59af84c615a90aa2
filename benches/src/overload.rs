//! What becomes of a function that is called three times as often as it can be, and how soon it is well again.
//!
//! Before and after, it is called at 70 % of what it can take. The load after begins at the moment at which the flood sends no more, so that
//! whatever still waits then stands in its way.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::Options;
use crate::connection::post;
use crate::open_loop::{self, Outcome};
use crate::report::{Bound, Report, note, percentile};
use crate::weft::{Weft, invoke};
use crate::wrk::{Request, load};

mod recovery;

/// What a call computes: about a millisecond.
const CALL: &str = r#"{"count":500000}"#;
/// Connections of a load that the function can take.
const CONNECTIONS: u32 = 64;
/// Of the flood: as many calls as may be served and wait, and some more, which are refused.
const FLOODING: u32 = 2_000;
/// How many times what the function can take.
const FLOOD: f64 = 3.0;
/// The share of what it can take at which it is well.
const WELL: f64 = 0.7;
/// How long the function may take to be well again.
const RECOVERY: Duration = Duration::from_secs(5);

/// What one round came to.
struct Round {
    well: Outcome,
    flood: Outcome,
    after: Outcome,
}

/// Floods a function and answers whether every bound holds.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut report = Report::begin();
        measure(options, &mut report).await?;
        Ok(report.end(options.rounds))
    })
}

async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    weft.deploy("flooded", "fixtures/spin", json!({})).await?;
    let path = format!("{}?export=rounds", invoke("flooded"));
    note("what the function can take");
    let capacity = load(
        &weft.api.view(),
        &Request::post(&path, CALL),
        CONNECTIONS,
        options.seconds,
    )?
    .rate;
    let request = post(&path, "application/json", CALL.as_bytes());
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        rounds.push(round(&weft, &request, capacity, options.seconds).await?);
    }
    show(&rounds, capacity, options.seconds, report);
    Ok(())
}

async fn round(weft: &Weft, request: &[u8], capacity: f64, seconds: u64) -> Result<Round> {
    let port = weft.api.port;
    let duration = Duration::from_secs(seconds);
    let rate = capacity * WELL;
    let at =
        |connections, rate, duration| open_loop::load(port, request.to_vec(), connections, rate, duration);
    note("at 70 % of that");
    let well = at(CONNECTIONS, rate, duration).await?;
    ensure!(!well.latencies.is_empty(), "nothing was answered at 70 %");
    note("at three times that, then at 70 % again");
    let behind = async {
        tokio::time::sleep(duration).await;
        at(CONNECTIONS, rate, RECOVERY * 2).await
    };
    let (flood, after) = tokio::join!(at(FLOODING, capacity * FLOOD, duration), behind);
    Ok(Round {
        well,
        flood: flood?,
        after: after?,
    })
}

fn show(rounds: &[Round], capacity: f64, seconds: u64, report: &mut Report) {
    let over = |figure: &dyn Fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    let per_second = |count: usize| count as f64 / seconds as f64;
    let lost = |outcome: &Outcome| (outcome.errors - outcome.shed) as f64;
    report.row(
        1,
        "calls that the function can take",
        "/s",
        &[capacity],
        Bound::None,
    );
    let mut row = |bar: u32, what: &str, unit: &str, figure: &dyn Fn(&Round) -> f64, bound: Bound| {
        report.row(bar, what, unit, &over(figure), bound);
    };
    let accepted = |round: &Round| per_second(round.flood.latencies.len());
    row(
        1,
        "of three times as many, answered",
        "/s",
        &accepted,
        Bound::None,
    );
    let shed = |round: &Round| per_second(round.flood.shed);
    row(1, "refused with 503 and Retry-After", "/s", &shed, Bound::None);
    // A sum: no round may have any.
    let other = over(&|round| lost(&round.flood)).iter().sum();
    report.row(1, "lost in any other way", "", &[other], Bound::AtMost(0.0));
    let mut row = |bar: u32, what: &str, unit: &str, figure: &dyn Fn(&Round) -> f64, bound: Bound| {
        report.row(bar, what, unit, &over(figure), bound);
    };
    let flooded = |round: &Round| percentile(&round.flood.latencies, 0.99);
    row(2, "p99 of those answered", "ms", &flooded, Bound::None);
    let well = |round: &Round| percentile(&round.well.latencies, 0.99);
    row(2, "p99 at 70 % of what it can take", "ms", &well, Bound::None);
    let recovered =
        |round: &Round| recovery::seconds(&round.well, &round.after, RECOVERY * 2, capacity * WELL);
    let bound = Bound::AtMost(RECOVERY.as_secs_f64());
    row(
        3,
        "until p99 and rate are those of 70 % again",
        "s",
        &recovered,
        bound,
    );
    let refused = |round: &Round| round.after.errors as f64;
    row(3, "calls that failed meanwhile", "", &refused, Bound::None);
}
