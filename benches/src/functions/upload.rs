//! Bar 5: from an upload to the first answer, and calls beside large compiles.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::ORDER;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report};
use crate::weft::{Weft, distinct, invoke, read_guest};
use crate::{Options, open_loop, peers};

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    first_answer(&weft, options, report).await?;
    beside_compiles(&weft, options, report).await
}

async fn first_answer(weft: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    let code = read_guest("fixtures/echo")?;
    let mut elapsed = Vec::new();
    for i in 0..=options.rounds as u64 {
        let name = format!("first-{i}");
        let code = distinct(&code, i);
        let mut connection = Connection::open(weft.api.port).await?;
        let started = Instant::now();
        weft.put(&name, code).await?;
        connection
            .send(&post(
                &format!("{}?export=bytes", invoke(&name)),
                "application/octet-stream",
                b"first",
            ))
            .await?
            .ok()?;
        if i > 0 {
            elapsed.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let what = format!(
        "upload of a {} KB component to its first answer",
        code.len() / 1000
    );
    report.row(5, &what, "ms", &elapsed, Bound::AtMost(150.0));
    Ok(())
}

async fn beside_compiles(weft: &Weft, options: &Options, report: &mut Report) -> Result<()> {
    let guest = std::fs::read(peers::python_guest()?)?;
    weft.deploy("running", "pricing", json!({})).await?;
    let request = post(&invoke("running"), "application/json", ORDER.as_bytes());
    let mut p99 = Vec::new();
    for round in 0..options.rounds as u64 {
        let uploads = (0..8).map(|i| {
            let code = distinct(&guest, 1000 + round * 8 + i);
            let name = format!("large-{round}-{i}");
            async move { weft.put(&name, code).await }
        });
        let load = open_loop::load_beside(weft.api.port, request.clone(), 16, 2000.0, all(uploads)).await?;
        anyhow::ensure!(load.errors == 0, "{} errors beside compiles", load.errors);
        p99.push(load.percentile(0.99));
    }
    let what = format!(
        "p99 of running calls beside 8 compiles of {} MB guests",
        guest.len() / 1_000_000
    );
    report.row(5, &what, "ms", &p99, Bound::AtMost(10.0));
    Ok(())
}

async fn all(futures: impl Iterator<Item = impl Future<Output = Result<()>>>) -> Result<()> {
    futures_util::future::try_join_all(futures).await.map(|_| ())
}
