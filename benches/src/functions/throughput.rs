//! Bars 2 and 3: calls per second and CPU per call, beside the physical limit and a peer.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::ORDER;
use crate::connection::post;
use crate::process::Server;
use crate::report::{Bound, Report, median};
use crate::weft::{Weft, guest_path, invoke};
use crate::wrk::{Outcome, Request, load};
use crate::{Options, open_loop, peers, plain};

const CONNECTIONS: u32 = 64;
const ADD: &str = r#"{"a":3,"b":4}"#;

/// What one round measured, all within a minute.
struct Round {
    plain_order: Outcome,
    fresh: Outcome,
    reused: Outcome,
    plain_add: Outcome,
    add: Outcome,
    plain_get: Outcome,
    http: Outcome,
    wasmtime: Outcome,
    wasmtime_reuse: Outcome,
}

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    weft.deploy("fresh", "pricing", json!({})).await?;
    weft.deploy("reused", "pricing", json!({"limits": {"reuse": 1_000_000}}))
        .await?;
    weft.deploy("add", "fixtures/arith", json!({})).await?;
    weft.deploy("hello", "hello-http", json!({})).await?;
    let plain = plain::start()?;
    let http = guest_path("hello-http");
    let wasmtime = peers::wasmtime_serve(&http, false)?;
    let wasmtime_reuse = peers::wasmtime_serve(&http, true)?;

    let on_http_port = |request: &Request| -> Result<Outcome> {
        let target = weft.api.at_port(weft.http_port);
        load(&target, request, CONNECTIONS, options.seconds)
    };
    let at = |server: &Server, request: &Request| load(&server.view(), request, CONNECTIONS, options.seconds);
    let mut rounds = Vec::new();
    // The first round warms everything and is not counted.
    for i in 0..=options.rounds {
        let round = Round {
            plain_order: at(&plain, &Request::post("/", ORDER))?,
            fresh: at(&weft.api, &Request::post(&invoke("fresh"), ORDER))?,
            reused: at(&weft.api, &Request::post(&invoke("reused"), ORDER))?,
            plain_add: at(&plain, &Request::post("/", ADD))?,
            add: at(&weft.api, &Request::post(&invoke("add"), ADD))?,
            plain_get: at(&plain, &Request::get("/"))?,
            http: on_http_port(&Request::get("/default/hello/"))?,
            wasmtime: at(&wasmtime, &Request::get("/"))?,
            wasmtime_reuse: at(&wasmtime_reuse, &Request::get("/"))?,
        };
        if i > 0 {
            rounds.push(round);
        }
    }
    drop((wasmtime, wasmtime_reuse));
    ratios(&rounds, report);
    half_of_peak(&weft, &plain, &rounds, options, report).await
}

/// A figure of a round.
type Figure = fn(&Round) -> f64;

fn ratios(rounds: &[Round], report: &mut Report) {
    let over = |f: fn(&Round) -> f64| rounds.iter().map(f).collect::<Vec<f64>>();
    let rows: [(&str, Figure); 9] = [
        ("plain hyper POST, 375 B", |r| r.plain_order.rate),
        ("typed JSON call, fresh instance", |r| r.fresh.rate),
        ("typed JSON call, reused instance", |r| r.reused.rate),
        ("plain hyper POST, 13 B", |r| r.plain_add.rate),
        ("add(u32, u32), fresh instance", |r| r.add.rate),
        ("plain hyper GET", |r| r.plain_get.rate),
        ("wasi:http hello, fresh instance", |r| r.http.rate),
        ("wasmtime serve, same component", |r| r.wasmtime.rate),
        ("wasmtime serve with instance reuse", |r| r.wasmtime_reuse.rate),
    ];
    for (what, figure) in rows {
        report.row(2, what, "/s", &over(figure), Bound::None);
    }
    let rows: [(&str, Figure, f64); 6] = [
        (
            "typed call, fresh : plain POST",
            |r| r.fresh.rate / r.plain_order.rate,
            0.42,
        ),
        (
            "typed call, reused : plain POST",
            |r| r.reused.rate / r.plain_order.rate,
            0.70,
        ),
        ("add, fresh : plain POST", |r| r.add.rate / r.plain_add.rate, 0.70),
        (
            "wasi:http, fresh : plain GET",
            |r| r.http.rate / r.plain_get.rate,
            0.33,
        ),
        (
            "wasi:http, fresh : wasmtime serve",
            |r| r.http.rate / r.wasmtime.rate,
            8.0,
        ),
        (
            "wasi:http, fresh : wasmtime serve with reuse",
            |r| r.http.rate / r.wasmtime_reuse.rate,
            1.15,
        ),
    ];
    for (what, figure, bound) in rows {
        report.row(2, what, "×", &over(figure), Bound::AtLeast(bound));
    }
    let extra = over(|r| r.fresh.cpu_micros - r.plain_order.cpu_micros);
    report.row(
        3,
        "CPU per plain hyper POST",
        "µs",
        &over(|r| r.plain_order.cpu_micros),
        Bound::None,
    );
    report.row(
        3,
        "CPU per typed JSON call, fresh",
        "µs",
        &over(|r| r.fresh.cpu_micros),
        Bound::None,
    );
    report.row(
        3,
        "CPU per typed JSON call, fresh, above plain hyper",
        "µs",
        &extra,
        Bound::AtMost(18.0),
    );
}

/// At half of the rate that calls reach at most, beside what a plain server makes of the same requests at the same rate: what
/// the machine and the load's own timers add is in both.
async fn half_of_peak(
    weft: &Weft,
    plain: &Server,
    rounds: &[Round],
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let peak = median(&rounds.iter().map(|r| r.fresh.rate).collect::<Vec<_>>());
    let request = |path: &str| post(path, "application/json", ORDER.as_bytes());
    let (mut of_plain, mut of_weft) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let duration = Duration::from_secs(options.seconds);
        let at = async |port, path: &str| -> Result<f64> {
            let outcome = open_loop::load(port, request(path), CONNECTIONS, peak / 2.0, duration).await?;
            let errors = outcome.errors;
            anyhow::ensure!(errors == 0, "{errors} errors at half of peak load");
            Ok(outcome.percentile(0.99))
        };
        of_plain.push(at(plain.port, "/").await?);
        of_weft.push(at(weft.api.port, &invoke("fresh")).await?);
    }
    let row = "p99 of plain hyper at that rate";
    report.row(3, "p99 at half of peak load", "ms", &of_weft, Bound::AtMost(3.0));
    report.row(3, row, "ms", &of_plain, Bound::None);
    Ok(())
}
